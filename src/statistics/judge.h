// What numbers may be called. The only place where a claim is made of them: tables, findings in words
// and the verdicts on the paper's claims all ask here, so that the same data are called the same.
//
// A claim needs something learned, at least six seeds, p < 0.05, and an interval that lies beyond the
// smallest effect of interest. p is corrected for what is claimed beside it: jointly over accuracy and
// time, and by Holm over rungs where rungs are judged one by one. So for each
// contestant at most 5 % of sweeps without any difference are called better, worse, sooner or later
// anywhere, and as many over their rungs (tests/statistics/error_rate_test.cpp). The trend and the
// reach are claims of their own, each with its 5 %.
#pragma once

#include <string>

#include "statistics/analysis.h"

namespace ladder::statistics {

// The smallest effects of interest.
inline constexpr double smallest_difference = 0.01;  // of accuracies
inline constexpr double smallest_ratio = 1.1;        // of steps to solve, and its inverse
inline constexpr double smallest_correlation = 0.1;  // of margin and complexity
inline constexpr std::size_t least_trend_rungs = 4;  // telling ones

enum class Call {
  more,             // more accurate, sooner, growing, solving more
  less,
  alike,            // the interval lies within the smallest effect
  not_less,         // it may be more, but not less by the smallest effect
  not_shown,        // none of these
  both_ways,        // more at some rungs, less at others
  nothing_learned,  // no contestant is above chance at any rung
  none_solved,      // no time to compare
  too_few_seeds,
  too_few_rungs
};

// Of these rungs, whatever the seed.
Call judge_accuracy(const Margin& margin);
// Whether the same is shown with rungs as units: of others of their kind, too.
bool holds_beyond_these_rungs(const Margin& margin);
Call judge_time(const Margin& margin);  // more: fewer steps to solve
Call judge_trend(const Margin& margin);

// Two recipes of one contestant differ in steps to solve by as much: what is within, or within its inverse,
// is alike.
inline constexpr double equal_ratio = 1.25;
// Of two contestants at one rung, each at its own recipe: the ratio of their steps, and its p. more: fewer
// steps are shown, by that factor at least.
Call judge_steps(const Interval& ratio, double p);

// Rungs of which one of the two solves a larger share of seeds: Fisher's test, Holm's correction over
// the rungs.
struct Reach {
  Call call;
  int more = 0, less = 0;  // rungs
};
Reach judge_reach(const Analysis& analysis, const Margin& margin);

// Of one rung. Accuracy: "better", "worse", "no difference shown", "too few seeds", "nothing learned",
// "both solved". Time: "sooner", "later", "no difference shown", "too few seeds", "none solved".
std::string accuracy_verdict(const Comparison& comparison, const Family& family);
std::string time_verdict(const Comparison& comparison, const Family& family);

}  // namespace ladder::statistics
