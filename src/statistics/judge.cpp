#include "statistics/judge.h"

#include <cmath>

namespace ladder::statistics {

// Of an estimate's interval on both sides of `none`, with the smallest effect from `lower` to `upper`.
static Call call(const Interval& interval, double p, double lower, double upper) {
  if (p < significance && interval.above(upper)) return Call::more;
  if (p < significance && interval.below(lower)) return Call::less;
  if (interval.above(lower)) return interval.below(upper) ? Call::alike : Call::not_less;
  return Call::not_shown;
}

static Call turned(Call call) { return call == Call::more ? Call::less : call == Call::less ? Call::more : call; }

Call judge_accuracy(const Margin& margin) {
  if (margin.seeds < least_pairs) return Call::too_few_seeds;
  if (margin.learned_rungs == 0) return Call::nothing_learned;
  return call(margin.interval, margin.p_joint, -smallest_difference, smallest_difference);
}

bool holds_beyond_these_rungs(const Margin& margin) {
  switch (judge_accuracy(margin)) {
    case Call::more: return margin.rung_interval.above(smallest_difference);
    case Call::less: return margin.rung_interval.below(-smallest_difference);
    default: return false;
  }
}

Call judge_time(const Margin& margin) {
  if (margin.seeds < least_pairs) return Call::too_few_seeds;
  if (margin.learned_rungs == 0) return Call::nothing_learned;
  if (margin.timed_rungs == 0) return Call::none_solved;
  // More steps are later.
  const Call found = turned(call(margin.ratio_interval, margin.time_p_joint, 1 / smallest_ratio, smallest_ratio));
  return found == Call::not_less ? Call::not_shown : found;
}

Call judge_steps(const Interval& ratio, double p) {
  if (p < significance && ratio.below(1 / equal_ratio)) return Call::more;
  if (p < significance && ratio.above(equal_ratio)) return Call::less;
  return ratio.above(1 / equal_ratio) && ratio.below(equal_ratio) ? Call::alike : Call::not_shown;
}

Call judge_trend(const Margin& margin) {
  if (margin.seeds < least_pairs) return Call::too_few_seeds;
  if (margin.learned_rungs == 0) return Call::nothing_learned;
  if (margin.telling_rungs < static_cast<int>(least_trend_rungs)) return Call::too_few_rungs;
  const Interval& interval = margin.telling_trend.interval;
  if (interval.above(smallest_correlation)) return Call::more;
  if (interval.below(-smallest_correlation)) return Call::less;
  return Call::not_shown;
}

Reach judge_reach(const Analysis& analysis, const Margin& margin) {
  Values p, least, sign;
  std::vector<int> groups;  // each its own
  bool enough = false;
  for (const std::size_t place : margin.rungs) {
    const Cell &cell = analysis.rungs[place].cells[margin.contestant], &baseline = analysis.rungs[place].cells[0];
    const int n = static_cast<int>(cell.runs.size()), m = static_cast<int>(baseline.runs.size());
    enough |= std::min(n, m) >= least_pairs;
    if (std::min(n, m) < least_pairs) continue;
    p.push_back(fisher_p(cell.solved(), n, baseline.solved(), m));
    least.push_back(least_fisher_p(cell.solved() + baseline.solved(), n, m));
    sign.push_back(cell.solved() * m - baseline.solved() * n);
    groups.push_back(static_cast<int>(place));
  }
  if (!enough) return {Call::too_few_seeds};
  if (margin.learned_rungs == 0) return {Call::nothing_learned};
  const Values adjusted = holm_of_possible(p, least, groups).adjusted;
  Reach reach{Call::not_shown};
  for (std::size_t i = 0; i < p.size(); ++i)
    if (adjusted[i] < significance) ++(sign[i] > 0 ? reach.more : reach.less);
  if (reach.more > 0) reach.call = reach.less > 0 ? Call::both_ways : Call::more;
  else if (reach.less > 0) reach.call = Call::less;
  return reach;
}

// Whether so many seeds could show a difference after the correction if all of theirs had one sign.
static bool could_show(const Comparison& comparison, const Family& family) {
  return comparison.pairs >= least_pairs && std::ldexp(2.0, -comparison.pairs) <= family.level;
}

std::string accuracy_verdict(const Comparison& comparison, const Family& family) {
  if (comparison.both_solved) return "both solved";
  if (comparison.pairs > 0 && !comparison.learned) return "nothing learned";
  if (!could_show(comparison, family)) return "too few seeds";
  switch (call(comparison.difference_interval, comparison.p_holm, -smallest_difference, smallest_difference)) {
    case Call::more: return "better";
    case Call::less: return "worse";
    default: return "no difference shown";
  }
}

std::string time_verdict(const Comparison& comparison, const Family& family) {
  if (std::isnan(comparison.ratio)) return "none solved";
  if (!could_show(comparison, family)) return "too few seeds";
  switch (call(comparison.ratio_interval, comparison.time_p_holm, 1 / smallest_ratio, smallest_ratio)) {
    case Call::more: return "later";
    case Call::less: return "sooner";
    default: return "no difference shown";
  }
}

}  // namespace ladder::statistics
