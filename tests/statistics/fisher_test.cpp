#include <doctest/doctest.h>

#include "statistics/statistics.h"

namespace ladder {

using namespace statistics;

TEST_CASE("fisher_p: known tables") {
  CHECK(fisher_p(3, 4, 1, 4) == doctest::Approx(34.0 / 70));  // the lady tasting tea, two-sided
  CHECK(fisher_p(4, 4, 0, 4) == doctest::Approx(2.0 / 70));
  CHECK(fisher_p(12, 12, 0, 12) == doctest::Approx(2.0 / 2704156));
  CHECK(fisher_p(9, 12, 3, 12) == doctest::Approx(0.03934).epsilon(0.001));
  CHECK(fisher_p(5, 10, 5, 10) == doctest::Approx(1));
  CHECK(fisher_p(0, 10, 0, 7) == doctest::Approx(1));
  CHECK(fisher_p(2, 5, 0, 0) == 1);
}

TEST_CASE("fisher_p: the sides can be exchanged, successes with failures") {
  for (int a = 0; a <= 6; ++a)
    for (int b = 0; b <= 9; ++b) {
      CHECK(fisher_p(a, 6, b, 9) == doctest::Approx(fisher_p(b, 9, a, 6)));
      CHECK(fisher_p(a, 6, b, 9) == doctest::Approx(fisher_p(6 - a, 6, 9 - b, 9)));
    }
}

}  // namespace ladder
