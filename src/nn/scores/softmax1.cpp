#include <cmath>

#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

struct Softmax1 {
  static constexpr Normaliser normaliser = softmax_with_rest;

  template <class V>
  [[gnu::always_inline]] static V weight(V z) {
    return simd::exp(z);
  }
  template <class V>
  [[gnu::always_inline]] static V slope(V, V w) {
    return w;
  }
};

const Registered<Score> registered({
    {.name = "softmax1",
     .rule = "exp(z), divided by 1 + the row's sum",
     .source = "Miller, Attention is off by one, 2023"},
    score_form<Softmax1>(),
    plain_weight([](double z, double) { return std::exp(z); }, 1),
});

}  // namespace
}  // namespace ladder::nn
