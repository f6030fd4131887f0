// Contestants are named from whatever columns there are.
#include "statistics/contestant.h"

#include <doctest/doctest.h>

#include "ladder/base/error.h"
#include "ladder/base/text.h"
#include "statistics/analysis.h"

using namespace ladder;
using namespace ladder::statistics;

static std::vector<std::string> names(const std::string& csv) {
  const Table runs = name_contestants(Table::parse(csv, "runs.csv"), "accuracy").runs;
  std::vector<std::string> result;
  for (std::size_t row = 0; row < runs.rows(); ++row) result.push_back(runs.at(row, "contestant"));
  return result;
}

using Names = std::vector<std::string>;

TEST_CASE("contestant: an old file has scores only") {
  CHECK(names("run,score,accuracy\n0,dpa,1\n1,ea,1\n") == Names{"dpa", "ea"});
}

TEST_CASE("contestant: attention goes by its score, and by a pattern that is not full") {
  CHECK(names("run,mixer,score,pattern,window,accuracy\n"
              "0,attention,dpa,full,,1\n1,attention,ea,window,4,1\n2,cosformer,,,,1\n"
              "3,attention+linear,ea,full,,1\n") ==
        Names{"dpa", "ea window", "cosformer", "attention+linear ea"});
}

TEST_CASE("contestant: a setting that only some have, and in several values, is part of the name") {
  CHECK(names("run,mixer,score,pattern,window,heads,accuracy\n"
              "0,attention,dpa,full,,4,1\n1,attention,ea,window,4,2,1\n2,attention,ea,window,8,4,1\n") ==
        Names{"dpa", "ea window 4", "ea window 8"});
  // heads varies, but all have it: it makes rungs
}

TEST_CASE("contestant: without any column to name it from") {
  CHECK_THROWS_AS(names("run,accuracy\n0,1\n"), Error);
}

TEST_CASE("contestant: scores by patterns are compared on the same rungs") {
  std::string csv =
      "run,mixer,score,pattern,window,delay,seed,complexity_bits,chance,steps_done,accuracy,"
      "rollout_accuracy,solved,step_solved,status\n";
  int run = 0;
  for (const std::string score : {"dpa", "ea"})
    for (const std::string pattern : {"full,", "window,4"})
      for (const std::string delay : {"4", "8"})
        for (const std::string seed : {"0", "1"})
          csv += std::to_string(run++) + ",attention," + score + "," + pattern + "," + delay + "," +
                 seed + "," + delay + ",0.1,100,0.5,0.5,0,,ok\n";
  const Analysis analysis = analyse(Table::parse(csv, "runs.csv"));
  CHECK(analysis.scores == Names{"dpa", "dpa window", "ea", "ea window"});
  REQUIRE(analysis.rungs.size() == 2);
  CHECK(analysis.rung_keys == Names{"delay"});
  for (const Rung& rung : analysis.rungs)
    for (const Cell& cell : rung.cells) CHECK(cell.runs.size() == 2);
}
