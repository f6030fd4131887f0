// Recipes: where the sequence falls, what a definition may be, and what lies beyond an edge.
#include "climb/space.h"

#include <doctest/doctest.h>

#include <set>

#include "ladder/base/error.h"
#include "ladder/base/text.h"

namespace ladder {

using namespace climb;

TEST_CASE("recipes: of b^k points of a dimension, each of b^k equal intervals holds one") {
  constexpr int primes[] = {2, 3, 5, 7};
  for (int dimension = 0; dimension < 4; ++dimension)
    for (const std::uint64_t seed : {0, 1, 7}) {
      const int count = primes[dimension] * primes[dimension];
      std::set<int> intervals;
      for (int i = 0; i < count; ++i) {
        const double u = halton(static_cast<std::uint64_t>(i), dimension, seed);
        CHECK(u >= 0);
        CHECK(u < 1);
        intervals.insert(static_cast<int>(u * count + 1e-9));
      }
      CHECK(intervals.size() == static_cast<std::size_t>(count));
    }
}

TEST_CASE("recipes: another seed scrambles otherwise, and dimensions are not alike") {
  CHECK(halton(5, 2, 0) != halton(5, 2, 1));
  int alike = 0;
  for (std::uint64_t i = 0; i < 32; ++i) alike += (halton(i, 0, 0) < 0.5) == (halton(i, 1, 0) < 0.5);
  CHECK(alike > 4);
  CHECK(alike < 28);
}

TEST_CASE("recipes: ranges, choices, and ranges that belong to a choice") {
  Space space;
  space.add("(optimizer, learning_rate) = (adam, 0.001..0.1 log) (sgd, 0.02..2 log)", "here:1");
  space.add("norm = pre post", "here:2");
  space.add("qk_gain = 1", "here:3");
  space.add("warmup = 10..20", "here:4");
  const auto recipes = space.recipes(40, 0);
  REQUIRE(recipes.size() == 40);
  int below = 0, adams = 0, pres = 0;
  for (const Assignments& recipe : recipes) {
    REQUIRE(recipe.size() == 5);
    const double rate = *parse_real(recipe[1].second);
    const bool adam = recipe[0].second == "adam";
    CHECK(rate >= (adam ? 0.001 : 0.02));
    CHECK(rate <= (adam ? 0.1 : 2));
    adams += adam, below += rate < (adam ? 0.01 : 0.2), pres += recipe[2].second == "pre";
    CHECK(recipe[3] == std::pair<std::string, std::string>("qk_gain", "1"));
    const auto warmup = parse_integer(recipe[4].second);
    REQUIRE(warmup);
    CHECK(*warmup >= 10);
    CHECK(*warmup <= 20);
  }
  CHECK(adams >= 18);
  CHECK(adams <= 22);
  CHECK(below >= 15);  // half of a logarithmic range
  CHECK(below <= 25);
  CHECK(pres >= 15);
  CHECK(pres <= 25);
  CHECK(recipes == space.recipes(40, 0));
  CHECK(recipes != space.recipes(40, 1));
  Space few;
  few.add("norm = pre post", "here:1");
  CHECK(few.recipes(10, 0).size() == 2);
}

TEST_CASE("recipes: what is no definition is an error that says where") {
  for (const auto& one : std::initializer_list<std::pair<std::string, std::string>>{
           {"learning_rat = 0.1", "did you mean 'learning_rate'"},
           {"learning_rate = 0.1..0.01 log", "from low to high"},
           {"learning_rate = 0..1 log", "from low to high"},
           {"learning_rate = 0.1..1 lin", "got 'lin'"},
           {"norm = pre..post", "only numbers have ranges"},
           {"norm = middle", "norm"},
           {"learning_rate", "expected 'search: key = value"},
           {"(norm, qk_gain) = (pre)", "tuples of 2 values"},
           {"learning_rate =", "learning_rate"}}) {
    const std::string &text = one.first, &part = one.second;
    CAPTURE(text);
    Space space;
    CHECK_THROWS_WITH_AS(space.add(text, "file:3"), doctest::Contains(part.c_str()), Error);
    CHECK_THROWS_WITH_AS(space.add(text, "file:3"), doctest::Contains("file:3: "), Error);
  }
  Space space;
  space.add("norm = pre post", "file:1");
  CHECK_THROWS_WITH_AS(space.add("norm = pre", "file:2"), doctest::Contains("each key once"), Error);
}

TEST_CASE("recipes: the outermost lie at an edge, and beyond it there are more") {
  Space space;
  space.add("learning_rate = 0.01..0.1 log", "here:1");
  const auto recipes = space.recipes(8, 0);
  std::size_t largest = 0, inner = 0;
  for (std::size_t i = 0; i < recipes.size(); ++i) {
    if (*parse_real(recipes[i][0].second) > *parse_real(recipes[largest][0].second)) largest = i;
    if (space.edges(recipes, i).empty()) inner = i;
  }
  REQUIRE(space.edges(recipes, largest).size() == 1);
  CHECK(space.edges(recipes, largest)[0] == "learning_rate " + recipes[largest][0].second + " is the largest tried");
  CHECK(space.beyond(recipes, inner).empty());
  const auto beyond = space.beyond(recipes, largest);
  REQUIRE(beyond.size() == 3);
  CHECK(beyond[0].second[0].second == "0.18");  // 0.1 * 10^(1/4)
  CHECK(beyond[1].second[0].second == "0.32");
  CHECK(beyond[2].second[0].second == "0.56");
  std::set<int> numbers;
  for (std::size_t i = 0; i < recipes.size(); ++i)
    for (const auto& [number, recipe] : space.beyond(recipes, i)) CHECK(numbers.insert(number).second);
}

}  // namespace ladder
