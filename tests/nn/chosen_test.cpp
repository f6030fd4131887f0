// What is chosen for a token depends on no later token: the lists themselves, and what goes back
// through them.
#include <doctest/doctest.h>

#include <set>

#include "ladder/base/random.h"
#include "ladder/nn/attention.h"
#include "nn/mixers/operations.h"

namespace ladder::nn {
namespace {

constexpr int context = 67, heads = 2, size = 4, early = 41;  // tokens from `early` on change
constexpr Cut cut{2, heads};
constexpr int rows = 2 * context;

bool is_late(int row) { return row % context >= early; }

void fill(Tensor<float> x, const char* name, int late_seed) {
  for (int r = 0; r < x.rows(); ++r)
    for (int c = 0; c < x.cols(); ++c)
      x.value()[r * x.stride() + c] =
          static_cast<float>(Random(is_late(r) ? late_seed : 0, name).normal(r, c));
}

struct Inputs {
  explicit Inputs(Graph<float>& graph, bool gradients = false)
      : query(graph.leaf(rows, heads * size, gradients)),
        key(graph.leaf(rows, heads * size, gradients)),
        value(graph.leaf(rows, heads * size, gradients)) {}
  void fill(int late_seed) {
    nn::fill(query, "query", late_seed), nn::fill(key, "key", late_seed), nn::fill(value, "value", late_seed);
  }
  Tensor<float> query, key, value;
};

TEST_CASE("chosen: topk's keys, few and many, depend on no later token") {
  for (const char* top_k : {"3", "20"}) {
    CAPTURE(top_k);
    Settings s;
    s.set("pattern", "topk", "test"), s.set("top_k", top_k, "test");
    s.resolve();
    const auto pattern = make_pattern(s);
    Graph<float> graph(Graph<float>::Purpose::inference);
    Inputs in(graph);
    AttentionOptions options{.batch = 2, .heads = heads};
    options.pattern = pattern.get();
    const auto mixed = attention(graph, Registry<Score>::get("ea").form, in.query, in.key, in.value, options);
    const auto lists = [&](int late_seed) {
      in.fill(late_seed);
      graph.forward();
      std::vector<std::uint8_t> all;
      for (int b = 0; b < 2; ++b)
        for (int h = 0; h < heads; ++h) {
          std::vector<std::uint8_t> legal(context * context);
          mixed.look.maps({.sequence = b, .head = h, .begin = 0, .end = context, .legal = legal.data()});
          all.insert(all.end(), legal.begin(), legal.begin() + early * context);
        }
      return all;
    };
    const auto before = lists(1);
    CHECK(lists(2) == before);
    CHECK(std::count(before.begin() + (early - 1) * context, before.begin() + early * context, 1) ==
          s.integer("top_k"));
  }
}

TEST_CASE("chosen: sea's keys depend on no later token") {
  Graph<float> graph(Graph<float>::Purpose::inference);
  Inputs in(graph);
  const Tensor<float> scores = graph.leaf(rows, heads * 8), gates = graph.leaf(rows, heads * 2);
  const auto sea = sea_attention(graph, in.query, in.key, in.value, scores, gates, cut, 5);
  const auto lists = [&](int late_seed) {
    in.fill(late_seed), fill(scores, "scores", late_seed), fill(gates, "gates", late_seed);
    graph.forward();
    std::vector<std::vector<int>> all;
    for (int b = 0; b < 2; ++b)
      for (int h = 0; h < heads; ++h)
        for (int i = 0; i < early; ++i) all.push_back(sea.selected(b, h, i));
    return all;
  };
  const auto before = lists(1);
  CHECK(lists(2) == before);
  CHECK(std::set(before.begin(), before.end()).size() > 20);
}

// Rows before `early` of outputs, and of the gradients that these outputs send back.
template <class Record>
std::vector<float> early_rows(Record record, int late_seed) {
  Graph<float> graph;
  Inputs in(graph, true);
  const Tensor<float> out = record(graph, in).out;
  const Tensor<float> loss = graph.tensor(1, 1);
  graph.record({out}, {loss}, [] {}, [](Writes) {});
  graph.minimise(loss);
  in.fill(late_seed);
  graph.forward();
  std::vector<float> numbers;
  const auto take = [&](const float* from, Tensor<float> x) {
    for (int r = 0; r < x.rows(); ++r)
      if (!is_late(r)) numbers.insert(numbers.end(), from + r * x.stride(), from + r * x.stride() + x.cols());
  };
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < out.cols(); ++c)
      out.grad()[r * out.stride() + c] = is_late(r) ? 0 : static_cast<float>(Random(0, "gradient").normal(r, c));
  take(out.value(), out);
  graph.backward();
  for (const Tensor<float>& x : {in.query, in.key, in.value}) take(x.grad(), x);
  return numbers;
}

TEST_CASE("chosen: combiner's maxima, for both plans, and what goes back through them") {
  for (const CombinerPlan& plan : {fixed_plan(6), logsparse_plan()}) {
    const auto record = [&](Graph<float>& graph, const Inputs& in) {
      return combiner(graph, in.query, in.key, in.value, cut, plan);
    };
    const auto before = early_rows(record, 1);
    CHECK(early_rows(record, 2) == before);
    CHECK(std::count(before.begin(), before.end(), 0.0f) < 20);
  }
}

TEST_CASE("chosen: what goes back through topk's keys") {
  Settings s;
  s.set("pattern", "topk", "test"), s.set("top_k", "12", "test");
  s.resolve();
  const auto pattern = make_pattern(s);
  const auto record = [&](Graph<float>& graph, const Inputs& in) {
    AttentionOptions options{.batch = 2, .heads = heads};
    options.pattern = pattern.get();
    return attention(graph, Registry<Score>::get("dpa").form, in.query, in.key, in.value, options);
  };
  CHECK(early_rows(record, 2) == early_rows(record, 1));
}

}  // namespace
}  // namespace ladder::nn
