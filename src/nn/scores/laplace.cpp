#include <cmath>

#include "ladder/nn/score_form.h"
#include "ladder/tensor/kernels/gauss.h"

namespace ladder::nn {
namespace {

// w = ½ erfc(-t) with t = √2π (z - √½), which keeps its digits far below 0; gauss wants t √log2(e).
struct Laplace {
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V>
  [[gnu::always_inline]] static V weight(V z) {
    const V x = argument(z);
    return simd::gauss_below(x, simd::gauss(x));  // the slope's, too: compilers compute it once
  }
  template <class V>
  [[gnu::always_inline]] static V slope(V z, V) {
    return static_cast<decltype(z[0] + z[0])>(1.4142135623730951) * simd::gauss(argument(z));
  }

 private:
  template <class V>
  [[gnu::always_inline]] static V argument(V z) {
    using T = decltype(z[0] + z[0]);
    // √(2π / ln2) and -√(π / ln2)
    return simd::fma(z, static_cast<T>(3.0107673911570099), V{} - static_cast<T>(2.1289340388624524));
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
