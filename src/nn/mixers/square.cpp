// Sums over squares: s[i, j] = (scale · q_i·k_j)², divided by Σ s + 1e-9. Score `square` in time linear
// in the context; and ReBased, which first normalises the entries of each head:
// x' = γ · (x - mean)/sqrt(variance + 1e-5) + β.   Aksenov et al., arXiv:2402.10644
#include "ladder/nn/attention.h"
#include "nn/mixers/head_maps.h"
#include "nn/mixers/operations.h"
#include "nn/mixers/plain.h"
#include "nn/mixers/prefix_step.h"

namespace ladder::nn {

plain::Numbers plain::square_sums(int context, const Numbers& q, const Numbers& k, double scale) {
  const int e = static_cast<int>(q.size()) / context;
  return divided(context, [&](int i, int j) { return std::pow(scale * product(q, i, k, j, e), 2); }, plus_epsilon);
}

plain::Numbers plain::rebased(int context, Numbers q, Numbers k, const Numbers& weight_and_bias, double scale) {
  const int e = static_cast<int>(q.size()) / context;
  for (Numbers* x : {&q, &k})
    for (int t = 0; t < context; ++t) {
      double mean = 0, variance = 0, *row = x->data() + t * e;
      for (int c = 0; c < e; ++c) mean += row[c] / e;
      for (int c = 0; c < e; ++c) variance += (row[c] - mean) * (row[c] - mean) / e;
      for (int c = 0; c < e; ++c)
        row[c] = (row[c] - mean) / std::sqrt(variance + 1e-5) * weight_and_bias[c] + weight_and_bias[e + c];
    }
  return square_sums(context, q, k, scale);
}

namespace {

struct Square {
  static constexpr int degree = 2;
  static constexpr bool turning = false;
  static constexpr Divisor divisor = Divisor::plus_epsilon;

  template <class V>
  static void apply(V x, V& y, V& slope) {
    y = x;
    slope = V{} + 1;
  }
};

const bool cases = register_prefix_sum_cases<Square>("square_sums", plain::square_sums);

}  // namespace

template <class T>
Mixture<T> square_sums(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value,
                     PrefixSumOptions options) {
  return prefix_sums<Square>(graph, query, key, value, options);
}

template <class T>
Mixture<T> rebased(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> weight,
                 Tensor<T> bias, PrefixSumOptions options) {
  check_shapes("rebased", query, key, value, options.cut);
  const Tensor<T> q = head_norm(graph, query, weight, bias, options.cut.heads);
  const Tensor<T> k = head_norm(graph, key, weight, bias, options.cut.heads);
  return prefix_sums<Square>(graph, q, k, value, options);
}

template Mixture<float> square_sums(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>,
                                  PrefixSumOptions);
template Mixture<double> square_sums(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>,
                                   PrefixSumOptions);
template Mixture<float> rebased(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>, Tensor<float>,
                              Tensor<float>, PrefixSumOptions);
template Mixture<double> rebased(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>,
                               Tensor<double>, Tensor<double>, PrefixSumOptions);

namespace {

class SquareSums : public AttentionAlgorithm {
 public:
  Mixed<float> record(Graph<float>& g, Tensor<float> q, Tensor<float> k, Tensor<float> v,
                      const AttentionOptions& o) const override {
    return sums(g, q, k, v, o);
  }
  Mixed<double> record(Graph<double>& g, Tensor<double> q, Tensor<double> k, Tensor<double> v,
                       const AttentionOptions& o) const override {
    return sums(g, q, k, v, o);
  }
  Tensor<float> record_step(Graph<float>& g, Tensor<float> q, Tensor<float> k, Tensor<float> v,
                            const AttentionOptions& o, int context, const int* position) const override {
    return prefix_sum_step<Square>(g, q, k, v, o.heads, o.scale, context, position);
  }
  Tensor<double> record_step(Graph<double>& g, Tensor<double> q, Tensor<double> k, Tensor<double> v,
                             const AttentionOptions& o, int context, const int* position) const override {
    return prefix_sum_step<Square>(g, q, k, v, o.heads, o.scale, context, position);
  }
  double multiply_adds(int context, const MixerShape& shape) const override {
    return prefix_sum_multiply_adds<Square>(context, shape, Algorithm::linear);
  }
  double state_size(const MixerShape& shape) const override { return prefix_sum_state<Square>(shape); }

