// The bell curve 2^(-x²), which is e^(-t²) with x = t √log2(e), and the share of its area that lies
// below x, ½ erfc(-t): vectors of our own, no table, no branch, the same bits everywhere. To base 2
// -x² falls into a whole number and a rest without any rounding.
//
// Relative errors, also where the share is tiny (tests/tensor/gauss_test.cpp asserts them):
//   float   both 1e-6, as long as the result is of normal size; 0 for smaller ones
//   double  both 4e-13: only gradient checks use it
#pragma once

#include "ladder/tensor/kernels/simd.h"

namespace ladder::simd {
namespace detail {

// The share below -y, times 2^(y²), as a quotient of polynomials, from y = 0 to `end`, where 2^(-y²) is
// 0. Least squares in relative terms with weights that level the error out, with 50 digits: 3.5e-7 and
// 2.8e-15 at most. No coefficient is negative, so nothing cancels.
template <class T>
struct Tail;

template <>
struct Tail<float> {
  static constexpr float end = 11.28f;
  static constexpr float above[] = {2.752487759e-02f, 1.646270877e-01f, 4.245916956e-01f, 4.999998248e-01f};
  static constexpr float below[] = {8.124543183e-02f, 4.855181061e-01f, 1.316578631e+00f, 1.788600051e+00f,
                                    1.0f};
};

template <>
struct Tail<double> {
  static constexpr double end = 33.7;
  static constexpr double above[] = {
      3.0226451311073046e-05, 5.8646559153289012e-04, 5.5528534840088364e-03,
      3.2937519489665654e-02, 1.3280716565840325e-01, 3.7187234849304583e-01,
      7.0827487480544360e-01, 8.4739554623465477e-01, 5.0000000000000141e-01};
  static constexpr double below[] = {
      8.9208209973687980e-05, 1.7308530568374782e-03, 1.6452649012229506e-02, 9.8458012810184971e-02,
      4.0368645454279824e-01, 1.1658390517075745e+00, 2.3563585007839372e+00, 3.1980949015178078e+00,
      2.6342283711695238e+00, 1.0};
};

template <class V, class T, int n>
[[gnu::always_inline]] inline V polynomial(V x, const T (&coefficients)[n]) {
  V sum = V{} + coefficients[0];
  for (int i = 1; i < n; ++i) sum = fma(sum, x, V{} + coefficients[i]);
  return sum;
}

// |x|, at most where the tail ends.
template <class V>
[[gnu::always_inline]] inline V size_in_tail(V x) {
  const V y = absolute(x), end = V{} + Tail<Lane<V>>::end;
  return select(y > end, end, y);
}

}  // namespace detail

[[gnu::always_inline]] inline Vec<float> gauss(Vec<float> x) {
  // 2^r for |r| <= 1/2, within 1e-7
  static constexpr float power[] = {1.3264732624e-3f, 9.6715125805e-3f, 5.5507337271e-2f,
                                    2.4022242087e-1f, 6.9314697761e-1f, 1.0f};
  const Vec<float> y = detail::size_in_tail(x);
  const Vec<float> magic = broadcast(detail::rounding);
  const Vec<float> shifted = magic - y * y, n = shifted - magic, r = fma(-y, y, -n);
  // 0 for n = -127, at the end
  return detail::polynomial(r, power) * detail::power_of_two(detail::bits(shifted) - detail::bits(magic));
}
[[gnu::always_inline]] inline Vec<double> gauss(Vec<double> x) {
  constexpr double ln2 = 0.69314718055994531;
  const Vec<double> y = detail::size_in_tail(x), square = y * y;
  return exp(-ln2 * square) * (1 - ln2 * fma(y, y, -square));  // y² is rounded
}

// The share of the area below x, given gauss(x).
template <class V>
[[gnu::always_inline]] inline V gauss_below(V x, V gauss_of_x) {
  using Tail = detail::Tail<detail::Lane<V>>;
  const V y = detail::size_in_tail(x);
  const V share = gauss_of_x * detail::polynomial(y, Tail::above) * reciprocal(detail::polynomial(y, Tail::below));
  return select(x > V{}, 1 - share, share);
}

}  // namespace ladder::simd
