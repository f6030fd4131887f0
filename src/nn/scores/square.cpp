#include "ladder/nn/score.h"

namespace ladder::nn {

// EA without its saturation: what z² alone does.
struct Square {
  static constexpr const char* name = "square";
  static constexpr const char* formula = "z^2, divided by the row's sum";
  static constexpr const char* source = "the limit of ea for small z";
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

static const Registered<Score> registered(make_score<Square>());

}  // namespace ladder::nn