 private:
  template <class T>
  static Mixed<T> sums(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, const AttentionOptions& o) {
    const Mixture<T> mixture = square_sums(graph, query, key, value, {{o.batch, o.heads}, o.scale, Algorithm::linear});
    return {mixture.out, {.maps = mixture.look, .heads = o.heads, .query = query, .key = key, .scale = o.scale}};
  }
};

}  // namespace

bool square_is_cheaper_linear(int context, int head_size) { return linear_is_cheaper<Square>(context, head_size); }
std::shared_ptr<const AttentionAlgorithm> square_in_linear_time() { return std::make_shared<SquareSums>(); }

namespace {

class Rebased {
 public:
  static constexpr bool step_rounds = true;
  Rebased(const Settings& s, const MixerShape& shape)
      : shape_(shape),
        scale_(s.toggle("scale") ? 1 / std::sqrt(static_cast<double>(shape.head_size())) : 1) {}

  template <class T>
  Mixed<T> record(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const auto [query, key, value] = project(recorder, name, x, shape_);
    const auto [weight, bias] = feature(recorder, name);
    return project_out(recorder, name,
                       rebased(recorder.graph, query, key, value, weight, bias,
                               {{recorder.batch, shape_.heads}, scale_}),
                       shape_);
  }
  template <class T>
  Tensor<T> record_step(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const auto [query, key, value] = project(recorder, name, x, shape_);
    const auto [weight, bias] = feature(recorder, name);
    const int heads = shape_.heads;
    const Tensor<T> q = head_norm(recorder.graph, query, weight, bias, heads);
    const Tensor<T> k = head_norm(recorder.graph, key, weight, bias, heads);
    return recorder.linear(name + "out",
                           prefix_sum_step<Square>(recorder.graph, q, k, value, heads, scale_,
                                                   recorder.context, recorder.position),
                           shape_.d_model);
  }
  double multiply_adds(int context) const { return prefix_sum_multiply_adds<Square>(context, shape_); }
  double state_size(int) const { return prefix_sum_state<Square>(shape_); }

 private:
  template <class T>
  std::pair<Tensor<T>, Tensor<T>> feature(Recorder<T>& recorder, const std::string& name) const {
    const std::vector<int> size = {shape_.head_size()};
    return {recorder.parameter(name + "feature.weight", size, Initial::constant(1)),
            recorder.parameter(name + "feature.bias", size, Initial::constant(0))};
  }

  const MixerShape shape_;
  const double scale_;
};

const Registered<MixerPlugin> registered(mixer<Rebased>(
    {.name = "rebased",
     .rule = "s_ij = (q'_i.k'_j)^2, x' = layer norm over a head's entries; sum_j s_ij v_j / (sum_j s_ij + 1e-9)",
     .source = "Aksenov et al., arXiv:2402.10644",
     .reads = {"heads", "scale", "qk_gain"}}));

}  // namespace

static const Registered<OperationCase> rebased_case(mixture_case(
    {.name = "rebased",
     .sizes = {2, 2, 35, 4, 4},
     .timed = {32, 4, 128, 32, 32},
     .more = [](const Sizes& n) { return CaseInputs{{1, n[3]}, {1, n[3]}}; },
     .map = [](int context, const auto& in) {
       plain::Numbers weight_and_bias = in[2];
       weight_and_bias.insert(weight_and_bias.end(), in[3].begin(), in[3].end());
       return plain::rebased(context, in[0], in[1], weight_and_bias, 0.5);
     },
     .tolerance = 1e-4},
    [](auto& graph, const auto& in, Cut cut) {
      return rebased(graph, in[0], in[1], in[2], in[3], in[4], {cut, 0.5, Algorithm::linear}).out;
    }));

}  // namespace ladder::nn
