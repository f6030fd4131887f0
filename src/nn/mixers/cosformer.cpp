// cosFormer: s[i, j] = max(q_i, 0)·max(k_j, 0) · cos(π(i - j)/(2·context)), divided by max(Σ s, 1e-6)
// Qin et al., arXiv:2202.08791
#include "nn/mixers/operations.h"
#include "nn/mixers/plain.h"
#include "nn/mixers/prefix_step.h"

namespace ladder::nn {

plain::Numbers plain::cosformer(int context, const Numbers& q, const Numbers& k, double scale) {
  const int e = static_cast<int>(q.size()) / context;
  return divided(context, [&](int i, int j) {
    return scale * product(q, i, k, j, e, [](double x) { return std::max(x, 0.0); }) *
           std::cos(std::acos(-1.0) * (i - j) / (2.0 * context));
  }, [](double sum) { return std::max(sum, 1e-6); });
}

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

const bool cases = register_prefix_sum_cases<TurningRelu>("cosformer", plain::cosformer);

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
