// Products of small matrices in cache, such as attention's own: nothing is packed. They are compiled
// once, in panel.cpp, for float and double. The chain of each element is that of matmul.h, so all
// give the same bits.
#pragma once

#include <cstddef>

#include "ladder/tensor/kernels/matmul.h"
#include "ladder/tensor/kernels/simd.h"

namespace ladder::tensor {
namespace panel {

// What a step adds to a chain, of an element of A and one of B.
struct Product {
  template <class X, class Vector>
  [[gnu::always_inline]] static inline Vector add(X a, Vector b, Vector sum) {
    return simd::fma(a, b, sum);
  }
};
struct SquaredDifference {
  template <class X, class Vector>
  [[gnu::always_inline]] static inline Vector add(X a, Vector b, Vector sum) {
    const Vector difference = b - a;
    return simd::fma(difference, difference, sum);
  }
};

}  // namespace panel

// C[m, V*lanes] = A[m,k] B[k, V*lanes], or += : rows of B and C are V full vectors (V = 1 or 2) at
// ldb and ldc; A has any strides. No throw.
template <int V, class T>
void panel_multiply(int m, int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c, std::ptrdiff_t ldc,
                    Write write = Write::replace);

// C[i, j] = Σ_p (A[i,p] - B[p,j])², likewise: nothing cancels where rows are close to each other.
template <int V, class T>
void panel_distances(int m, int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c, std::ptrdiff_t ldc);

// The product for any n: C[m,n] = A[m,k] B[k,n], or +=, with contiguous columns in B and C. Nothing is
// read or written past column n. Fastest where n is a multiple of half a vector. No throw.
template <class T>
void small_multiply(int m, int n, int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c,
                    std::ptrdiff_t ldc, Write write = Write::replace);

}  // namespace ladder::tensor
