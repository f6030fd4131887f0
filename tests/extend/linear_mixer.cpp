// A mixer in linear time of one's own: it builds on the mixers' shared headers in src.
#include "nn/mixers/plain.h"
#include "nn/mixers/prefix_step.h"

namespace ladder::nn {
namespace {

struct Hinge {  // φ(x) = max(x, 0)²
  static constexpr int degree = 1;        // s = (φ(q)·φ(k))^degree
  static constexpr bool turning = false;  // as cosformer's: s times cos(π(i - j)/(2·context))
  static constexpr Divisor divisor = Divisor::plus_epsilon;

  template <class V>
  static void apply(V x, V& y, V& slope) {
    const V positive = simd::max(x, V{});
    y = positive * positive;
    slope = 2 * positive;
  }
};

// The weights of a head in plain words: what is checked against.
plain::Numbers by_words(int context, const plain::Numbers& q, const plain::Numbers& k, double scale) {
  const int e = static_cast<int>(q.size()) / context;
  return plain::divided(context, [&](int i, int j) {
    return scale * plain::product(q, i, k, j, e, [](double x) { return x > 0 ? x * x : 0; });
  }, plain::plus_epsilon);
}
const bool cases = register_prefix_sum_cases<Hinge>("hinge", by_words);

const Registered<MixerPlugin> registered(mixer<PrefixSumMixer<Hinge>>(
    {.name = "hinge",
     .rule = "s_ij = max(q_i, 0)^2.max(k_j, 0)^2; sum_j s_ij v_j / (sum_j s_ij + 1e-9)",
     .source = "README example",
     .reads = {"heads", "qk_gain"}}));

}  // namespace
}  // namespace ladder::nn
