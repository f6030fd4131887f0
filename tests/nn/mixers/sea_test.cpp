#include "subject.h"

namespace ladder::nn {
namespace {

using namespace testing;

template <class T>
SeaAttention<T> record_sea(Graph<T>& graph, const Inputs<T>& in, const Shape& s, int width, int top_k) {
  const auto parts = split(graph, in.extra, {s.heads * width, s.heads * 2});
  return sea_attention(graph, in.query, in.key, in.value, parts[0], parts[1], {s.batch, s.heads}, top_k);
}

// With one head, so that the extra input, scores and then gates, is this head's. Heads that share are below.
Subject sea_subject(int width, int top_k) {
  const auto record = [=](auto& graph, const auto& in, const Shape& s) {
    return record_sea(graph, in, s, width, top_k).mixed;
  };
  return {"sea", [=](Shape s) {
            s.heads = 1, s.extra_rows = -1, s.extra_cols = width + 2;
            return s;
          },
          record, record,
          [=](const Shape& s, const Numbers& q, const Numbers& k, const Numbers& extra) {
            Numbers scores, gates;
            for (std::size_t at = 0; at < extra.size(); at += width + 2) {
              scores.insert(scores.end(), &extra[at], &extra[at] + width);
              gates.insert(gates.end(), &extra[at] + width, &extra[at] + width + 2);
            }
            return plain::sea_attention(s.context, q, k, scores, gates, top_k);
          }};
}

TEST_CASE("sea: the formula of its attention, causal") {
  check_subject(sea_subject(8, 2));
  check_subject(sea_subject(16, 5));
}

TEST_CASE("sea: columns of keys") {
  const auto columns = [](int width, int visible) {
    std::vector<int> result;
    for (int j = 0; j < visible; ++j) result.push_back(sea_column(j, width, visible));
    return result;
  };
  CHECK(columns(4, 5) == std::vector<int>{0, 1, 1, 2, 3});
  CHECK(columns(8, 3) == std::vector<int>{1, 3, 6});
  CHECK(columns(4, 8) == std::vector<int>{0, 0, 1, 1, 2, 2, 3, 3});
}

struct Parts {
  Graph<double> graph;
  Inputs<double> in;
  Shape s;
  SeaAttention<double> sea;

  Parts(Shape shape, int width, int top_k) : s(shape) {
    const int d = s.heads * s.head_size;
    for (Tensor<double>* x : {&in.query, &in.key, &in.value}) *x = graph.leaf(s.rows(), d);
    in.extra = graph.leaf(s.rows(), s.heads * (width + 2));
    Run<double>::fill(in.query, "query", 1), Run<double>::fill(in.key, "key", 1);
    Run<double>::fill(in.value, "value", 1), Run<double>::fill(in.extra, "extra", 1);
    sea = record_sea(graph, in, s, width, top_k);
  }
};

TEST_CASE("sea: heads share the columns that a row keeps") {
  const int heads = 3, width = 8, top_k = 4, n = 60;
  Parts parts({1, heads, n, 4}, width, top_k);
  parts.graph.forward();
  for (int i = 0; i < n; ++i) {
    const double* row = parts.in.extra.value() + i * parts.in.extra.cols();
    const auto kept = plain::sea_kept({row, row + heads * width}, heads, width, top_k, i + 1);
    int all = 0;
    for (int h = 0; h < heads; ++h) {
      std::vector<int> expected;
      for (int j = 0; j <= i; ++j)
        if (kept[h][sea_column(j, width, i + 1)]) expected.push_back(j);
      CHECK(parts.sea.selected(0, h, i) == expected);
      all += static_cast<int>(expected.size());
    }
    // about heads · min(top_k, visible), but for the width of columns
    CHECK(std::abs(all - heads * std::min(top_k, i + 1)) <= 2 * heads * ((i + 1) / width + 1));
  }
}

TEST_CASE("sea: with open gates and all keys it is dense attention, with closed ones the running mean") {
  Parts parts({1, 2, 30, 4}, 8, 30);
  for (int t = 0; t < 30; ++t)
    for (int c = 16; c < 20; ++c) parts.in.extra.value()[t * 20 + c] = 40;
  parts.graph.forward();
  std::vector<double> p(30 * 30);
  parts.sea.mixed.look({.sequence = 0, .head = 1, .begin = 0, .end = 30, .probabilities = p.data()});
  const Numbers q = head_values(parts.in.query, parts.s, 4, 0, 1), k = head_values(parts.in.key, parts.s, 4, 0, 1);
  for (int i = 0; i < 30; ++i) {
    double sum = 0;
    Numbers w(i + 1);
    for (int j = 0; j <= i; ++j) {
      for (int c = 0; c < 4; ++c) w[j] += q[i * 4 + c] * k[j * 4 + c] / 2;
      sum += w[j] = std::exp(w[j]);
    }
    for (int j = 0; j <= i; ++j) CHECK(p[i * 30 + j] == doctest::Approx(w[j] / sum).epsilon(1e-10));
  }
  for (int t = 0; t < 30; ++t) parts.in.extra.value()[t * 20 + 19] = -40;
  parts.graph.forward();
  parts.sea.mixed.look({.sequence = 0, .head = 1, .begin = 0, .end = 30, .probabilities = p.data()});
  for (int i = 0; i < 30; ++i)
    for (int j = 0; j <= i; ++j) CHECK(p[i * 30 + j] == doctest::Approx(1.0 / (i + 1)));
}

}  // namespace
}  // namespace ladder::nn
