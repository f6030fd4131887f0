#include "ladder/nn/score.h"

namespace ladder::nn {

struct Expressive {
  static constexpr const char* name = "ea";
  static constexpr const char* formula = "z^2 / (1 + z^2), divided by the row's sum";
  static constexpr const char* source = "Gros, arXiv:2407.18601";
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V>
  static V weight(V z) {
    const V r = simd::reciprocal(1 + z * z);
    return z * z * r;
  }
  template <class V>
  static V slope(V z, V) {  // 2z / (1 + z²)²
    const V r = simd::reciprocal(1 + z * z);
    return 2 * z * r * r;
  }
};

static const Registered<Score> registered(make_score<Expressive>());

}  // namespace ladder::nn
