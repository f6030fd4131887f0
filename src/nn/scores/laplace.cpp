#include <cmath>

#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

// erfc(x) = t exp(-x² + polynomial of t), t = 1 / (1 + x/2), for x >= 0, to a relative error of
// 1.2e-7   Press et al., Numerical Recipes, section 6.2
simd::Vec<float> erfc(simd::Vec<float> x) {
  const auto y = simd::max(x, -x);
  const auto t = simd::reciprocal(1 + y * 0.5f);
  simd::Vec<float> p = t * 0.17087277f - 0.82215223f;
  for (const float c : {1.48851587f, -1.13520398f, 0.27886807f, -0.18628806f, 0.09678418f, 0.37409196f,
                        1.00002368f, -1.26551223f})
    p = p * t + c;
  const auto tail = t * simd::exp(p - y * y);
  return simd::select(x < 0, 2 - tail, tail);
}

// For checks of gradients only.
simd::Vec<double> erfc(simd::Vec<double> x) {
  for (int i = 0; i < simd::lanes<double>; ++i) x[i] = std::erfc(x[i]);
  return x;
}

struct Laplace {
  static constexpr Normaliser normaliser = divide_by_sum;

  // 1 + erf would lose all digits far below 0; erfc does not.
  template <class V>
  static V weight(V z) {
    return erfc(-scaled(z)) * half<V>;
  }
  template <class V>
  static V slope(V z, V) {
    const V x = scaled(z);
    return simd::exp(-(x * x)) * static_cast<Lane<V>>(1.4142135623730951);
  }

 private:
  template <class V>
  using Lane = std::remove_cvref_t<decltype(std::declval<V>()[0])>;
  template <class V>
  static constexpr Lane<V> half = static_cast<Lane<V>>(0.5);
  template <class V>
  static V scaled(V z) {  // (z - sqrt(1/2)) / (sigma sqrt 2), sigma = sqrt(1 / (4 pi))
    return (z - static_cast<Lane<V>>(0.70710678118654752)) * static_cast<Lane<V>>(2.5066282746310002);
  }
};

const Registered<Score> registered({
    {.name = "laplace",
     .rule = "(1 + erf((z - sqrt(1/2)) / (sigma sqrt 2))) / 2, sigma^2 = 1/(4 pi), divided by the row's sum",
     .source = "Ma et al., arXiv:2209.10655"},
    score_form<Laplace>(),
});

}  // namespace
}  // namespace ladder::nn
