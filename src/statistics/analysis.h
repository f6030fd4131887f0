// From runs to numbers: which runs belong together, what each group did, how contestants compare.
//
// A rung is one combination of all settings that vary, without contestant and seed. A cell is one
// contestant at one rung: its runs differ in their seed only. Runs of the same rung and seed are
// pairs: they see the same batches, and start from the same weights where they have the same ones.
#pragma once

#include <string>
#include <vector>

#include "base/table.h"
#include "statistics/statistics.h"

namespace ladder::statistics {

// In runs.csv, every column before this one is a setting, but for `run`, the run's number; this one
// and all behind it are outcomes.
inline constexpr const char* first_result_column = "complexity_bits";

// At least this share of the way from chance to the best possible is "at the ceiling", at most that
// one "at chance": rungs where both contestants are at the ceiling, or both at chance, cannot show a
// difference.
inline constexpr double ceiling_share = 0.99, chance_share = 0.05;
inline constexpr double significance = 0.05;

struct Outcome {
  int run;
  std::size_t row;  // of the table
  std::string seed;
  double accuracy, rollout_accuracy;
  bool solved;
  double step_solved;  // +inf if unsolved
  double steps_done;
};

struct Cell {
  std::vector<Outcome> runs;  // in the order of seeds; failed ones are not among them
  int failed = 0;

  Values accuracies() const;
  Values steps_solved() const;
  int solved() const;
  // The steps that every unsolved run was given; 0 if there is none.
  double budget() const;
};

struct Rung {
  std::vector<std::string> values;  // of Analysis::rung_keys
  double complexity_bits, chance;   // NaN if no run tells
  double best_possible = 1;         // accuracy of the best predictor
  std::vector<Cell> cells;          // by contestant
};

// A contestant against the baseline at one rung. Differences are contestant minus baseline, in
// accuracy.
struct Comparison {
  std::size_t rung, contestant;
  int pairs;
  double difference;
  Interval difference_interval;
  double p;       // sign flip
  double p_holm;  // over the contestant's tested rungs; NaN if this one is not (see compare())
  double improvement;  // probability of a better accuracy
  Interval improvement_interval;
  double sooner;       // probability of being solved in fewer steps; never solved = never
  Interval sooner_interval;
  std::string verdict;  // "better", "worse", "no difference shown", "too few seeds"

  bool shown() const { return verdict == "better" || verdict == "worse"; }
};

// Of the margin at a rung with the rung's complexity.
struct RankCorrelation {
  double value = not_defined;
  Interval interval;
};

// A contestant's mean difference over the rungs of one ladder: those that agree in every setting
// which has no part in the complexity. Compared are the rungs with pairs, or those of them without
// failed runs where that keeps more pairs. A unit is a seed that has run every compared rung with
// both contestants.
struct Margin {
  std::vector<std::string> ladder;  // values of Analysis::ladder_keys; empty: all rungs
  std::size_t contestant;
  std::vector<std::size_t> rungs, compared = {};
  int seeds = 0;
  double difference = not_defined, p = not_defined;
  Interval interval = {};
  RankCorrelation trend = {}, telling_trend = {};
  int telling_rungs = 0;  // not both at the ceiling, not both at chance
  double highest_by_all = not_defined, highest_by_most = not_defined;  // bits

  // +1, -1: the contestant is shown to be more, less accurate; 0: no difference is shown.
  int direction() const;
};

// The rungs that share the value of one rung key, whatever the others.
struct Marginal {
  std::string key, value;
  Margin margin;
};

struct Analysis {
  std::vector<std::string> rung_keys;
  std::vector<std::string> ladder_keys;      // the rung keys that have no part in the complexity
  std::vector<std::string> complexity_keys;  // the others
  std::vector<std::string> followers;        // vary, but are determined by the rung keys
  std::vector<std::string> contestant_keys;  // vary, determined by them and the contestant
  std::vector<std::string> contestants;      // the baseline first, the others in order of name
  std::vector<std::vector<std::string>> contestant_values;  // [contestant][contestant_keys], "|"
                                                            // between several
  bool has_ladder = false;              // the complexity varies
  std::vector<Rung> rungs;              // by complexity, then by the keys in order
  std::vector<Comparison> comparisons;  // by rung, then contestant
  std::vector<Margin> margins;      // by ladder, then contestant, the baseline included
  std::vector<Marginal> marginals;  // by key, value, contestant; none where only one key varies
  int runs = 0, failed = 0, repeated = 0;  // repeated: the same settings and seed again; left out

  const Comparison* comparison(std::size_t rung, std::size_t contestant) const;
  // "base 8, delay 12": the values of some of the rung keys.
  std::string name(const Rung& rung, const std::vector<std::string>& keys) const;
  std::string name(const Rung& rung) const { return name(rung, rung_keys); }
  const std::string& value(const Rung& rung, const std::string& key) const;
};

// A setting that would make rungs, but does not apply to some contestants (its cells are empty), is
// said in the names of the others instead: "ea window 4", "ea window 8".
// `baseline` empty: dpa, or the first contestant if there is none. Throws a usage error for a
// baseline without runs, a failure for a table that is not of the form of runs.csv or has no rows.
Analysis analyse(const Table& runs, const std::string& baseline = "");

// Word by word; numbers by value and before others; lists "3+12" by length, then number by number.
bool natural_less(const std::string& a, const std::string& b);
bool less_in_order(const std::vector<std::string>& a, const std::vector<std::string>& b);

}  // namespace ladder::statistics
