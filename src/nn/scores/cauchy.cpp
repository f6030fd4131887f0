#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

struct Cauchy {
  static constexpr Normaliser normaliser = divide_by_sum;
  static constexpr bool of_distance = true, decays = false;

  template <class V>
  [[gnu::always_inline]] static V weight(V distance) {
    return simd::reciprocal(1 + distance);
  }
  template <class V>
  [[gnu::always_inline]] static V slope(V, V w) {
    return -(w * w);
  }
};

const Registered<Score> registered({
    {.name = "cauchy",
     .rule = "1 / (1 + |query - key|^2), divided by the row's sum",
     .source = "Zeng et al., arXiv:2501.14577, there with a learned number for 1"},
    score_form<Cauchy>(),
    plain_weight([](double z, double) { return 1 / (1 + z); }),
});

}  // namespace
}  // namespace ladder::nn
