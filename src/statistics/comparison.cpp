#include "statistics/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "statistics/judge.h"

namespace ladder::statistics {

namespace {

// A seed that both contestants have run at a rung.
struct PairOfRuns {
  double difference;              // in accuracy; 0 if both are solved
  double steps, baseline_steps;   // to solve, restricted to the budget
};
using Pairs = std::map<std::string, PairOfRuns>;  // by seed

// The steps to solve that both contestants' times are restricted to: what the unsolved runs were given,
// or else the latest solution. NaN if neither has solved.
double budget(const Cell& a, const Cell& b) {
  double given = INFINITY, latest = not_defined;
  for (const Cell* cell : {&a, &b}) {
    if (cell->budget() > 0) given = std::min(given, cell->budget());
    for (const Outcome& run : cell->runs)
      if (run.solved) latest = std::fmax(latest, run.step_solved);
  }
  return std::isfinite(given) && !std::isnan(latest) ? given : latest;
}

Pairs pairs_of(const Rung& rung, std::size_t contestant) {
  const Cell &baseline = rung.cells[0], &cell = rung.cells[contestant];
  const double limit = budget(baseline, cell);
  std::map<std::string, const Outcome*> known;
  for (const Outcome& run : baseline.runs) known[run.seed] = &run;
  Pairs pairs;
  for (const Outcome& run : cell.runs)
    if (const auto found = known.find(run.seed); found != known.end()) {
      const Outcome& other = *found->second;
      pairs[run.seed] = {run.solved && other.solved ? 0 : run.accuracy - other.accuracy,
                         std::min(run.step_solved, limit), std::min(other.step_solved, limit)};
    }
  return pairs;
}

struct Times {
  Values steps, baseline_steps, differences;
  void add(double mine, double theirs) {
    steps.push_back(mine), baseline_steps.push_back(theirs), differences.push_back(mine - theirs);
  }
  double ratio() const { return mean(steps) / mean(baseline_steps); }
};

Values negative(Values values) {
  for (double& value : values) value = -value;
  return values;
}

// The share of the way from chance to the best possible.
double reached(const Rung& rung, std::size_t contestant) {
  return (mean(rung.cells[contestant].accuracies()) - rung.chance) / (rung.best_possible - rung.chance);
}

bool both_at_ceiling(const Rung& rung, std::size_t contestant) {
  return reached(rung, 0) >= ceiling_share && reached(rung, contestant) >= ceiling_share;
}

bool learned(const Rung& rung, std::size_t contestant) {
  return !(reached(rung, 0) <= chance_share && reached(rung, contestant) <= chance_share);
}

bool all_solved(const Cell& cell) {
  return !cell.runs.empty() && cell.solved() == static_cast<int>(cell.runs.size());
}

struct Tested {
  Comparison comparison;
  double least_p = 1, least_time_p = 1;  // that the sizes of the differences allow
  double joint_p = 1, joint_time_p = 1;  // corrected for each other
};

Tested compared(const Rung& rung, std::size_t place, std::size_t contestant) {
  const Cell &baseline = rung.cells[0], &cell = rung.cells[contestant];
  Values differences;
  Times times;
  for (const auto& [seed, pair] : pairs_of(rung, contestant)) {
    differences.push_back(pair.difference);
    times.add(pair.steps, pair.baseline_steps);
  }
  Tested tested;
  Comparison& result = tested.comparison;
  result.rung = place;
  result.contestant = contestant;
  result.pairs = static_cast<int>(differences.size());
  // Fewer steps are better.
  result.improvement = probability_of_improvement(cell.accuracies(), baseline.accuracies());
  result.sooner = probability_of_improvement(negative(cell.steps_solved()), negative(baseline.steps_solved()));
  if (differences.empty()) return tested;
  result.learned = learned(rung, contestant);
  result.both_solved = all_solved(cell) && all_solved(baseline);
  result.difference = mean(differences);
  result.difference_interval = mean_interval(differences);
  result.p = sign_flip_p(differences);
  tested.least_p = least_sign_flip_p(differences);
  tested.joint_p = result.p;
  if (std::isnan(times.ratio())) return tested;
  result.ratio = times.ratio();
  result.ratio_interval = ratio_interval(times.steps, times.baseline_steps);
  result.time_p = sign_flip_p(times.differences);
  tested.least_time_p = least_sign_flip_p(times.differences);
  const Values joint = joint_sign_flip_p({differences, times.differences});
  tested.joint_p = joint[0], tested.joint_time_p = joint[1];
  return tested;
}

// Of one contestant, over its rungs: accuracy and time are one family.
Family correct(std::vector<Tested*>& rungs) {
  Values p, least;
  std::vector<int> groups;
  for (const Tested* rung : rungs) {
    p.push_back(rung->joint_p), p.push_back(rung->joint_time_p);
    least.push_back(rung->least_p), least.push_back(rung->least_time_p);
    groups.insert(groups.end(), 2, static_cast<int>(rung->comparison.rung));
  }
  Family family = holm_of_possible(p, least, groups);
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    Comparison& c = rungs[i]->comparison;
    c.p_holm = family.adjusted[2 * i], c.time_p_holm = family.adjusted[2 * i + 1];
    c.verdict = accuracy_verdict(c, family), c.time_verdict = time_verdict(c, family);
  }
  return family;
}

// Rows: the seeds that have run every one of the rungs with both; columns: the rungs.
std::vector<std::vector<PairOfRuns>> by_seed(const Analysis& analysis, const std::vector<std::size_t>& rungs,
                                             std::size_t contestant) {
  std::map<std::string, std::vector<PairOfRuns>> rows;
  for (const std::size_t rung : rungs)
    for (const auto& [seed, pair] : pairs_of(analysis.rungs[rung], contestant)) rows[seed].push_back(pair);
  std::vector<std::vector<PairOfRuns>> complete;
  for (const auto& [seed, row] : rows)
    if (row.size() == rungs.size()) complete.push_back(row);
  return complete;
}

RankCorrelation trend(const Analysis& analysis, const std::vector<std::size_t>& rungs,
                      std::size_t contestant) {
  if (rungs.size() < 2) return {};
  Values bits, of_seeds;
  for (const std::size_t rung : rungs) bits.push_back(analysis.rungs[rung].complexity_bits);
  for (const auto& row : by_seed(analysis, rungs, contestant)) {
    Values differences;
    for (const PairOfRuns& pair : row) differences.push_back(pair.difference);
    const double of_seed = spearman(bits, differences);
    of_seeds.push_back(std::isnan(of_seed) ? 0 : of_seed);  // a constant margin has no trend
  }
  return {mean(of_seeds), mean_interval(of_seeds)};
}

double highest(const Analysis& analysis, const Margin& margin, bool by_all) {
  double bits = not_defined;
  for (const std::size_t rung : margin.rungs) {
    const Cell& cell = analysis.rungs[rung].cells[margin.contestant];
    const int n = static_cast<int>(cell.runs.size()), solved = cell.solved();
    if (n > 0 && (by_all ? solved == n : 2 * solved > n))
      bits = std::fmax(bits, analysis.rungs[rung].complexity_bits);  // ignores NaN
  }
  return bits;
}

// The rungs with pairs: all of them, or those with the most where that keeps more pairs (a rung at
// which most runs are missing leaves few seeds complete, a seed that misses one costs a rung).
std::vector<std::size_t> comparable(const Analysis& analysis, const std::vector<std::size_t>& rungs,
                                    std::size_t contestant) {
  int most = 0;
  for (const std::size_t rung : rungs) most = std::max(most, analysis.comparison(rung, contestant)->pairs);
  std::vector<std::size_t> paired, whole;
  for (const std::size_t rung : rungs) {
    const int pairs = analysis.comparison(rung, contestant)->pairs;
    if (pairs > 0) paired.push_back(rung);
    if (pairs > 0 && pairs == most) whole.push_back(rung);
  }
  const auto pairs = [&](const std::vector<std::size_t>& kept) {
    return kept.size() * by_seed(analysis, kept, contestant).size();
  };
  return whole.size() < paired.size() && pairs(whole) > pairs(paired) ? whole : paired;
}

void fill_differences(const Analysis& analysis, Margin& margin) {
  const auto& rungs = margin.compared = comparable(analysis, margin.rungs, margin.contestant);
  const auto rows = by_seed(analysis, rungs, margin.contestant);
  std::vector<bool> timed;
  for (const std::size_t rung : rungs) {
    const Comparison& c = *analysis.comparison(rung, margin.contestant);
    margin.learned_rungs += c.learned;
    timed.push_back(!std::isnan(c.ratio));
    margin.timed_rungs += timed.back();
  }
  Values of_seeds, of_rungs(rungs.size(), 0);
  Times times;
  for (const auto& row : rows) {
    double difference = 0, steps = 0, baseline_steps = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      difference += row[i].difference;
      of_rungs[i] += row[i].difference / static_cast<double>(rows.size());
      if (timed[i]) steps += row[i].steps, baseline_steps += row[i].baseline_steps;
    }
    of_seeds.push_back(difference / static_cast<double>(row.size()));
    times.add(steps, baseline_steps);
  }
  margin.seeds = static_cast<int>(rows.size());
  if (!rows.empty()) {
    margin.difference = mean(of_seeds);
    margin.interval = mean_interval(of_seeds);
    if (margin.seeds >= least_pairs) margin.rung_interval = mean_interval(of_rungs);
    margin.p = sign_flip_p(of_seeds);
    const Values joint = joint_sign_flip_p({of_seeds, times.differences});
    margin.p_joint = joint[0];
    if (margin.timed_rungs > 0) {
      margin.ratio = times.ratio();
      margin.ratio_interval = ratio_interval(times.steps, times.baseline_steps);
      margin.time_p = sign_flip_p(times.differences);
      margin.time_p_joint = joint[1];
    }
  }
  if (!analysis.has_ladder) return;
  std::vector<std::size_t> telling;
  for (const std::size_t place : rungs)
    if (const Rung& rung = analysis.rungs[place];
        !both_at_ceiling(rung, margin.contestant) && learned(rung, margin.contestant))
      telling.push_back(place);
  margin.trend = trend(analysis, rungs, margin.contestant);
  margin.telling_rungs = static_cast<int>(telling.size());
  margin.telling_trend = trend(analysis, telling, margin.contestant);
}

