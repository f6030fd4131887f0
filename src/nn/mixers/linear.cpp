// Linear attention: s[i, j] = φ(q_i)·φ(k_j), φ(x) = elu(x) + 1, divided by Σ s + 1e-9
// Katharopoulos et al., arXiv:2006.16236
#include "nn/mixers/operations.h"
#include "nn/mixers/plain.h"
#include "nn/mixers/prefix_step.h"

namespace ladder::nn {

plain::Numbers plain::linear_attention(int context, const Numbers& q, const Numbers& k, double scale) {
  const int e = static_cast<int>(q.size()) / context;
  return divided(context, [&](int i, int j) {
    return scale * product(q, i, k, j, e, [](double x) { return x > 0 ? x + 1 : std::exp(x); });
  }, plus_epsilon);
}

namespace {

struct EluPlusOne {
  static constexpr int degree = 1;
  static constexpr bool turning = false;
  static constexpr Divisor divisor = Divisor::plus_epsilon;

  template <class V>
  static void apply(V x, V& y, V& slope) {
    const auto positive = x > V{};
    const V exponential = simd::exp(simd::select(positive, V{}, x));
    y = simd::select(positive, x + 1, exponential);
    slope = exponential;  // exp(0) = 1 where x is positive
  }
};

const bool cases = register_prefix_sum_cases<EluPlusOne>("linear_attention", plain::linear_attention);

const Registered<MixerPlugin> registered(mixer<PrefixSumMixer<EluPlusOne>>(
    {.name = "linear",
     .rule = "s_ij = (elu(q_i) + 1).(elu(k_j) + 1); sum_j s_ij v_j / (sum_j s_ij + 1e-9)",
     .source = "Katharopoulos et al., arXiv:2006.16236",
     .reads = {"heads", "qk_gain"}}));

}  // namespace

template <class T>
Mixture<T> linear_attention(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Cut cut,
                          Algorithm algorithm) {
  return prefix_sums<EluPlusOne>(graph, query, key, value, {cut, 1, algorithm});
}

template Mixture<float> linear_attention(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>, Cut,
                                       Algorithm);
template Mixture<double> linear_attention(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>,
                                        Cut, Algorithm);

}  // namespace ladder::nn
