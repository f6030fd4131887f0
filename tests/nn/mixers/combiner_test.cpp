#include "subject.h"

namespace ladder::nn {
namespace {

using namespace testing;

struct PlanCase {
  std::string name;
  CombinerPlan plan;
  plain::CombinerWords words;
};

PlanCase fixed_case(int span) {
  return {"fixed " + std::to_string(span), fixed_plan(span), plain::fixed_plan(span)};
}
PlanCase logsparse_case() { return {"logsparse", logsparse_plan(), plain::logsparse_plan()}; }

Subject combiner_subject(const PlanCase& plan) {
  const auto record = [=](auto& graph, const auto& in, const Shape& s) {
    return combiner(graph, in.query, in.key, in.value, {s.batch, s.heads}, plan.plan);
  };
  return {plan.name, [](Shape s) { return s; }, record, record,
          [=](const Shape& s, const Numbers& q, const Numbers& k, const Numbers&) {
            return plain::combiner(s.context, q, k, plan.words);
          }};
}

TEST_CASE("combiner: the formula, causal, for both plans") {
  for (const int span : {1, 2, 5, 16, 40}) check_subject(combiner_subject(fixed_case(span)));
  check_subject(combiner_subject(logsparse_case()));
}

TEST_CASE("combiner: small numbers of the reference") {
  const auto last = [](const PlanCase& plan) {
    Run<double> run(combiner_subject(plan), {1, 1, 8, 4});
    fill_small(run);
    return row_of(run.out(), 7);
  };
  CHECK(largest_difference(last(fixed_case(2)), {0.139734083, 0.336196526, 0.328726668, 0.121855624}) <= 1e-9);
  CHECK(largest_difference(last(fixed_case(3)), {0.085036364, 0.330309956, 0.375221961, 0.192529360}) <= 1e-9);
  CHECK(largest_difference(last(logsparse_case()), {0.061732505, 0.417025858, 0.519356921, 0.306653045}) <= 1e-9);
  const Numbers dpa = {0.294953524, 0.297161916, 0.119115878, -0.131184254};
  CHECK(largest_difference(last(fixed_case(1)), dpa) <= 1e-9);
  CHECK(largest_difference(last(fixed_case(8)), dpa) <= 1e-9);
}

TEST_CASE("combiner: logsparse is fixed(2) up to token 3; queries of one block agree on earlier blocks") {
  Run<double> sparse(combiner_subject(logsparse_case()), {1, 1, 30, 4});
  Run<double> fixed(combiner_subject(fixed_case(2)), {1, 1, 30, 4});
  auto a = sparse.out(), b = fixed.out();
  a.resize(16), b.resize(16);
  CHECK(largest_difference(a, b) <= 1e-14);
  const auto p = fixed.map();
  for (int block = 0; block < 7; ++block)
    CHECK(p[14 * 30 + 2 * block] / p[14 * 30 + 2 * block + 1] ==
          doctest::Approx(p[15 * 30 + 2 * block] / p[15 * 30 + 2 * block + 1]));
}

TEST_CASE("combiner: equal maxima give their gradient to the first") {
  Run<double> run(combiner_subject(fixed_case(4)), {1, 1, 8, 1});
  for (int t = 0; t < 8; ++t) {
    run.in.query.value()[t * run.in.query.stride()] = 1;
    run.in.key.value()[t * run.in.key.stride()] = t == 3 ? 0 : 1;
  }
  run.out();
  const Numbers all = run.gradients();
  Run<double> moved(combiner_subject(fixed_case(4)), {1, 1, 8, 1});  // token 0 a little above
  for (int t = 0; t < 8; ++t) {
    moved.in.query.value()[t * run.in.query.stride()] = t == 0 ? 1 + 1e-9 : 1;
    moved.in.key.value()[t * run.in.key.stride()] = t == 3 ? 0 : t == 0 ? 1 + 1e-9 : 1;
  }
  moved.out();
  CHECK(largest_difference(moved.gradients(), all) <= 1e-7);
}

}  // namespace
}  // namespace ladder::nn
