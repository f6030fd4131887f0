// out = p·value, p = normalise(score(scale · query·key)). The arithmetic, forward and backward, is
// in tensor/kernels/attention.h; this file gives it its place in the graph and its positions.
#include "ladder/nn/attention.h"

#include "ladder/base/math.h"
#include "ladder/tensor/ops.h"

namespace ladder {

// cos and sin of t · 10000^(-2d/head_size), [context, head_size/2] each.
template <class T>
static void rotary_tables(int context, int head_size, T* cosine, T* sine) {
  const int half = head_size / 2;
  for (int t = 0; t < context; ++t)
    for (int d = 0; d < half; ++d) {
      const double angle = t * math::pow(10000.0, -2.0 * d / head_size);
      cosine[t * half + d] = static_cast<T>(math::cos(angle));
      sine[t * half + d] = static_cast<T>(math::sin(angle));
    }
}

template <class T>
Attention<T> attention(Graph<T>& graph, const Score& score, Tensor<T> query, Tensor<T> key,
                       Tensor<T> value, AttentionOptions options) {
  const int rows = query.rows(), d_model = query.cols(), heads = options.heads;
  const int context = rows / options.batch, head_size = d_model / heads;
  if (d_model % heads != 0) throw failure("attention: heads must divide d_model");
  if (query.stride() != key.stride() || query.stride() != value.stride())
    throw failure("attention: query, key and value must have the same stride");
  if (options.rotation == Rotation::rope && head_size % 2 != 0)
    throw failure("attention: rope needs an even head size");

  Tensor<T> out = graph.tensor(rows, d_model);
  AttentionProblem<T> problem{options.batch, context, heads, head_size, query.stride(),
                              out.stride(), query.value(), key.value(), value.value(), out.value(),
                              options.causal, static_cast<T>(options.scale)};
  if (options.rotation == Rotation::rope) {
    T* cosine = graph.scratch(static_cast<std::size_t>(context) * (head_size / 2));
    T* sine = graph.scratch(static_cast<std::size_t>(context) * (head_size / 2));
    rotary_tables(context, head_size, cosine, sine);
    problem.cosine = cosine, problem.sine = sine;
  }
  if (options.decay == Decay::alibi) {
    T* slope = graph.scratch(heads);
    for (int h = 0; h < heads; ++h) slope[h] = static_cast<T>(math::exp2(-8.0 * (h + 1) / heads));
    problem.decay_slope = slope;
  }
  const std::size_t saved =
      static_cast<std::size_t>(options.batch) * heads * padded_context<T>(context);
  problem.one_by_sum = graph.scratch(saved);
  if (score.normaliser.subtract_maximum) problem.maximum = graph.scratch(saved);

  const AttentionKernel<T> kernel = score.kernel<T>();
  graph.record(
      {query, key, value}, {out}, [=] { kernel.forward(problem); },
      [=](Writes write) {
        if (!query.grad() || !key.grad() || !value.grad())
          throw failure("attention: query, key and value all need a gradient, or none");
        AttentionProblem<T> p = problem;
        p.dout = out.grad();
        p.dquery = query.grad(), p.dkey = key.grad(), p.dvalue = value.grad();
        p.write_query = write[0], p.write_key = write[1], p.write_value = write[2];
        kernel.backward(p);
      });
  return {out, query, key, [=](T* probabilities, T* products) {
            AttentionProblem<T> p = problem;
            p.probabilities = probabilities, p.products = products;
            kernel.weights(p);
          }};
}

template Attention<float> attention(Graph<float>&, const Score&, Tensor<float>, Tensor<float>,
                                    Tensor<float>, AttentionOptions);
template Attention<double> attention(Graph<double>&, const Score&, Tensor<double>, Tensor<double>,
                                     Tensor<double>, AttentionOptions);

std::vector<GradientCase> attention_gradient_cases(const Score& score) {
  std::vector<GradientCase> cases;
  const auto add = [&](const std::string& name, int context, int head_size, AttentionOptions o) {
    cases.push_back({"attention_" + score.name + "_" + name,
                     [=, &score](Graph<double>& graph, GradientProbe& probe) {
                       const int rows = o.batch * context, d_model = o.heads * head_size;
                       const auto x = [&] { return probe.variable(rows, d_model, 0.7); };
                       const auto q = x(), k = x(), v = x();
                       return probe.weigh({attention(graph, score, q, k, v, o).out});
                     }});
  };
  add("causal", 11, 3, {2, 2, true, 1});
  add("full", 5, 2, {1, 2, false, 0.5});
  add("rope", 9, 4, {1, 2, true, 0.7, Rotation::rope});
  add("alibi", 9, 2, {2, 2, true, 1, Rotation::none, Decay::alibi});
  add("long", 37, 2, {1, 1, true, 1});
  return cases;
}

}  // namespace ladder
