#include "subject.h"

namespace ladder::nn {
namespace {

using namespace testing;

Subject zeta_subject(int key_size, ZetaOptions o) {
  const auto record = [=](auto& graph, const auto& in, const Shape& s) {
    return zeta(graph, in.query, in.key, in.value, in.extra, {s.batch, s.heads}, o).mixed;
  };
  return {"zeta", [=](Shape s) {
            s.key_size = key_size, s.extra_rows = 1, s.extra_cols = 1;
            return s;
          },
          record, record,
          [=](const Shape& s, const Numbers& q, const Numbers& k, const Numbers& gamma) {
            return plain::zeta(s.context, q, k, gamma[0], o);
          }};
}

TEST_CASE("zeta: the formula, causal") {
  check_subject(zeta_subject(3, {}));
  check_subject(zeta_subject(2, {.code_bits = 3, .code_range = 2, .chunk = 1, .neighbours = 5, .top_k = 2}));
  check_subject(zeta_subject(1, {.code_bits = 63, .chunk = 7, .neighbours = 1, .top_k = 3}));
  check_subject(zeta_subject(4, {.code_bits = 15, .chunk = 3, .neighbours = 40, .top_k = 40}));
}

TEST_CASE("zeta: codes") {
  const double zero[3] = {0, 0, 0};
  CHECK(z_code(zero, 3, {.code_bits = 2}) == 56);
  const double far[2] = {1e30, -1e30}, nothing[2] = {std::nan(""), 4};
  CHECK(z_code(far, 2, {.code_bits = 2}) == 0b1010);
  CHECK(z_code(nothing, 2, {.code_bits = 2}) == 0b0101);
}

// The last forward's lists of every query of every head.
template <class T>
std::vector<std::vector<int>> lists(const Inputs<T>& in, const Shape& s, const ZetaOptions& o) {
  Graph<T> graph(Graph<T>::Purpose::inference);
  const auto z = zeta(graph, in.query, in.key, in.value, in.extra, {s.batch, s.heads}, o);
  graph.forward();
  std::vector<std::vector<int>> result;
  for (int b = 0; b < s.batch; ++b)
    for (int h = 0; h < s.heads; ++h)
      for (int i = 0; i < s.context; ++i) result.push_back(z.selected(b, h, i));
  return result;
}

TEST_CASE("zeta: small numbers of the reference") {
  const ZetaOptions o{.chunk = 2, .neighbours = 4, .top_k = 3};
  Run<double> run(zeta_subject(3, o), {1, 1, 8, 4});
  fill_small(run);
  run.in.extra.value()[0] = 0;  // g = 0.25
  const auto out = run.out();
  const std::uint64_t codes[] = {941345070, 594250033, 132254258, 132486529};
  for (int j = 0; j < 4; ++j) CHECK(z_code(run.in.key.value() + 3 * j, 3, o) == codes[j]);
  CHECK(lists(run.in, run.s, o) == std::vector<std::vector<int>>{
            {}, {}, {0, 1}, {0, 1}, {1, 2, 3}, {0, 1, 3}, {1, 3, 4}, {0, 1, 5}});
  CHECK(largest_difference(row_of(out, 7), {0.417302971, 0.099693529, -0.278388670, -0.487604037}) <= 1e-9);
  for (int c = 0; c < 4; ++c) {
    CHECK(out[c] == doctest::Approx(run.in.value.value()[c]));
    CHECK(out[4 + c] == doctest::Approx((run.in.value.value()[c] + run.in.value.value()[4 + c]) / 2));
  }
}

TEST_CASE("zeta: lists are those of the words, also among many equal codes, and see no later token") {
  for (const ZetaOptions o : {ZetaOptions{}, ZetaOptions{.code_bits = 1, .chunk = 1, .neighbours = 7, .top_k = 3},
                              ZetaOptions{.code_bits = 2, .chunk = 16, .neighbours = 16, .top_k = 8}}) {
    const int n = 300;
    Run<double> run(zeta_subject(2, o), {1, 2, n, 4});
    const auto before = lists(run.in, run.s, o);
    for (int h = 0; h < 2; ++h) {
      const Numbers q = head_values(run.in.query, run.s, 2, 0, h), k = head_values(run.in.key, run.s, 2, 0, h);
      for (int i = 0; i < n; ++i) CHECK(before[h * n + i] == plain::zeta_selection(q, k, 2, i, o));
    }
    for (int t = 150; t < n; ++t)
      for (int c = 0; c < 4; ++c)
        run.in.query.value()[t * 4 + c] *= -30, run.in.key.value()[t * 4 + c] *= 25;
    const auto after = lists(run.in, run.s, o);
    for (int h = 0; h < 2; ++h)
      for (int i = 0; i < 150; ++i) CHECK(before[h * n + i] == after[h * n + i]);
  }
}

TEST_CASE("zeta: a very narrow kernel stays finite and its width has no gradient") {
  Run<float> run(zeta_subject(3, {}), {1, 2, 20, 4});
  run.in.extra.value()[0] = -50;
  for (std::size_t i = 0; i < run.in.query.size(); ++i) run.in.query.value()[i] = run.in.key.value()[i] = 1;
  for (const float x : run.out()) REQUIRE(std::isfinite(x));
  const Numbers gradients = run.gradients();
  for (const double x : gradients) REQUIRE(std::isfinite(x));
  CHECK(gradients.back() == 0);
}

}  // namespace
}  // namespace ladder::nn
