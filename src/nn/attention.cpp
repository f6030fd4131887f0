// out = p·value, p = normalise(score(scale · query·key)). The arithmetic, forward and backward, is
// in tensor/kernels/attention.h; this file gives it its place in the graph and its positions.
#include "ladder/nn/attention.h"

#include <algorithm>

#include "ladder/base/math.h"
#include "ladder/tensor/kernels/attention_step.h"
#include "ladder/tensor/kernels/rotate.h"
#include "ladder/tensor/ops.h"

namespace ladder::nn {

// cos and sin of t · 10000^(-2d/head_size), [context, head_size/2] each.
template <class T>
struct Rotary {
  const T *cosine = nullptr, *sine = nullptr;
};

template <class T>
static Rotary<T> rotary_tables(Graph<T>& graph, int context, int head_size) {
  const int half = head_size / 2;
  const auto angle = [=](std::size_t i) {
    return static_cast<int>(i / half) * math::pow(10000.0, -2.0 * static_cast<int>(i % half) / head_size);
  };
  const std::size_t size = static_cast<std::size_t>(context) * half;
  return {graph.table(size, [=](std::size_t i) { return math::cos(angle(i)); }),
          graph.table(size, [=](std::size_t i) { return math::sin(angle(i)); })};
}

// The slope of each head's decay.
template <class T>
static const T* alibi_slopes(Graph<T>& graph, int heads) {
  return graph.table(heads, [=](std::size_t h) { return math::exp2(-8.0 * static_cast<int>(h + 1) / heads); });
}

// What an operation's closures keep.
struct Masks {
  std::vector<Mask> all;     // one for all, or
  std::vector<Mask> chosen;  // for topk one a (sequence, head), those of the last forward
};

template <class T>
static std::shared_ptr<Masks> make_masks(const ScoreForm& score, const AttentionOptions& o, int context) {
  const int panel = panel_queries<T>(context);
  auto masks = std::make_shared<Masks>();
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
  if (options.rotation == Rotation::rope) {
    const auto [cosine, sine] = rotary_tables(graph, context, head_size);
    problem.cosine = cosine, problem.sine = sine;
  }
  if (options.decay == Decay::alibi) problem.decay_slope = alibi_slopes(graph, heads);
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

// The keys that query t of a pattern may see, before topk's choice.
static void find_runs(const ScoreForm& score, const Pattern* pattern, int t, std::vector<KeyRun>& runs) {
  runs.clear();
  const int end = t + score.sees_itself;
  if (!pattern) {
    if (end > 0) runs.push_back({0, end, -1});
    return;
  }
  for (Pattern::Keys keys = pattern->next(t, 0); keys.begin < std::min(keys.end, end);
       keys = pattern->next(t, keys.end))
    runs.push_back({keys.begin, std::min(keys.end, end), -1});
}

template <class T>
Tensor<T> attention_step(Graph<T>& graph, const ScoreForm& score, Tensor<T> query, Tensor<T> key,
                         Tensor<T> value, AttentionOptions options, int context, const int* position) {
  constexpr int block = step_block<T>;
  const int batch = query.rows(), d_model = query.cols(), heads = options.heads;
  const int pairs = batch * heads, size = d_model / heads;
  if (d_model % heads != 0) throw failure("attention: heads must divide d_model");
  const Tensor<T> out = graph.tensor(batch, d_model);
  T* const queries = graph.scratch(out.size());
  T* const new_keys = graph.scratch(out.size());
  T* const keys = graph.scratch(static_cast<std::size_t>((context + block - 1) / block * block) * out.size());
  T* const values = graph.scratch(context * out.size());
  const Rotary<T> rotary = options.rotation == Rotation::rope ? rotary_tables(graph, context, size) : Rotary<T>{};
  const T* slopes = options.decay == Decay::alibi ? alibi_slopes(graph, heads) : nullptr;
  const int most = options.pattern ? options.pattern->most_keys() : 0;
  struct Room {
    std::vector<KeyRun> runs;
    Mask chosen{simd::lanes<T>};
  };
  const auto room = std::make_shared<Room>();
  if (most) room->chosen.reserve(1, context);
  const AttentionKernel<T> kernel = score.kernel<T>();

  const auto forward = [=, &score, pattern = options.pattern, scale = static_cast<T>(options.scale),
                        parameter = static_cast<T>(options.parameter)] {
    const int t = *position;
    const std::ptrdiff_t turn = rotary.cosine ? static_cast<std::ptrdiff_t>(t) * (size / 2) : 0;
    for (int pair = 0; pair < pairs; ++pair) {
      const int b = pair / heads, column = pair % heads * size;
      const auto rotated = [&](Tensor<T> x, T* to) {
        copy_rotated(x.value() + b * x.stride() + column, to + static_cast<std::ptrdiff_t>(pair) * size, size,
                     rotary.cosine ? rotary.cosine + turn : nullptr, rotary.sine + turn, T(1), Write::replace);
      };
      rotated(query, queries), rotated(key, new_keys);
      std::copy_n(value.value() + b * value.stride() + column, size,
                  values + (static_cast<std::ptrdiff_t>(pair) * context + t) * size);
    }
    keep_keys(new_keys, pairs, size, context, t, keys);
    find_runs(score, pattern, t, room->runs);
    kernel.step({.pairs = pairs, .heads = heads, .head_size = size, .context = context, .position = t,
                 .query = queries, .keys = keys, .values = values, .out = out.value(), .runs = room->runs,
                 .most = most, .chosen = &room->chosen, .scale = scale, .parameter = parameter,
                 .decay_slope = slopes});
  };
  graph.record({query, key, value}, {out}, forward,
               [](Writes) { throw failure("attention_step has no gradient"); });
  return out;
}

template Tensor<float> attention_step(Graph<float>&, const ScoreForm&, Tensor<float>, Tensor<float>,
                                      Tensor<float>, AttentionOptions, int, const int*);
template Tensor<double> attention_step(Graph<double>&, const ScoreForm&, Tensor<double>, Tensor<double>,
                                       Tensor<double>, AttentionOptions, int, const int*);

}  // namespace ladder::nn
