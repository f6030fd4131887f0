#include <cmath>

#include "ladder/base/math.h"
#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

struct Sigmoid {
  static constexpr Normaliser normaliser = unnormalised;

  template <class V, class T>
  [[gnu::always_inline]] static V weight(V z, T log_context) {
    // exp of at most 80: below, the weight is less than 2e-35, and 1 + e^80 is of normal size; of -80
    // at least: 1 + e^-80 is 1
    const V x = -simd::max(z - log_context, V{} - 80);
    return simd::reciprocal(1 + simd::bounded_exp(simd::max(x, V{} - 80)));
  }
  template <class V, class T>
  static V slope(V, V w, T) {
    return w * (1 - w);
  }
};

const Registered<Score> registered({
    {.name = "sigmoid",
     .rule = "1 / (1 + exp(-(z - log context))), not normalised",
     .source = "Ramapuram et al., arXiv:2409.04431"},
    score_form<Sigmoid>([](const Settings&, int context) { return math::log(context); }),
    plain_weight([](double z, double log_context) { return 1 / (1 + std::exp(log_context - z)); }, -1),
});

}  // namespace
}  // namespace ladder::nn
