#include "statistics/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace ladder::statistics {

namespace {

// Accuracy of contestant minus baseline, by seed that has both.
std::map<std::string, double> differences(const Cell& baseline, const Cell& cell) {
  std::map<std::string, double> accuracy, difference;
  for (const Outcome& outcome : baseline.runs) accuracy[outcome.seed] = outcome.accuracy;
  for (const Outcome& outcome : cell.runs)
    if (const auto pair = accuracy.find(outcome.seed); pair != accuracy.end())
      difference[outcome.seed] = outcome.accuracy - pair->second;
  return difference;
}

Values values_of(const std::map<std::string, double>& by_seed) {
  Values values;
  for (const auto& [seed, value] : by_seed) values.push_back(value);
  return values;
}

Values negative(Values values) {
  for (double& value : values) value = -value;
  return values;
}

bool testable(const Values& differences) {
  return std::count_if(differences.begin(), differences.end(), [](double d) { return d != 0; }) >=
         least_pairs;
}

Comparison compared(const Rung& rung, std::size_t place, std::size_t contestant) {
  const Cell &baseline = rung.cells[0], &cell = rung.cells[contestant];
  const Values paired = values_of(differences(baseline, cell));
  const Values a = cell.accuracies(), b = baseline.accuracies();
  // Fewer steps are better.
  const Values fast = negative(cell.steps_solved()), slow = negative(baseline.steps_solved());
  Comparison result{};
  result.rung = place;
  result.contestant = contestant;
  result.pairs = static_cast<int>(paired.size());
  result.difference = mean(paired);
  result.difference_interval = bootstrap_mean(paired);
  result.p = paired.empty() ? not_defined : sign_flip_p(paired);
  result.p_holm = testable(paired) ? result.p : not_defined;  // corrected when all are known
  result.improvement = probability_of_improvement(a, b);
  result.improvement_interval = bootstrap_improvement(a, b);
  result.sooner = probability_of_improvement(fast, slow);
  result.sooner_interval = bootstrap_improvement(fast, slow);
  return result;
}

void correct(std::vector<Comparison>& comparisons, std::size_t contestant) {
  Values p;
  std::vector<Comparison*> tested;
  for (Comparison& comparison : comparisons)
    if (comparison.contestant == contestant && !std::isnan(comparison.p_holm)) {
      tested.push_back(&comparison);
      p.push_back(comparison.p);
    }
  const Values adjusted = holm(p);
  for (std::size_t i = 0; i < tested.size(); ++i) tested[i]->p_holm = adjusted[i];
}

// Whether so many seeds could show a difference after the correction if all of theirs had one sign.
bool could_show(const std::vector<Comparison>& comparisons, const Comparison& one) {
  int tested = 0, pairs = 0;
  for (const Comparison& c : comparisons)
    if (c.contestant == one.contestant && !std::isnan(c.p_holm)) {
      ++tested;
      pairs = std::max(pairs, c.pairs);
    }
  return one.pairs >= least_pairs && (tested == 0 || tested * std::ldexp(2.0, -pairs) < significance);
}

// A claim needs both: a corrected p below the level, and an interval that excludes 0.
std::string verdict(const std::vector<Comparison>& comparisons, const Comparison& comparison) {
  if (!could_show(comparisons, comparison)) return "too few seeds";
  if (comparison.p_holm < significance) {
    if (comparison.difference_interval.above(0)) return "better";
    if (comparison.difference_interval.below(0)) return "worse";
  }
  return "no difference shown";
}

bool both_at(const Rung& rung, std::size_t contestant, double share, bool above) {
  for (const std::size_t which : {std::size_t{0}, contestant}) {
    const double reached = (mean(rung.cells[which].accuracies()) - rung.chance) /
                           (rung.best_possible - rung.chance);
    if (above ? !(reached >= share) : !(reached <= share)) return false;
  }
  return true;
}

// Rows: the seeds that have run every one of the rungs with both; columns: the rungs.
std::vector<Values> by_seed(const Analysis& analysis, const std::vector<std::size_t>& rungs,
                            std::size_t contestant) {
  std::map<std::string, Values> rows;
  for (const std::size_t rung : rungs) {
    const auto& cells = analysis.rungs[rung].cells;
    for (const auto& [seed, difference] : differences(cells[0], cells[contestant]))
      rows[seed].push_back(difference);
  }
  std::vector<Values> complete;
  for (const auto& [seed, row] : rows)
    if (row.size() == rungs.size()) complete.push_back(row);
  return complete;
}

RankCorrelation trend(const Analysis& analysis, const std::vector<std::size_t>& rungs,
                  std::size_t contestant) {
  const std::vector<Values> rows = by_seed(analysis, rungs, contestant);
  if (rows.empty()) return {};
  Values bits, margins(rungs.size(), 0.0);
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    bits.push_back(analysis.rungs[rungs[i]].complexity_bits);
    for (const Values& row : rows) margins[i] += row[i];
  }
  const double value = spearman(bits, margins);
  return {value, std::isnan(value) ? Interval{} : bootstrap_spearman(bits, rows)};
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

// The rungs with pairs: all of them, or those without failed runs where that keeps more pairs (a
// rung at which most runs fail leaves few seeds complete, a seed that failed once costs a rung).
std::vector<std::size_t> comparable(const Analysis& analysis, const std::vector<std::size_t>& rungs,
                                    std::size_t contestant) {
  std::vector<std::size_t> paired, whole;
  for (const std::size_t rung : rungs) {
    if (analysis.comparison(rung, contestant)->pairs == 0) continue;
    const auto& cells = analysis.rungs[rung].cells;
    paired.push_back(rung);
    if (cells[0].failed + cells[contestant].failed == 0) whole.push_back(rung);
  }
  const auto pairs = [&](const std::vector<std::size_t>& kept) {
    return kept.size() * by_seed(analysis, kept, contestant).size();
  };
  return pairs(whole) > pairs(paired) ? whole : paired;
}

void fill_differences(const Analysis& analysis, Margin& margin) {
  const auto& rungs = margin.compared = comparable(analysis, margin.rungs, margin.contestant);
  const std::vector<Values> rows = by_seed(analysis, rungs, margin.contestant);
  Values means;
  for (const Values& row : rows) means.push_back(mean(row));
  margin.seeds = static_cast<int>(rows.size());
  margin.difference = mean(means);
  margin.interval = bootstrap_mean(means);
  if (!rows.empty()) margin.p = sign_flip_p(means);

  if (!analysis.has_ladder) return;
  std::vector<std::size_t> telling;
  for (const std::size_t rung : rungs)
    if (!both_at(analysis.rungs[rung], margin.contestant, ceiling_share, true) &&
        !both_at(analysis.rungs[rung], margin.contestant, chance_share, false))
      telling.push_back(rung);
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
  for (std::size_t rung = 0; rung < analysis.rungs.size(); ++rung)
    for (std::size_t contestant = 1; contestant < analysis.contestants.size(); ++contestant)
      analysis.comparisons.push_back(compared(analysis.rungs[rung], rung, contestant));
  for (std::size_t contestant = 1; contestant < analysis.contestants.size(); ++contestant)
    correct(analysis.comparisons, contestant);
  for (Comparison& comparison : analysis.comparisons) comparison.verdict = verdict(analysis.comparisons, comparison);
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