Margin margin_over(const Analysis& analysis, std::vector<std::size_t> rungs,
                   std::size_t contestant, std::vector<std::string> ladder = {}) {
  Margin margin{
      .ladder = std::move(ladder), .contestant = contestant, .rungs = std::move(rungs)};
  if (contestant > 0) fill_differences(analysis, margin);
  if (analysis.has_ladder) {
    margin.highest_by_all = highest(analysis, margin, true);
    margin.highest_by_most = highest(analysis, margin, false);
  }
  return margin;
}

}  // namespace

void compare(Analysis& analysis) {
  std::vector<Tested> tested;
  const std::size_t contestants = analysis.contestants.size();
  for (std::size_t rung = 0; rung < analysis.rungs.size(); ++rung)
    for (std::size_t contestant = 1; contestant < contestants; ++contestant)
      tested.push_back(compared(analysis.rungs[rung], rung, contestant));
  analysis.families.assign(contestants, {});
  for (std::size_t contestant = 1; contestant < contestants; ++contestant) {
    std::vector<Tested*> its_own;
    for (Tested& one : tested)
      if (one.comparison.contestant == contestant) its_own.push_back(&one);
    analysis.families[contestant] = correct(its_own);
  }
  for (Tested& one : tested) analysis.comparisons.push_back(std::move(one.comparison));
}

