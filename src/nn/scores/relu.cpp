#include <algorithm>

#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

struct Relu {
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V>
  static V weight(V z) {
    return simd::max(z, V{});
  }
  template <class V>
  static V slope(V z, V) {
    return simd::select(z > V{}, V{} + 1, V{});
  }
};

const Registered<Score> registered({
    {.name = "relu",
     .rule = "max(z, 0), divided by the row's sum; a row without any is 0",
     .source = "Wortsman et al., arXiv:2309.08586, there divided by the context"},
    score_form<Relu>(),
    plain_weight([](double z, double) { return std::max(z, 0.0); }),
});

}  // namespace
}  // namespace ladder::nn
