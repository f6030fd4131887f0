// From runs to numbers: which runs belong together, what each group did, how scores compare.
//
// What is compared is the contestant (contestant.h); here it is still called the score. A rung is one
// combination of all settings that vary, without contestant and seed. A cell is one contestant at one rung: its runs differ in their seed only. Runs of the same rung and seed are pairs: they
// start from the same weights and see the same batches.
#pragma once

#include <string>
#include <vector>

#include "statistics/statistics.h"
#include "base/table.h"

namespace ladder::statistics {

// In runs.csv, every column before this one is a setting, but for `run`, the run's number; this one
// and all behind it are outcomes.
inline constexpr const char* first_result_column = "complexity_bits";

// At least this share of the way from chance to the best possible is "at the ceiling", at most that
// one "at chance": rungs where both scores are at the ceiling, or both at chance, cannot show a
// difference.
inline constexpr double ceiling_share = 0.99, chance_share = 0.05;
inline constexpr double significance = 0.05;

struct Outcome {
  int run;
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
  std::vector<Cell> cells;          // by score
};

// A score against the baseline at one rung. Differences are score minus baseline, in accuracy.
struct Comparison {
  std::size_t rung, score;
  int pairs;
  double difference;
  Interval difference_interval;
  double p;       // sign flip
  double p_holm;  // over the score's tested rungs; NaN if this one is not tested (see compare())
  double improvement;  // probability of a better accuracy
  Interval improvement_interval;
  double sooner;       // probability of being solved in fewer steps; never solved = never
  Interval sooner_interval;
  std::string verdict;  // "better", "worse", "no difference shown", "too few seeds"
};

// A score over the rungs of one ladder: the rungs that agree in every setting which has no part in
// the complexity. The margin is the mean of the differences over the compared rungs: those with
// pairs, or those of them without failed runs where that keeps more pairs. A unit is a seed that has
// run every compared rung with both scores.
struct Climb {
  std::vector<std::string> values;  // of Analysis::panel_keys; empty: all rungs
  std::size_t score;
  std::vector<std::size_t> rungs, compared;
  int seeds;
  double margin, margin_p;
  Interval margin_interval;
  double trend;  // rank correlation of the margin at a rung with its complexity
  Interval trend_interval;
  int telling_rungs;  // not both at the ceiling, not both at chance
  double telling_trend;
  Interval telling_trend_interval;
  double highest_by_all, highest_by_most;  // bits; NaN if none

  // +1, -1: the margin shows the score to be more, less accurate; 0: no difference is shown.
  int direction() const;
};

// The rungs that share the value of one rung key, whatever the others.
struct Marginal {
  std::string key, value;
  Climb climb;
};

struct Analysis {
  std::vector<std::string> rung_keys;
  std::vector<std::string> panel_keys;       // the rung keys that have no part in the complexity
  std::vector<std::string> complexity_keys;  // the others
  std::vector<std::string> followers;        // vary, but are determined by the rung keys
  std::vector<std::string> score_keys;       // vary, and are determined by them and the score
  std::vector<std::string> scores;           // the baseline first, the others in order of name
  std::vector<std::vector<std::string>> score_values;  // [score][score_keys], "|" between several
  bool has_ladder;                 // the complexity varies
  std::vector<Rung> rungs;         // by complexity, then by the keys in order
  std::vector<Comparison> comparisons;  // by rung, then score
  std::vector<Climb> climbs;       // by panel, then score, the baseline included
  std::vector<Marginal> marginals; // by key, value, score; none where only one key varies
  int runs, failed, repeated;      // repeated: the same settings and seed again; left out

  const Comparison* comparison(std::size_t rung, std::size_t score) const;
  // "base 8, delay 12": the values of some of the rung keys.
  std::string name(const Rung& rung, const std::vector<std::string>& keys) const;
  std::string name(const Rung& rung) const { return name(rung, rung_keys); }
  const std::string& value(const Rung& rung, const std::string& key) const;
};

// `baseline` empty: dpa, or the first score if there is none. Throws a usage error for a baseline
// without runs, a failure for a table that is not of the form of runs.csv or has no rows.
Analysis analyse(const Table& runs, const std::string& baseline = "");

// Numbers by value and before words; lists "3+12" by length, then number by number.
bool natural_less(const std::string& a, const std::string& b);

}  // namespace ladder::statistics
