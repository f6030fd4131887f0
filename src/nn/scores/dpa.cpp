#include "ladder/nn/score.h"

namespace ladder::nn {

struct DotProduct {
  static constexpr const char* name = "dpa";
  static constexpr const char* formula = "exp(z), softmax over the row";
  static constexpr const char* source = "Vaswani et al., arXiv:1706.03762";
  static constexpr Normaliser normaliser = softmax_rows;

  template <class V>
  static V weight(V z) {
    return simd::exp(z);
  }
  template <class V>
  static V slope(V, V w) {
    return w;
  }
};

static const Registered<Score> registered(make_score<DotProduct>());

}  // namespace ladder::nn
