#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

struct Relu2 {
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V>
  static V weight(V z) {
    const V positive = simd::max(z, V{});
    return positive * positive;
  }
  template <class V>
  static V slope(V z, V) {
    return 2 * simd::max(z, V{});
  }
};

const Registered<Score> registered({
    {.name = "relu2",
     .rule = "max(z, 0)^2, divided by the row's sum; a row without any is 0",
     .source = "Hua et al., arXiv:2202.10447, there divided by the context"},
    score_form<Relu2>(),
    plain_weight([](double z, double) { return z > 0 ? z * z : 0; }),
});

}  // namespace
}  // namespace ladder::nn
