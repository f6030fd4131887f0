// out = p·value, p = normalise(score(scale · query·key)). The arithmetic, forward and backward, is
// in tensor/kernels/attention.h; this file gives it its place in the graph and its positions.
#include "ladder/nn/attention.h"

#include "ladder/base/math.h"
#include "ladder/tensor/ops.h"

namespace ladder::nn {

// cos and sin of t · 10000^(-2d/head_size), [context, head_size/2] each.
template <class T>
static void rotary_tables(Graph<T>& graph, int context, int head_size, AttentionProblem<T>& problem) {
  const int half = head_size / 2;
  const auto angle = [=](std::size_t i) {
    return static_cast<int>(i / half) * math::pow(10000.0, -2.0 * static_cast<int>(i % half) / head_size);
  };
  const std::size_t size = static_cast<std::size_t>(context) * half;
  problem.cosine = graph.table(size, [=](std::size_t i) { return math::cos(angle(i)); });
  problem.sine = graph.table(size, [=](std::size_t i) { return math::sin(angle(i)); });
}

template <class T>
static std::shared_ptr<std::vector<Mask>> make_masks(const Pattern* pattern, int context) {
  const int panel = panel_queries<T>(context);
  if (!pattern) return std::make_shared<std::vector<Mask>>(1, Mask::causal(panel, context, context, 0));
  const auto legal = [pattern](int query, int key) { return key <= query && pattern->legal(query, key); };
  return std::make_shared<std::vector<Mask>>(1, Mask(panel, context, context, legal));
}

template <class T>
Mixed<T> attention(Graph<T>& graph, const ScoreForm& score, Tensor<T> query, Tensor<T> key,
                   Tensor<T> value, AttentionOptions options) {
  const int rows = query.rows(), d_model = query.cols(), heads = options.heads;
  const int context = rows / options.batch, head_size = d_model / heads;
  if (d_model % heads != 0) throw failure("attention: heads must divide d_model");
  if (key.stride() != value.stride())
    throw failure("attention: key and value must have the same stride");
  if (options.rotation == Rotation::rope && head_size % 2 != 0)
    throw failure("attention: rope needs an even head size");

  Tensor<T> out = graph.tensor(rows, d_model);
  const auto layout = [&](Tensor<T> x) { return RowLayout{x.stride(), x.stride() * context}; };
  AttentionProblem<T> problem{};
  problem.batch = options.batch, problem.queries = problem.keys = context;
  problem.heads = heads, problem.head_size = head_size;
  problem.query_rows = layout(query), problem.key_rows = layout(key), problem.out_rows = layout(out);
  problem.query = query.value(), problem.key = key.value(), problem.value = value.value();
  problem.out = out.value();
  problem.scale = static_cast<T>(options.scale);
  problem.parameter = static_cast<T>(options.parameter);
  if (options.rotation == Rotation::rope) rotary_tables(graph, context, head_size, problem);
  if (options.decay == Decay::alibi)
    problem.decay_slope = graph.table(
        heads, [=](std::size_t h) { return math::exp2(-8.0 * static_cast<int>(h + 1) / heads); });
  const std::size_t saved =
      static_cast<std::size_t>(options.batch) * heads * padded_queries<T>(context);
  problem.one_by_sum = graph.scratch(saved);
  if (score.normaliser.subtract_maximum) problem.maximum = graph.scratch(saved);
  if (graph.declares()) return {out, {}};

  const auto masks = make_masks<T>(options.pattern, context);  // kept by the closures
  problem.masks = masks->data();
  const AttentionKernel<T> kernel = score.kernel<T>();
  graph.record(
      {query, key, value}, {out}, [=] { kernel.forward(problem); },
      [=](Writes write) {
        if (!query.grad() || !key.grad() || !value.grad())
          throw failure("attention: query, key and value all need a gradient, or none");
        AttentionProblem<T> p = problem;
        p.masks = masks->data();
        p.dout = out.grad();
        p.dquery = query.grad(), p.dkey = key.grad(), p.dvalue = value.grad();
        p.write_query = write[0], p.write_key = write[1], p.write_value = write[2];
        kernel.backward(p);
      });
  return {out,
          {[=](const AttentionMaps<T>& maps) {
             AttentionProblem<T> p = problem;
             p.masks = masks->data();
             kernel.weights(p, maps);
           },
           heads, query, key, options.scale}};
}

template Mixed<float> attention(Graph<float>&, const ScoreForm&, Tensor<float>, Tensor<float>,
                                Tensor<float>, AttentionOptions);
template Mixed<double> attention(Graph<double>&, const ScoreForm&, Tensor<double>, Tensor<double>,
                                 Tensor<double>, AttentionOptions);

std::vector<GradientCase> attention_gradient_cases(const Score& score) {
  std::vector<GradientCase> cases;
  const auto add = [&](const std::string& name, int context, int head_size, AttentionOptions o) {
    cases.push_back({"attention_" + score.name + "_" + name,
                     [=, &score](Graph<double>& graph, GradientProbe& probe) {
                       const int rows = o.batch * context, d_model = o.heads * head_size;
                       const auto x = [&] { return probe.variable(rows, d_model, 0.7); };
                       const auto q = x(), k = x(), v = x();
                       return probe.weigh({attention(graph, score.form, q, k, v, o).out});
                     }});
  };
  add("causal", 11, 3, {.batch = 2, .heads = 2});
  add("scaled", 5, 2, {.batch = 1, .heads = 2, .scale = 0.5});
  add("rope", 9, 4, {.batch = 1, .heads = 2, .scale = 0.7, .rotation = Rotation::rope});
  if (score.form.decays)
    add("alibi", 9, 2, {.batch = 2, .heads = 2, .decay = Decay::alibi});
  add("long", 37, 2, {.batch = 1, .heads = 1});
  return cases;
}

}  // namespace ladder::nn
