// A score of one's own.
#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

struct Wide {  // saturates at twice the z of ea
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V>
  static V weight(V z) {  // V: a vector of floats or doubles, used like a number
    return z * z / (4 + z * z);
  }
  template <class V>
  static V slope(V z, V) {  // d weight / dz = 8z / (4 + z²)²
    const V r = 1 / (4 + z * z);
    return 8 * z * r * r;
  }
};

const Registered<Score> registered({
    {.name = "wide", .rule = "z^2 / (4 + z^2), divided by the row's sum", .source = "README example"},
    score_form<Wide>(),
    plain_weight([](double z, double) { return z * z / (4 + z * z); }),  // what is checked against
});

}  // namespace
}  // namespace ladder::nn
