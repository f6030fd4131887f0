#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

// The exponential up to its second order; never below 1/2.
struct Taylor2 {
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V>
  static V weight(V z) {
    return 1 + z + z * z / 2;
  }
  template <class V>
  static V slope(V z, V) {
    return 1 + z;
  }
};

const Registered<Score> registered({
    {.name = "taylor2",
     .rule = "1 + z + z^2 / 2, divided by the row's sum",
     .source = "Keles et al., arXiv:2209.04881"},
    score_form<Taylor2>(),
});

}  // namespace
}  // namespace ladder::nn
