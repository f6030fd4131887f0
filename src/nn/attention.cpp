// out = p·value, p = normalise(score(scale · query·key)). The arithmetic, forward and backward, is
// in tensor/kernels/attention.h; this file gives it its place in the graph and its positions.
#include "ladder/nn/attention.h"

#include <algorithm>

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

// What an operation's closures keep.
struct Masks {
  std::vector<Mask> all;     // one for all, or
  std::vector<Mask> chosen;  // for topk one a (sequence, head), those of the last forward
};

template <class T>
static std::shared_ptr<Masks> make_masks(const ScoreForm& score, const AttentionOptions& o, int context) {
  const int panel = panel_queries<T>(context);
  const auto masks = std::make_shared<Masks>();
  const Pattern* pattern = o.pattern;
  if (!pattern && score.sees_itself) {
    masks->all.push_back(Mask::causal(panel, context, context, 0));
  } else {
    const int self = score.sees_itself;
    masks->all.emplace_back(panel, context, context, [=](int query, int key) {
      Pattern::Keys keys = pattern ? pattern->next(query, key) : Pattern::Keys{key, query + 1};
      keys.end = std::min(keys.end, query + self);
      return keys.begin < keys.end ? keys : Pattern::Keys{context, context};
    });
  }
  if (const int most = pattern ? pattern->most_keys() : 0) {
    masks->chosen.assign(static_cast<std::size_t>(o.batch) * o.heads, Mask(panel));
    for (Mask& mask : masks->chosen)  // later forwards allocate nothing
      mask.reserve((context + panel - 1) / panel, most_chosen<T>(context, context, most));
  }
  return masks;
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
  const AttentionKernel<T> kernel = score.kernel<T>();
  problem.saved = graph.scratch(kernel.saved * saved);
  if (graph.declares()) return {out, {}};

  const auto masks = make_masks<T>(score, options, context);  // kept by the closures
  problem.mask_a_head = !masks->chosen.empty();
  problem.masks = problem.mask_a_head ? masks->chosen.data() : masks->all.data();
  const auto forward = [=, most = options.pattern ? options.pattern->most_keys() : 0] {
    if (problem.mask_a_head) {
      AttentionProblem<T> of_all = problem;
      of_all.masks = masks->all.data(), of_all.mask_a_head = false;
      kernel.choose(of_all, most, masks->chosen.data());
    }
    kernel.forward(problem);
  };
  graph.record(
      {query, key, value}, {out}, forward,
      [=](Writes write) {
        if (!query.grad() || !key.grad() || !value.grad())
          throw failure("attention: query, key and value all need a gradient, or none");
        static_cast<void>(masks);  // they must live
        AttentionProblem<T> p = problem;
        p.dout = out.grad();
        p.dquery = query.grad(), p.dkey = key.grad(), p.dvalue = value.grad();
        p.write_query = write[0], p.write_key = write[1], p.write_value = write[2];
        kernel.backward(p);
      });
  return {out,
          {[=](const AttentionMaps<T>& maps) {
             static_cast<void>(masks);  // they must live
             kernel.weights(problem, maps);
           },
           heads, score.of_distance ? Tensor<T>() : query, score.of_distance ? Tensor<T>() : key,
           options.scale}};
}

template Mixed<float> attention(Graph<float>&, const ScoreForm&, Tensor<float>, Tensor<float>,
                                Tensor<float>, AttentionOptions);
template Mixed<double> attention(Graph<double>&, const ScoreForm&, Tensor<double>, Tensor<double>,
                                 Tensor<double>, AttentionOptions);

}  // namespace ladder::nn