void take_margins(Analysis& analysis) {
  std::vector<std::size_t> all;
  std::map<std::vector<std::string>, std::vector<std::size_t>, decltype(&less_in_order)> ladders(
      &less_in_order);
  for (std::size_t rung = 0; rung < analysis.rungs.size(); ++rung) {
    std::vector<std::string> values;
    for (const std::string& key : analysis.ladder_keys)
      values.push_back(analysis.value(analysis.rungs[rung], key));
    ladders[values].push_back(rung);
    all.push_back(rung);
  }
  for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant)
    analysis.margins.push_back(margin_over(analysis, all, contestant));
  // One ladder is all rungs; without complexity a ladder is one rung, which the comparisons have.
  if (ladders.size() == 1 || !analysis.has_ladder) return;
  for (const auto& [values, rungs] : ladders)
    for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant)
      analysis.margins.push_back(margin_over(analysis, rungs, contestant, values));
}

void take_marginals(Analysis& analysis) {
  if (analysis.rung_keys.size() < 2) return;
  for (const std::string& key : analysis.rung_keys) {
    std::map<std::string, std::vector<std::size_t>, decltype(&natural_less)> by_value(
        &natural_less);
    for (std::size_t rung = 0; rung < analysis.rungs.size(); ++rung)
      by_value[analysis.value(analysis.rungs[rung], key)].push_back(rung);
    for (const auto& [value, rungs] : by_value)
      for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant)
        analysis.marginals.push_back({key, value, margin_over(analysis, rungs, contestant)});
  }
}

}  // namespace ladder::statistics
