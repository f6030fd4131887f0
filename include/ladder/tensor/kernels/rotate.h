// Rotary positions: of a head's row, entries d and d + size/2 are rotated by an angle each.
#pragma once

#include "ladder/tensor/kernels/elementwise.h"

namespace ladder::tensor {

// to = from [size], rotated by sign · the angles of these cosines and sines [size/2]; null: not at all.
//   (a, b) -> (a cos - b sin, b cos + a sin)
template <class T>
inline void copy_rotated(const T* from, T* to, int size, const T* cosine, const T* sine, T sign, Write mode) {
  if (!cosine) {
    for_each_vector<T>(size, [&](auto at) { write(at, to, at.load(from), mode); });
    return;
  }
  const int half = size / 2;
  for_each_vector<T>(half, [&](auto at) {
    const simd::Vec<T> a = at.load(from), b = at.load(from + half), s = sign * at.load(sine);
    write(at, to, simd::fma(a, at.load(cosine), -(b * s)), mode);
    write(at, to + half, simd::fma(b, at.load(cosine), a * s), mode);
  });
}

}  // namespace ladder::tensor
