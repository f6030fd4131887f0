#include "geometry/margin.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace ladder::geometry;

static doctest::Approx near(double value, double tolerance = 1e-8) {
  return doctest::Approx(value).epsilon(tolerance);
}

// Two sequences of three tokens, the last of which asks; token 0 of the first and token 2 of the
// second are chosen: x[i][t][c] = factor · sin(1 + 2.3i + 1.1t + 0.7c).
static MarginProblem sines(double factor) {
  MarginProblem problem(3, 3);
  const int chosen[] = {0, 2};
  for (int i = 0; i < 2; ++i) {
    const auto x = [&](int t) {
      std::vector<double> row;
      for (int c = 0; c < 3; ++c) row.push_back(factor * std::sin(1 + 2.3 * i + 1.1 * t + 0.7 * c));
      return row;
    };
    std::vector<double> differences;
    for (int t = 0; t < 3; ++t)
      for (int c = 0; t != chosen[i] && c < 3; ++c) differences.push_back(x(chosen[i])[c] - x(t)[c]);
    problem.add(x(2), differences);
  }
  return problem;
}

TEST_CASE("margin: one constraint, by hand") {
  MarginProblem problem(2, 2);
  problem.add({1, 0}, {1, -1});
  const MaximumMargin found = maximum_margin(problem);
  CHECK(found.separable);
  const std::vector<double> expected = {0.5, 0, -0.5, 0};
  for (int i = 0; i < 4; ++i) CHECK(found.w[i] == near(expected[i]));
  CHECK(1 / norm(found.w) == near(std::sqrt(2.0)));
}

TEST_CASE("margin: the matrix of least norm, its multipliers and margins") {
  const MarginProblem problem = sines(1);
  REQUIRE(problem.constraints() == 4);
  const MaximumMargin found = maximum_margin(problem);
  REQUIRE(found.separable);
  CHECK(norm(found.w) == near(1.373624921));
  const double multipliers[] = {0.833683100, 0, 0, 1.053162322};
  const double reached[] = {1, 1.717606702, 1.013995009, 1};
  const auto m = margins(problem, found.w);
  for (int a = 0; a < 4; ++a) {
    CHECK(found.multipliers[a] == near(multipliers[a]));
    CHECK(m[a] == near(reached[a]));
  }
  // Strong duality.
  CHECK(std::accumulate(found.multipliers.begin(), found.multipliers.end(), 0.0) ==
        near(norm(found.w) * norm(found.w)));
}

TEST_CASE("margin: longer inputs need a smaller matrix") {
  const MaximumMargin one = maximum_margin(sines(1)), three = maximum_margin(sines(3));
  REQUIRE(three.separable);
  for (std::size_t i = 0; i < one.w.size(); ++i) CHECK(9 * three.w[i] == near(one.w[i], 1e-6));
}

TEST_CASE("margin: a multiple of the best matrix has its margin and direction") {
  const MarginProblem problem = sines(1);
  const MaximumMargin found = maximum_margin(problem);
  std::vector<double> head = found.w;
  for (double& w : head) w *= 10;
  const auto reached = margins(problem, head);
  CHECK(*std::min_element(reached.begin(), reached.end()) / norm(head) == near(1 / norm(found.w)));
  CHECK(correlation(head, found.w) == near(1));
  head[0] = -head[0];
  CHECK(correlation(head, found.w) < 0.99);
}

TEST_CASE("margin: what contradicts itself is not separable") {
  MarginProblem problem(2, 2);
  problem.add({1, 0.5}, {1, -1, -1, 1});
  CHECK_FALSE(maximum_margin(problem).separable);
  MarginProblem apart(2, 2);  // the same, asked by two queries
  apart.add({1, 0.5}, {1, -1}), apart.add({1, 0.5}, {-1, 1});
  CHECK_FALSE(maximum_margin(apart).separable);
  MarginProblem other(2, 2);  // another query may want the opposite
  other.add({1, 0.5}, {1, -1}), other.add({0.5, 1}, {-1, 1});
  CHECK(maximum_margin(other).separable);
}

TEST_CASE("margin: singular values") {
  const auto values = singular_values({3, 0, 0, 0, 4, 0}, 2, 3);
  REQUIRE(values.size() == 2);
  CHECK(values[0] == near(4));
  CHECK(values[1] == near(3));
}
