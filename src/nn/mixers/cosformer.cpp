// cosFormer: s[i, j] = max(q_i, 0)·max(k_j, 0) · cos(π(i - j)/(2·context)), divided by max(Σ s, 1e-6)
// Qin et al., arXiv:2202.08791
#include "nn/mixers/operations.h"
#include "nn/mixers/prefix_step.h"

namespace ladder::nn {
namespace {

struct TurningRelu {
  static constexpr int degree = 1;
  static constexpr bool turning = true;
  static constexpr Divisor divisor = Divisor::at_least;

  template <class V>
  static void apply(V x, V& y, V& slope) {
    y = simd::max(x, V{});
    slope = simd::select(x > V{}, V{} + 1, V{});
  }
};

const bool cases = (register_prefix_sum_cases<TurningRelu>("cosformer"), true);

const Registered<MixerPlugin> registered(mixer<PrefixSumMixer<TurningRelu>>(
    {.name = "cosformer",
     .rule = "s_ij = max(q_i, 0).max(k_j, 0) cos(pi (i - j) / (2 context)); sum_j s_ij v_j / max(sum_j s_ij, 1e-6)",
     .source = "Qin et al., arXiv:2202.08791",
     .reads = {"heads", "qk_gain"}}));

}  // namespace

template <class T>
Mixture<T> cosformer(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Cut cut,
                   Algorithm algorithm) {
  return prefix_sums<TurningRelu>(graph, query, key, value, {cut, 1, algorithm});
}

template Mixture<float> cosformer(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>, Cut,
                                Algorithm);
template Mixture<double> cosformer(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>, Cut,
                                 Algorithm);

}  // namespace ladder::nn
