#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

struct Softmax1 {
  static constexpr Normaliser normaliser{.subtract_maximum = true, .divide_by_sum = true,
                                         .epsilon = 0, .one_more = true};

  template <class V>
  static V weight(V z) {
    return simd::exp(z);
  }
  template <class V>
  static V slope(V, V w) {
    return w;
  }
};

const Registered<Score> registered({
    {.name = "softmax1",
     .rule = "exp(z), divided by 1 + the row's sum",
     .source = "Miller 2023, Attention is off by one"},
    score_form<Softmax1>(),
});

}  // namespace
}  // namespace ladder::nn
