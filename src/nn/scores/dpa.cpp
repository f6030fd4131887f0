#include <cmath>

#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

struct DotProduct {
  static constexpr Normaliser normaliser = softmax_rows;

  template <class V>
  [[gnu::always_inline]] static V weight(V z) {
    return simd::exp(z);
  }
  template <class V>
  static V slope(V, V w) {
    return w;
  }
};

const Registered<Score> registered({
    {.name = "dpa",
     .rule = "exp(z), softmax over the row",
     .source = "Vaswani et al., arXiv:1706.03762"},
    score_form<DotProduct>(),
    plain_weight([](double z, double) { return std::exp(z); }, 0),
});

}  // namespace
}  // namespace ladder::nn
