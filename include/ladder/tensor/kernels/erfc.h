// e^(-x²) and erfc(x) = 1 - erf(x), vectors of our own: no table, no branch, the same bits everywhere.
//
// Relative errors, also where erfc is tiny (tests/tensor/erfc_test.cpp asserts them):
//   float   gauss 1e-6, erfc 1e-6, as long as the result is of normal size; 0 for smaller ones
//   double  both 4e-14: only gradient checks use it
#pragma once

#include "ladder/tensor/kernels/simd.h"

namespace ladder::simd {
namespace detail {

// erfc(y) e^(y²) / t with t = 3 / (3 + y), as a polynomial in s, which runs from -1 to 1 while y runs
// from `end`, where erfc underflows, to 0. Interpolated in Chebyshev nodes, with 50 digits.
template <class T>
struct Erfc;

template <>
struct Erfc<float> {
  static constexpr float end = 10.5f;
  static constexpr float coefficients[] = {
      1.156694848e-05f, 7.551213420e-06f, -1.934855491e-04f, -4.713900958e-04f, 2.069970616e-03f,
      1.795594214e-02f, 6.734909847e-02f, 1.684724353e-01f, 3.104060767e-01f, 4.343922359e-01f};
};

template <>
struct Erfc<double> {
  static constexpr double end = 28;
  static constexpr double coefficients[] = {
      -6.3209614728310943e-12, -5.4603281282197563e-11, 1.5222840444709379e-10,
      5.0616801603610521e-10, -1.7146742775195636e-09, -2.0234875173740020e-09,
      1.3740170193918266e-08, -1.9192046793409170e-10, -9.5125059559810483e-08,
      8.0927317495430344e-08, 6.5297903195366010e-07, -9.4379130226519571e-07,
      -5.0524526826191375e-06, 7.9322377670265430e-06, 4.8287735694543535e-05,
      -3.9447772592593989e-05, -5.4838503716168538e-04, -6.1330759671547380e-04,
      5.1101598503873503e-03, 2.9337551840629125e-02, 8.8231692984709148e-02,
      1.8690947387380275e-01, 3.0312258341190373e-01, 3.8843880552671095e-01};
};

template <class V>
inline V smaller(V x, Lane<V> bound) {
  return select(x > V{} + bound, V{} + bound, x);
}
template <class V>
inline V absolute(V x) {
  return select(x < V{}, -x, x);
}

}  // namespace detail

template <class V>
[[gnu::always_inline]] inline V gauss(V x) {
  const V y = detail::smaller(detail::absolute(x), detail::Erfc<detail::Lane<V>>::end);
  const V square = y * y, rest = fma(y, y, -square);  // of the rounding of y², which is large in e^y²
  return exp(-square) * (1 - rest);
}

// Given e^(-x²), for those who need both.
template <class V>
[[gnu::always_inline]] inline V erfc(V x, V gauss_of_x) {
  using T = detail::Lane<V>;
  using Fit = detail::Erfc<T>;
  constexpr T first = 3 / (3 + Fit::end);  // t runs from here to 1
  const V y = detail::smaller(detail::absolute(x), Fit::end);
  const V t = 3 * reciprocal(3 + y);
  const V s = fma(t, V{} + 2 / (1 - first), V{} - (1 + first) / (1 - first));
  V polynomial{};
  for (const T c : Fit::coefficients) polynomial = fma(polynomial, s, V{} + c);
  const V result = gauss_of_x * t * polynomial;
  return select(x < V{}, 2 - result, result);
}
template <class V>
[[gnu::always_inline]] inline V erfc(V x) {
  return erfc(x, gauss(x));
}

}  // namespace ladder::simd
