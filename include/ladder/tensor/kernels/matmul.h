// Matrix product on strided views: C[m,n] = A[m,k] * B[k,n], for float and double.
//
// All three forms of training are fast: y = x W^T (b transposed), dx = dy W, dW += dy^T x
// (a transposed). Any size may be zero; k = 0 writes the bias (or zero, or leaves C as it is).
//
// Each element of C is one chain of fused multiply-adds over k = 0, 1, 2, ..., which starts at
// (C if accumulating, else 0) + bias. It does not depend on m, n or the place of the element, so a
// row has the same bits in a batch of any size.
//
// One call uses one thread; calls from several threads at once are safe, each has its own buffer.
// C must not overlap A, B or the bias. Throws std::bad_alloc when the buffer cannot grow.
#pragma once

#include <cstddef>

namespace ladder::tensor {

// A strided view of a matrix: element (i, j) is data[i * row_stride + j * col_stride].
template <class T>
struct Strided {
  const T* data;
  std::ptrdiff_t row_stride, col_stride;

  Strided transposed() const { return {data, col_stride, row_stride}; }
  Strided at(std::ptrdiff_t i, std::ptrdiff_t j) const {
    return {data + i * row_stride + j * col_stride, row_stride, col_stride};
  }
};

enum class Write { replace, accumulate };  // C = A B (+ bias) or C += A B (+ bias)

// c has row stride ldc >= n and contiguous columns; bias, if any, has n elements.
template <class T>
void matmul(int m, int n, int k, Strided<T> a, Strided<T> b, T* c, std::ptrdiff_t ldc,
            Write write = Write::replace, const T* bias = nullptr);

// A matrix B[k,n] as matmul reads it: for one that serves several products. `data` has
// packed_size(k, n) elements.
template <class T>
struct Packed {
  T* data;
};
template <class T>
std::size_t packed_size(int k, int n);
template <class T>
void pack(int k, int n, Strided<T> b, Packed<T> to);
template <class T>
void matmul(int m, int n, int k, Strided<T> a, Packed<T> b, T* c, std::ptrdiff_t ldc,
            Write write = Write::replace, const T* bias = nullptr);

extern template void matmul(int, int, int, Strided<float>, Strided<float>, float*, std::ptrdiff_t,
                            Write, const float*);
extern template void matmul(int, int, int, Strided<double>, Strided<double>, double*,
                            std::ptrdiff_t, Write, const double*);
extern template void matmul(int, int, int, Strided<float>, Packed<float>, float*, std::ptrdiff_t,
                            Write, const float*);
extern template void matmul(int, int, int, Strided<double>, Packed<double>, double*,
                            std::ptrdiff_t, Write, const double*);

}  // namespace ladder::tensor
