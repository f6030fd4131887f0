// Loops over the elements of a row or a tensor, a vector at a time: the operation is a lambda that
// is inlined, so a fused formula costs one pass over memory.
//
//   for_each_vector<T>(n, [&](auto at) { at.store(y, at.load(x) * factor); });
//
// `at` is a whole vector's place, or the partial one at the end, whose missing lanes load as 0.
#pragma once

#include <array>
#include <cstddef>

#include "ladder/tensor/kernels/matmul.h"  // Write
#include "ladder/tensor/kernels/simd.h"

namespace ladder::tensor {

template <class T>
struct WholeVector {
  std::size_t index;
  simd::Vec<T> load(const T* p) const { return simd::load(p + index); }
  void store(T* p, simd::Vec<T> v) const { simd::store(p + index, v); }
};

template <class T>
struct PartialVector {
  std::size_t index;
  int count;
  simd::Vec<T> load(const T* p) const { return simd::load_partial(p + index, count); }
  void store(T* p, simd::Vec<T> v) const { simd::store_partial(p + index, v, count); }
};

template <class T, class F>
inline void for_each_vector(std::size_t n, F&& f) {
  std::size_t i = 0;
  for (; i + simd::lanes<T> <= n; i += simd::lanes<T>) f(WholeVector<T>{i});
  if (i < n) f(PartialVector<T>{i, static_cast<int>(n - i)});
}

// y = v or y += v at one place.
template <class T, class At>
inline void write(At at, T* y, simd::Vec<T> v, Write mode) {
  at.store(y, mode == Write::replace ? v : at.load(y) + v);
}

// `count` sums over n elements: f(at, sums) adds its part to sums[0 .. count-1], lane by lane, and
// nothing to lanes that do not exist. Vectors take turns on reduction_lanes partial sums, which are
// then added as a tree: the order is the same for vectors of any width.
template <class T, int count, class F>
inline std::array<T, count> sums_of(std::size_t n, F&& f) {
  constexpr int lanes = simd::lanes<T>, parts = simd::reduction_lanes<T> / lanes;
  using Sums = std::array<simd::Vec<T>, count>;
  Sums sums[parts] = {};
  std::size_t i = 0;
  for (; i + parts * lanes <= n; i += parts * lanes)
#pragma GCC unroll 4
    for (int part = 0; part < parts; ++part) f(WholeVector<T>{i + part * lanes}, sums[part]);
#pragma GCC unroll 4
  for (int part = 0; part < parts; ++part, i += lanes) {
    if (i + lanes <= n) f(WholeVector<T>{i}, sums[part]);
    else if (i < n) f(PartialVector<T>{i, static_cast<int>(n - i)}, sums[part]);
  }
  std::array<T, count> result;
  for (int c = 0; c < count; ++c) {
    for (int half = parts / 2; half > 0; half /= 2)
      for (int part = 0; part < half; ++part) sums[part][c] += sums[part + half][c];
    result[c] = simd::sum(sums[0][c]);
  }
  return result;
}

// One such sum: f(at, sum) returns the sum with its part.
template <class T, class F>
inline T sum_of(std::size_t n, F&& f) {
  return sums_of<T, 1>(n, [&](auto at, auto& sums) { sums[0] = f(at, sums[0]); })[0];
}

}  // namespace ladder::tensor
