#include "ladder/base/math.h"
#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

struct Sigmoid {
  static constexpr Normaliser normaliser = unnormalised;

  template <class V, class T>
  static V weight(V z, T shift) {
    return 1 / (1 + simd::exp(shift - z));
  }
  template <class V, class T>
  static V slope(V, V w, T) {
    return w * (1 - w);
  }
};

ScoreForm form() {
  ScoreForm form = score_form<Sigmoid>();
  form.parameter = [](const Settings&, int context) { return math::log(context); };
  return form;
}

const Registered<Score> registered({
    {.name = "sigmoid",
     .rule = "1 / (1 + exp(log context - z)), not divided",
     .source = "Ramapuram et al., arXiv:2409.04431"},
    form(),
});

}  // namespace
}  // namespace ladder::nn
