// Loops over the elements of a row or a tensor, a vector at a time: the operation is a lambda that
// is inlined, so a fused formula costs one pass over memory.
//
//   for_each_vector<T>(n, [&](auto at) { at.store(y, at.load(x) * factor); });
//
// `at` is a whole vector's place, or the partial one at the end, whose missing lanes load as 0.
#pragma once

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

// Sum over f(at), in a fixed order. f must give 0 in lanes that do not exist.
template <class T, class F>
inline T sum_of(std::size_t n, F&& f) {
  simd::Vec<T> total{};
  for_each_vector<T>(n, [&](auto at) { total += f(at); });
  return simd::sum(total);
}

}  // namespace ladder::tensor
