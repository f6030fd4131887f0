#include "statistics/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace ladder::statistics {

namespace {

constexpr double not_defined = std::numeric_limits<double>::quiet_NaN();
constexpr Interval no_interval{not_defined, not_defined};

// Accuracy of score minus baseline, by seed that has both.
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

Comparison compared(const Rung& rung, std::size_t place, std::size_t score) {
  const Cell &baseline = rung.cells[0], &cell = rung.cells[score];
  const Values paired = values_of(differences(baseline, cell));
  const Values a = cell.accuracies(), b = baseline.accuracies();
  // Fewer steps are better.
  const Values fast = negative(cell.steps_solved()), slow = negative(baseline.steps_solved());
  Comparison result{};
  result.rung = place;
  result.score = score;
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

void correct(std::vector<Comparison>& comparisons, std::size_t score) {
  Values p;
  std::vector<Comparison*> tested;
  for (Comparison& comparison : comparisons)
    if (comparison.score == score && !std::isnan(comparison.p_holm)) {
      tested.push_back(&comparison);
      p.push_back(comparison.p);
    }
  const Values adjusted = holm(p);
  for (std::size_t i = 0; i < tested.size(); ++i) tested[i]->p_holm = adjusted[i];
}

// A claim needs both: a corrected p below the level, and an interval that excludes 0.
std::string verdict(const Comparison& comparison) {
  if (comparison.pairs < least_pairs) return "too few seeds";
  if (comparison.p_holm < significance) {
    if (comparison.difference_interval.above(0)) return "better";
    if (comparison.difference_interval.below(0)) return "worse";
  }
  return "no difference shown";
}

bool both_at(const Rung& rung, std::size_t score, double share, bool above) {
  for (const std::size_t which : {std::size_t{0}, score}) {
    const double reached = (mean(rung.cells[which].accuracies()) - rung.chance) /
                           (rung.best_possible - rung.chance);
    if (above ? !(reached >= share) : !(reached <= share)) return false;
  }
  return true;
}

// Rows: the seeds that have run every one of the rungs with both scores; columns: the rungs.
std::vector<Values> by_seed(const Analysis& analysis, const std::vector<std::size_t>& rungs,
                            std::size_t score) {
  std::map<std::string, Values> rows;
  for (const std::size_t rung : rungs) {
    const auto& cells = analysis.rungs[rung].cells;
    for (const auto& [seed, difference] : differences(cells[0], cells[score]))
      rows[seed].push_back(difference);
  }
  std::vector<Values> complete;
  for (const auto& [seed, row] : rows)
    if (row.size() == rungs.size()) complete.push_back(row);
  return complete;
}

struct Correlation {
  double value;
  Interval interval;
};

Correlation trend(const Analysis& analysis, const std::vector<std::size_t>& rungs,
                  std::size_t score) {
  const std::vector<Values> rows = by_seed(analysis, rungs, score);
  if (rows.empty()) return {not_defined, no_interval};
  Values bits, margins(rungs.size(), 0.0);
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    bits.push_back(analysis.rungs[rungs[i]].complexity_bits);
    for (const Values& row : rows) margins[i] += row[i];
  }
  const double value = spearman(bits, margins);
  return {value, std::isnan(value) ? no_interval : bootstrap_spearman(bits, rows)};
}

double highest(const Analysis& analysis, const Climb& climb, bool by_all) {
  double bits = not_defined;
  for (const std::size_t rung : climb.rungs) {
    const Cell& cell = analysis.rungs[rung].cells[climb.score];
    const int n = static_cast<int>(cell.runs.size()), solved = cell.solved();
    if (n > 0 && (by_all ? solved == n : 2 * solved > n))
      bits = std::fmax(bits, analysis.rungs[rung].complexity_bits);  // ignores NaN
  }
  return bits;
}

// The rungs with pairs: all of them, or those without failed runs where that keeps more pairs (a
// rung at which most runs fail leaves few seeds complete, a seed that failed once costs a rung).
std::vector<std::size_t> comparable(const Analysis& analysis, const std::vector<std::size_t>& rungs,
                                    std::size_t score) {
  std::vector<std::size_t> paired, whole;
  for (const std::size_t rung : rungs) {
    if (analysis.comparison(rung, score)->pairs == 0) continue;
    const auto& cells = analysis.rungs[rung].cells;
    paired.push_back(rung);
    if (cells[0].failed + cells[score].failed == 0) whole.push_back(rung);
  }
  const auto pairs = [&](const std::vector<std::size_t>& kept) {
    return kept.size() * by_seed(analysis, kept, score).size();
  };
  return pairs(whole) > pairs(paired) ? whole : paired;
}

void fill_margin(const Analysis& analysis, Climb& result) {
  const auto& rungs = result.compared = comparable(analysis, result.rungs, result.score);
  const std::vector<Values> rows = by_seed(analysis, rungs, result.score);
  Values margins;
  for (const Values& row : rows) margins.push_back(mean(row));
  result.seeds = static_cast<int>(rows.size());
  result.margin = mean(margins);
  result.margin_interval = bootstrap_mean(margins);
  if (!rows.empty()) result.margin_p = sign_flip_p(margins);

  if (!analysis.has_ladder) return;
  std::vector<std::size_t> telling;
  for (const std::size_t rung : rungs)
    if (!both_at(analysis.rungs[rung], result.score, ceiling_share, true) &&
        !both_at(analysis.rungs[rung], result.score, chance_share, false))
      telling.push_back(rung);
  const Correlation all = trend(analysis, rungs, result.score);
  const Correlation some = trend(analysis, telling, result.score);
  result.trend = all.value;
  result.trend_interval = all.interval;
  result.telling_rungs = static_cast<int>(telling.size());
  result.telling_trend = some.value;
  result.telling_trend_interval = some.interval;
}

Climb climbed(const Analysis& analysis, std::vector<std::string> values,
              std::vector<std::size_t> rungs, std::size_t score) {
  Climb result{std::move(values), score,       std::move(rungs), {},          0,
               not_defined,       not_defined, no_interval,      not_defined, no_interval,
               0,                 not_defined, no_interval,      not_defined, not_defined};
  if (score > 0) fill_margin(analysis, result);
  if (analysis.has_ladder) {
    result.highest_by_all = highest(analysis, result, true);
    result.highest_by_most = highest(analysis, result, false);
  }
  return result;
}

bool values_less(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), natural_less);
}

}  // namespace

