#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

// EA without its saturation: what z² alone does.
struct Square {
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V>
  static V weight(V z) {
    return z * z;
  }
  template <class V>
  static V slope(V z, V) {
    return 2 * z;
  }
};

const Registered<Score> registered({
    {.name = "square",
     .rule = "z^2, divided by the row's sum",
     .source = "the limit of ea for small z"},
    score_form<Square>(),
    plain_weight([](double z, double) { return z * z; }),
});

}  // namespace
}  // namespace ladder::nn
