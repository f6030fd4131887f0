// Contestants are named from whatever columns there are.
#include "statistics/contestant.h"

#include <doctest/doctest.h>

#include "ladder/base/error.h"
#include "ladder/base/text.h"
#include "statistics/analysis.h"

using namespace ladder;
using namespace ladder::statistics;

using Names = std::vector<std::string>;

static Names named(const std::string& csv) { return contestants(Table::parse(csv, "runs.csv")); }

TEST_CASE("contestant: an old file has scores only") {
  CHECK(named("run,score\n0,dpa\n1,ea\n") == Names{"dpa", "ea"});
}

TEST_CASE("contestant: what is usual is not said") {
  CHECK(named("run,mixer,score,pattern\n0,attention,dpa,full\n1,attention,ea,window\n"
              "2,cosformer,,\n3,attention+linear,ea,full\n") ==
        Names{"dpa", "ea window", "cosformer", "attention+linear ea"});
}

TEST_CASE("contestant: what does not vary is not said either, unless nothing else names it") {
  CHECK(named("run,mixer,score,pattern\n0,attention,dpa,window\n1,attention,ea,window\n"
              "2,cosformer,,\n") == Names{"dpa", "ea", "cosformer"});
  CHECK(named("run,mixer,score,pattern\n0,linear,,\n1,linear,,\n") == Names{"linear", "linear"});
}

TEST_CASE("contestant: a cell that an older file lacks holds what is usual") {
  CHECK(named("run,mixer,score,pattern\n0,,ea,\n1,attention,ea,window\n2,attention,ea,full\n") ==
        Names{"ea", "ea window", "ea"});
}

TEST_CASE("contestant: a column of that name is taken as it stands") {
  CHECK(named("contestant,score\nthis,ea\nthat,ea\n") == Names{"this", "that"});
}

// ---- in an analysis -----------------------------------------------------------------------------

// Each word of `contestants` is the cells of mixer, score, pattern and window, for two delays and
// two seeds.
static Analysis analysed(const Names& contestants, const std::string& baseline = "") {
  std::string csv =
      "run,delay,mixer,score,pattern,window,heads,seed,complexity_bits,chance,steps_done,accuracy,"
      "rollout_accuracy,solved,step_solved,status\n";
  int run = 0;
  for (const std::string& cells : contestants)
    for (const std::string delay : {"4", "8"})
      for (const std::string seed : {"0", "1"})
        csv += join({std::to_string(run++), delay, cells, seed, delay,
                     "0.1,100,0.5,0.5,0,,ok\n"}, ",");
  return analyse(Table::parse(csv, "runs.csv"), baseline);
}

static void check_two_rungs(const Analysis& analysis) {
  CHECK(analysis.rung_keys == Names{"delay"});
  REQUIRE(analysis.rungs.size() == 2);
  for (const Rung& rung : analysis.rungs) {
    REQUIRE(rung.cells.size() == analysis.contestants.size());
    for (const Cell& cell : rung.cells) CHECK(cell.runs.size() == 2);
  }
  for (const Comparison& comparison : analysis.comparisons) CHECK(comparison.pairs == 2);
}

TEST_CASE("contestant: scores by patterns are compared on the same rungs") {
  const Names four = {"attention,dpa,full,,4", "attention,dpa,window,4,4", "attention,ea,full,,4",
                      "attention,ea,window,4,4"};
  const Analysis analysis = analysed(four);
  CHECK(analysis.contestants == Names{"dpa", "dpa window", "ea", "ea window"});
  CHECK(analysis.contestant_keys == Names{"window"});
  CHECK(analysis.contestant_values == std::vector<Names>{{""}, {"4"}, {""}, {"4"}});
  check_two_rungs(analysis);
  CHECK(analysed(four, "ea window").contestants ==
        Names{"ea window", "dpa", "dpa window", "ea"});
  CHECK_THROWS_WITH_AS(analysed(four, "ea windw"), doctest::Contains("did you mean 'ea window'"),
                       Error);
}

TEST_CASE("contestant: a setting that only some have is part of the name where it varies") {
  const Analysis analysis =
      analysed({"attention,ea,full,,4", "attention,ea,window,16,4", "attention,ea,window,4,4",
                "cosformer,,,,4"});
  // In the order of numbers, not of letters; no dpa: the first is the baseline.
  CHECK(analysis.contestants == Names{"cosformer", "ea", "ea window 4", "ea window 16"});
  CHECK(analysis.contestant_keys.empty());
  check_two_rungs(analysis);

  const Analysis heads = analysed({"attention,ea,full,,2", "attention,ea,full,,4", "cosformer,,,,"});
  CHECK(heads.contestants == Names{"cosformer", "ea heads 2", "ea heads 4"});
}

TEST_CASE("contestant: a setting that all have makes rungs") {
  const Analysis analysis = analysed({"attention,dpa,full,,2", "attention,dpa,full,,4",
                                      "attention,ea,full,,2", "attention,ea,full,,4"});
  CHECK(analysis.contestants == Names{"dpa", "ea"});
  CHECK(analysis.rung_keys == Names{"delay", "heads"});
  CHECK(analysis.ladder_keys == Names{"heads"});
}

TEST_CASE("contestant: a recipe that each has of its own at each rung makes no rungs") {
  // norm stands before d_model, is told by base and d_model only together, and each has it as often.
  std::string csv = "run,base,norm,score,d_model,seed,complexity_bits,chance,steps_done,accuracy,"
                    "rollout_accuracy,solved,step_solved,status\n";
  int run = 0;
  for (const std::string cells : {"8,post,dpa,16", "8,post,ea,16", "8,pre,dpa,32", "8,post,ea,32",
                                  "16,post,dpa,16", "16,pre,ea,16", "16,post,dpa,32", "16,post,ea,32"})
    csv += std::to_string(run++) + "," + cells + ",0,8,0.1,100,0.5,0.5,0,,ok\n";
  const Analysis analysis = analyse(Table::parse(csv, "runs.csv"));
  CHECK(analysis.rung_keys == Names{"base", "d_model"});
  CHECK(analysis.contestant_keys == Names{"norm"});
  REQUIRE(analysis.rungs.size() == 4);
  for (const Comparison& comparison : analysis.comparisons) CHECK(comparison.pairs == 1);
}

TEST_CASE("contestant: without any column to name it from") {
  const std::string columns = "run,seed,complexity_bits,chance,accuracy,rollout_accuracy,solved,"
                              "step_solved,steps_done,status\n";
  CHECK_THROWS_WITH_AS(analyse(Table::parse(columns + "0,0,8,0.1,1,1,1,5,5,ok\n", "x.csv")),
                       doctest::Contains("x.csv: no column 'score'"), Error);
}

TEST_CASE("names are ordered word by word, numbers by value, lists by length") {
  CHECK(natural_less("4", "16"));
  CHECK(natural_less("16", "a"));
  CHECK(natural_less("12", "3+4"));
  CHECK(natural_less("3+4", "3+12"));
  CHECK(natural_less("8+12", "2+3+4"));
  CHECK(natural_less("ea", "ea window 4"));
  CHECK(natural_less("ea window 4", "ea window 16"));
  CHECK(natural_less("dpa window 16", "ea"));
  CHECK(!natural_less("ea", "ea"));
}