void compare(Analysis& analysis) {
  for (std::size_t rung = 0; rung < analysis.rungs.size(); ++rung)
    for (std::size_t score = 1; score < analysis.scores.size(); ++score)
      analysis.comparisons.push_back(compared(analysis.rungs[rung], rung, score));
  for (std::size_t score = 1; score < analysis.scores.size(); ++score)
    correct(analysis.comparisons, score);
  for (Comparison& comparison : analysis.comparisons) comparison.verdict = verdict(comparison);
}

void climb(Analysis& analysis) {
  std::vector<std::size_t> all;
  std::map<std::vector<std::string>, std::vector<std::size_t>, decltype(&values_less)> panels(
      &values_less);
  for (std::size_t rung = 0; rung < analysis.rungs.size(); ++rung) {
    std::vector<std::string> values;
    for (const std::string& key : analysis.panel_keys)
      values.push_back(analysis.value(analysis.rungs[rung], key));
    panels[values].push_back(rung);
    all.push_back(rung);
  }
  for (std::size_t score = 0; score < analysis.scores.size(); ++score)
    analysis.climbs.push_back(climbed(analysis, {}, all, score));
  // One panel is all rungs; without a ladder a panel is a single rung, which the comparisons have.
  if (panels.size() == 1 || !analysis.has_ladder) return;
  for (const auto& [values, rungs] : panels)
    for (std::size_t score = 0; score < analysis.scores.size(); ++score)
      analysis.climbs.push_back(climbed(analysis, values, rungs, score));
}

void take_marginals(Analysis& analysis) {
  if (analysis.rung_keys.size() < 2) return;
  for (const std::string& key : analysis.rung_keys) {
    std::map<std::string, std::vector<std::size_t>, decltype(&natural_less)> by_value(
        &natural_less);
    for (std::size_t rung = 0; rung < analysis.rungs.size(); ++rung)
      by_value[analysis.value(analysis.rungs[rung], key)].push_back(rung);
    for (const auto& [value, rungs] : by_value)
      for (std::size_t score = 0; score < analysis.scores.size(); ++score)
        analysis.marginals.push_back({key, value, climbed(analysis, {}, rungs, score)});
  }
}

}  // namespace ladder::statistics
