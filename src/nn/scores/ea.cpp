#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

struct Expressive {
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V>
  [[gnu::always_inline]] static V weight(V z) {
    const V r = simd::reciprocal(1 + z * z);
    return z * z * r;
  }
  template <class V>
  [[gnu::always_inline]] static V slope(V z, V) {  // 2z / (1 + z²)²
    const V r = simd::reciprocal(1 + z * z);
    return 2 * z * r * r;
  }
};

const Registered<Score> registered({
    {.name = "ea",
     .rule = "z^2 / (1 + z^2), divided by the row's sum",
     .source = "Gros, arXiv:2407.18601"},
    score_form<Expressive>(),
    plain_weight([](double z, double) { return z * z / (1 + z * z); }),
});

}  // namespace
}  // namespace ladder::nn
