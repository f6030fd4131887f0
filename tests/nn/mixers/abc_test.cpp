#include "subject.h"

namespace ladder::nn {
namespace {

using namespace testing;

Subject abc_subject(int slots) {
  const auto record = [](auto& graph, const auto& in, const Shape& s) {
    return abc(graph, in.query, in.key, in.value, in.extra, {s.batch, s.heads});
  };
  return {"abc", [=](Shape s) {
            s.extra_rows = -1, s.extra_cols = s.heads * slots;
            return s;
          },
          record, record,
          [](const Shape& s, const Numbers& q, const Numbers& k, const Numbers& u) {
            return plain::abc(s.context, q, k, u);
          }};
}

TEST_CASE("abc: the formula, causal") {
  for (const int slots : {1, 4, 5}) check_subject(abc_subject(slots));
}

TEST_CASE("abc: small numbers of the reference") {
  Run<double> run(abc_subject(3), {1, 1, 8, 4});
  fill_small(run);
  for (int t = 0; t < 8; ++t)
    for (int m = 0; m < 3; ++m) run.in.extra.value()[t * 3 + m] = std::sin(0.7 * t + 2.1 * m);
  const auto out = run.out();
  CHECK(largest_difference(row_of(out, 1), {0.421784092, -0.331882639, -0.884233815, -0.900220623}) <= 1e-9);
  CHECK(largest_difference(row_of(out, 7), {0.388896392, 0.382192570, 0.143655864, -0.182020562}) <= 1e-9);
}

TEST_CASE("abc: equal writing weights give the running mean, whatever the query; the first token itself") {
  Run<double> run(abc_subject(4), {2, 3, 50, 5});
  for (std::size_t i = 0; i < run.in.extra.size(); ++i) run.in.extra.value()[i] = -3;
  const auto out = run.out();
  for (int b = 0; b < 2; ++b) {
    Numbers sum(15);
    for (int t = 0; t < 50; ++t)
      for (int c = 0; c < 15; ++c) {
        sum[c] += run.in.value.value()[(b * 50 + t) * run.in.value.stride() + c];
        CHECK(out[(b * 50 + t) * 15 + c] == doctest::Approx(sum[c] / (t + 1)).epsilon(1e-13));
      }
  }
}

TEST_CASE("abc: large writing logits, far up and down, stay finite and do not depend on a shift") {
  Run<float> run(abc_subject(4), {1, 2, 60, 8}), shifted(abc_subject(4), {1, 2, 60, 8});
  for (int t = 0; t < 60; ++t)
    for (int m = 0; m < 8; ++m) {
      const float u = 64.0f * ((t * 7 + m * 3) % 11 - 5);
      run.in.extra.value()[t * 8 + m] = u;
      shifted.in.extra.value()[t * 8 + m] = u + 1024;
    }
  const auto out = run.out();
  for (const float x : out) REQUIRE(std::isfinite(x));
  CHECK(shifted.out() == out);
  for (const double x : run.gradients()) REQUIRE(std::isfinite(x));
}

}  // namespace
}  // namespace ladder::nn
