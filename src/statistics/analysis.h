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
// difference; where both are at chance nothing has been learned.
inline constexpr double ceiling_share = 0.99, chance_share = 0.05;

struct Outcome {
  int run;
  std::size_t row;  // of the table
  std::string seed;
  double accuracy, rollout_accuracy;  // of a failed run that tells none: chance
  bool solved;
  double step_solved;  // +inf if unsolved
  double steps;        // that it was given, if unsolved; NaN if no one tells
  bool failed;         // or diverged: unsolved, whatever it had reached
};

struct Cell {
  std::vector<Outcome> runs;  // in the order of seeds
  int failed = 0;

  Values accuracies() const;
  Values steps_solved() const;
  int solved() const;
  // The steps that every unsolved run was given; 0 if there is none.
  double budget() const;
  // Mean steps to solve, an unsolved run counting as the budget; NaN if none is solved.
  double restricted_mean_steps() const;
};

struct Rung {
  std::vector<std::string> values;  // of Analysis::rung_keys
  double complexity_bits, chance;   // NaN if no run tells
  double best_possible = 1;         // accuracy of the best predictor
  std::vector<Cell> cells;          // by contestant
};

// A contestant against the baseline at one rung, over paired seeds. In accuracy: contestant minus
// baseline, where a pair that both have solved counts as 0, since what they differ by is made by when
// they were stopped. In time: the restricted mean of the contestant's steps to solve over that of the
// baseline's; a run that is unsolved counts as the budget, the steps that both were given.
struct Comparison {
  std::size_t rung, contestant;
  int pairs;
  double difference = not_defined, p = not_defined;  // p: sign flip, this rung alone
  Interval difference_interval = {};
  double ratio = not_defined, time_p = not_defined;  // NaN where neither has solved
  Interval ratio_interval = {};
  // Corrected for each other (joint_sign_flip_p) and, by Holm, for the contestant's other rungs; NaN
  // where significance is out of reach.
  double p_holm = not_defined, time_p_holm = not_defined;
  bool learned = false;      // at least one of the two is above chance
  bool both_solved = false;  // in every seed
  double improvement = not_defined, sooner = not_defined;  // probabilities, over all runs
  std::string verdict;       // "better", "worse", ...: see judge.h
  std::string time_verdict;  // "sooner", "later", ...

  bool shown() const { return verdict == "better" || verdict == "worse"; }
};

// The mean over seeds of each seed's rank correlation of margin and complexity; its interval is that
// of this mean.
struct RankCorrelation {
  double value = not_defined;
  Interval interval;
};

// A contestant's mean difference over the rungs of one ladder: those that agree in every setting
// which has no part in the complexity. Compared are the rungs with pairs, or those that have the most
// of them where that keeps more pairs. A unit is a seed that has run every compared rung with
// both contestants: intervals and p speak of these rungs, whatever the seed. `rung_interval` alone has
// the rungs as units: of the mean over other rungs of their kind.
struct Margin {
  std::vector<std::string> ladder;  // values of Analysis::ladder_keys; empty: all rungs
  std::size_t contestant;
  std::vector<std::size_t> rungs, compared = {};
  int seeds = 0;
  int learned_rungs = 0;  // of those compared
  double difference = not_defined, p = not_defined;
  Interval interval = {}, rung_interval = {};
  // Steps to solve over the compared rungs that either has solved at all: the ratio of their means.
  int timed_rungs = 0;
  double ratio = not_defined, time_p = not_defined;
  Interval ratio_interval = {};
  // Of accuracy and time together (joint_sign_flip_p).
  double p_joint = not_defined, time_p_joint = not_defined;
  RankCorrelation trend = {}, telling_trend = {};
  int telling_rungs = 0;  // not both at the ceiling, not both at chance
  double highest_by_all = not_defined, highest_by_most = not_defined;  // bits
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
  std::vector<Family> families;     // by contestant: what its rungs' p were corrected for
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

// The same, as if the failed runs had not been made.
Analysis without_failed(Analysis analysis);

// Word by word; numbers by value and before others; lists "3+12" by length, then number by number.
bool natural_less(const std::string& a, const std::string& b);
bool less_in_order(const std::vector<std::string>& a, const std::vector<std::string>& b);

}  // namespace ladder::statistics
