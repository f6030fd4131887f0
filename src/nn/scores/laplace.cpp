#include <cmath>

#include "ladder/nn/score_form.h"
#include "ladder/tensor/kernels/erfc.h"

namespace ladder::nn {
namespace {

// With x = (z - √½) / (σ√2), σ = √(1/4π): w = erfc(-x) / 2, which keeps its digits far below 0.
struct Laplace {
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V>
  [[gnu::always_inline]] static V weight(V z) {
    const V x = argument(z);
    return 0.5f * simd::erfc(-x, simd::gauss(x));  // the slope's, too: compilers compute it once
  }
  template <class V>
  [[gnu::always_inline]] static V slope(V z, V) {
    return static_cast<decltype(z[0] + z[0])>(1.4142135623730951) * simd::gauss(argument(z));
  }

 private:
  template <class V>
  [[gnu::always_inline]] static V argument(V z) {
    using T = decltype(z[0] + z[0]);
    // √2π and -√π
    return simd::fma(z, static_cast<T>(2.5066282746310002), V{} - static_cast<T>(1.7724538509055161));
  }
};

const Registered<Score> registered({
    {.name = "laplace",
     .rule = "(1 + erf((z - sqrt(1/2)) sqrt(2 pi))) / 2, divided by the row's sum",
     .source = "Ma et al., arXiv:2209.10655, there not normalised"},
    score_form<Laplace>(),
    plain_weight([](double z, double) { return std::erfc((std::sqrt(0.5) - z) * std::sqrt(2 * M_PI)) / 2; }),
});

}  // namespace
}  // namespace ladder::nn
