#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

struct Taylor2 {
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V>
  [[gnu::always_inline]] static V weight(V z) {  // at least 1/2
    return simd::fma(z, simd::fma(z, V{} + 0.5f, V{} + 1), V{} + 1);
  }
  template <class V>
  [[gnu::always_inline]] static V slope(V z, V) {
    return 1 + z;
  }
};

const Registered<Score> registered({
    {.name = "taylor2",
     .rule = "1 + z + z^2/2, divided by the row's sum",
     .source = "Arora et al., arXiv:2402.18668"},
    score_form<Taylor2>(),
    plain_weight([](double z, double) { return 1 + z + z * z / 2; }),
});

}  // namespace
}  // namespace ladder::nn
