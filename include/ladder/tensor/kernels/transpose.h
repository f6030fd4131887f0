// Transposition in registers, by blocks of lanes x lanes.
#pragma once

#include <utility>

#include "ladder/tensor/kernels/matmul.h"  // Strided
#include "ladder/tensor/kernels/simd.h"

namespace ladder::tensor {
namespace detail {

// In each 2x2 arrangement of distance x distance blocks the two off the diagonal change places.
template <int distance, class V, int... i>
inline void exchange(V& upper, V& lower, std::integer_sequence<int, i...>) {
  constexpr int n = sizeof...(i);
  const V u = __builtin_shufflevector(upper, lower, (i & distance ? n + (i ^ distance) : i)...);
  lower = __builtin_shufflevector(upper, lower, (i & distance ? n + i : (i ^ distance))...);
  upper = u;
}

}  // namespace detail

// The n vectors of n lanes become their transpose.
template <int distance, int n, class V>
[[gnu::always_inline]] inline void transpose_block(V (&x)[n]) {
  if constexpr (distance > 0) {
#pragma GCC unroll 16
    for (int i = 0; i < n; ++i)
      if (!(i & distance))
        detail::exchange<distance>(x[i], x[i + distance], std::make_integer_sequence<int, n>{});
    transpose_block<distance / 2>(x);
  }
}

// to[j * ldt + i] = factor · from[i * ldf + j] for i < m, j < n.
template <class T>
inline void transpose(int m, int n, const T* from, std::ptrdiff_t ldf, T factor, T* to,
                      std::ptrdiff_t ldt) {
  using Block = simd::HalfVec<T>;  // heads are often as narrow as half a vector
  constexpr int size = sizeof(Block) / sizeof(T);
  const int whole_m = m / size * size, whole_n = n / size * size;
  for (int i = 0; i < whole_m; i += size)
    for (int j = 0; j < whole_n; j += size) {
      Block x[size];
#pragma GCC unroll 16
      for (int r = 0; r < size; ++r) x[r] = factor * simd::load<T, Block>(from + (i + r) * ldf + j);
      transpose_block<size / 2>(x);
#pragma GCC unroll 16
      for (int r = 0; r < size; ++r) simd::store<T, Block>(to + (j + r) * ldt + i, x[r]);
    }
  for (int j = 0; j < n; ++j)
    for (int i = j < whole_n ? whole_m : 0; i < m; ++i) to[j * ldt + i] = factor * from[i * ldf + j];
}

}  // namespace ladder::tensor
