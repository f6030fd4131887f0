#include "report/figures.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "report/figure_parts.h"
#include "ladder/base/text.h"

namespace ladder::report {

namespace {

using Names = std::vector<std::string>;

constexpr std::size_t most_dots = 100;

const std::string bands =
    "Bands are 95 % bootstrap intervals over seeds; dotted: the accuracy of a guess.";
const std::string censored =
    "Runs not solved within the budget count as later than all others; a hollow marker with an "
    "arrow says that the median is one of them and is drawn at the budget.";

std::string left_out(std::size_t shown, std::size_t all, const std::string& what) {
  if (all <= shown) return "";
  return " Shown: " + std::to_string(shown) + " of " + std::to_string(all) + " " + what +
         "; the tables have all.";
}

void add_ladder(const Analysis& analysis, std::vector<Picture>& pictures) {
  const Abscissa x = complexity(analysis);
  const auto panels = grouped(analysis, analysis.panel_keys);
  const auto note = [](const std::vector<Group>& groups) {
    return left_out(most_panels, groups.size(), "panels");
  };
  pictures.push_back({"accuracy",
                      "Mean token accuracy on fresh sequences against the complexity of the rule; "
                      "rungs of equal complexity are averaged. " + bands + note(panels),
                      to_svg(accuracy_chart(analysis, x, panels))});
  // Rungs of equal complexity come apart along the first key that the complexity depends on.
  auto single = panels;
  if (analysis.complexity_keys.size() > 1) {
    const std::string& key = analysis.complexity_keys.front();
    Names keys = analysis.panel_keys;
    keys.push_back(key);
    single = grouped(analysis, keys);
    pictures.push_back({"accuracy_by_" + key,
                        "The same, one panel for each " + key + ". " + bands + note(single),
                        to_svg(accuracy_chart(analysis, x, single))});
  }
  if (any_solved(analysis))
    pictures.push_back({"steps",
                        "Median steps until solved; bands are quartiles over seeds. " + censored +
                            note(single),
                        to_svg(steps_chart(analysis, x, single))});
}

void add_single_number(const Analysis& analysis, const std::string& key,
                       std::vector<Picture>& pictures) {
  const auto groups = grouped(analysis, other_keys(analysis, {key}));
  if (groups.size() > 12) return;  // the dots say it better
  const Abscissa x = setting(analysis, key);
  pictures.push_back({"accuracy",
                      "Mean token accuracy on fresh sequences against " + key + ". " + bands,
                      to_svg(accuracy_chart(analysis, x, groups))});
  if (any_solved(analysis))
    pictures.push_back({"steps",
                        "Median steps until solved; bands are quartiles over seeds. " + censored,
                        to_svg(steps_chart(analysis, x, groups))});
}

// The two keys that span a plane, if there are.
Names plane(const Analysis& analysis) {
  Names keys = analysis.complexity_keys;
  if (keys.size() < 2) {
    keys.clear();
    for (const std::string& key : analysis.rung_keys)
      if (numeric(analysis, key)) keys.push_back(key);
  }
  if (keys.size() < 2) return {};
  keys.resize(2);
  return keys;
}

void add_heat(const Analysis& analysis, const Names& keys, std::vector<Picture>& pictures) {
  const std::string note = left_out(
      most_heat_lines, grouped(analysis, other_keys(analysis, keys)).size(), "lines of panels");
  pictures.push_back({"heat_accuracy",
                      "Mean token accuracy over " + keys[0] + " and " + keys[1] +
                          ", and the paired difference; * marks a difference with Holm-corrected "
                          "p < 0.05 whose interval excludes 0. Crossed out: no runs." + note,
                      to_svg(accuracy_heat(analysis, keys[0], keys[1]))});
  if (!any_solved(analysis)) return;
  pictures.push_back({"heat_steps",
                      "Median steps until solved (>: the median run was not solved within that "
                      "budget), and the probability that a run is solved in fewer steps than one "
                      "of the baseline (ties, unsolved ones among them, count half); * marks a "
                      "95 % interval that excludes 0.5, not corrected for the number of cells." +
                          note,
                      to_svg(steps_heat(analysis, keys[0], keys[1]))});
}

void add_dots(const Analysis& analysis, std::vector<Picture>& pictures) {
  const std::size_t count = std::min(analysis.rungs.size(), most_dots);
  DotChart chart;
  chart.title = "Accuracy and paired difference at every rung";
  chart.category_label = join(analysis.rung_keys, ", ");
  DotPanel accuracy{{"token accuracy", false, 0.0, 1.0, {}}, {}, {}};
  DotPanel difference{{"difference in accuracy", false, {}, {}, {}}, {}, 0.0};
  for (std::size_t score = 0; score < analysis.scores.size(); ++score) {
    accuracy.series.push_back({analysis.scores[score], score, {}, false});
    if (score > 0)
      difference.series.push_back({difference_name(analysis.scores[score], analysis.scores[0]),
                                   score, {}, false});
  }
  for (std::size_t rung = 0; rung < count; ++rung) {
    chart.categories.push_back(join(analysis.rungs[rung].values, ", "));
    for (std::size_t score = 0; score < analysis.scores.size(); ++score) {
      const Values values = analysis.rungs[rung].cells[score].accuracies();
      const Interval interval = bootstrap_mean(values);
      accuracy.series[score].points.push_back({mean(values), 0, interval.low, interval.high});
      if (score == 0) continue;
      const Comparison& c = *analysis.comparison(rung, score);
      const bool shown = c.verdict == "better" || c.verdict == "worse";
      difference.series[score - 1].points.push_back(
          {c.difference, 0, c.difference_interval.low, c.difference_interval.high, !shown});
    }
  }
  chart.panels.push_back(std::move(accuracy));
  if (!difference.series.empty()) chart.panels.push_back(std::move(difference));
  pictures.push_back({"rungs",
                      "Mean token accuracy of every rung with 95 % bootstrap intervals over seeds, "
                      "and the difference over paired seeds. Hollow: no difference shown (see the "
                      "verdicts)." + left_out(most_dots, analysis.rungs.size(), "rungs"),
                      to_svg(chart)});
}

void add_marginals(const Analysis& analysis, std::vector<Picture>& pictures) {
  if (analysis.marginals.empty() || analysis.scores.size() < 2) return;
  DotChart chart;
  chart.title = "Mean difference by the value of one setting";
  chart.category_label = "setting";
  DotPanel margin{{"difference in accuracy", false, {}, {}, {}}, {}, 0.0};
  for (std::size_t score = 1; score < analysis.scores.size(); ++score)
    margin.series.push_back(
        {difference_name(analysis.scores[score], analysis.scores[0]), score, {}, false});
  for (const Marginal& marginal : analysis.marginals) {
    const Climb& climb = marginal.climb;
    if (climb.score == 0) chart.categories.push_back(marginal.key + " " + marginal.value);
    else
      margin.series[climb.score - 1].points.push_back(
          {climb.margin, 0, climb.margin_interval.low, climb.margin_interval.high,
           climb.seeds < least_pairs ||
               !(climb.margin_interval.above(0) || climb.margin_interval.below(0))});
  }
  chart.panels.push_back(std::move(margin));
  pictures.push_back({"settings",
                      "Mean difference over all rungs that share the value of one setting, with 95 "
                      "% bootstrap intervals over seeds. Hollow: the interval includes 0, or there "
                      "are fewer than " + std::to_string(least_pairs) + " seeds.",
                      to_svg(chart)});
}

using Curve = std::vector<std::pair<double, double>>;  // step, accuracy

std::map<int, Curve> curves_by_run(const Table& curves) {
  std::map<int, Curve> by_run;
  for (std::size_t row = 0; row < curves.rows(); ++row)
    // A loss that ran away leaves cells that are no numbers: those runs failed, none is looked up.
    if (const auto accuracy = parse_real(curves.at(row, "accuracy")))
      by_run[static_cast<int>(curves.number(row, "run"))].emplace_back(curves.number(row, "step"),
                                                                       *accuracy);
  for (auto& [run, curve] : by_run) std::sort(curve.begin(), curve.end());
  return by_run;
}

// A run that was stopped keeps its last accuracy: without it, the mean at later steps would be that
// of the runs which are slow.
double accuracy_at(const Curve& curve, double step) {
  double accuracy = no_value;
  for (const auto& [at, value] : curve)
    if (at <= step) accuracy = value;
  return accuracy;
}

Series curve_series(const Analysis& analysis, const Rung& rung, std::size_t score,
                    const std::map<int, Curve>& curves, const std::set<double>& steps) {
  Series series{analysis.scores[score], score, {}};
  for (const double step : steps) {
    Values values;
    for (const Outcome& outcome : rung.cells[score].runs)
      if (const auto curve = curves.find(outcome.run); curve != curves.end())
        values.push_back(accuracy_at(curve->second, step));
    if (std::isnan(mean(values))) continue;  // none, or not all have been evaluated yet
    const Interval interval = bootstrap_mean(values);
    series.points.push_back({step, mean(values), interval.low, interval.high});
  }
  return series;
}

// The steps at which any run of the rung was evaluated.
std::set<double> steps_of(const Rung& rung, const std::map<int, Curve>& curves) {
  std::set<double> steps;
  for (const Cell& cell : rung.cells)
    for (const Outcome& outcome : cell.runs)
      if (const auto curve = curves.find(outcome.run); curve != curves.end())
        for (const auto& [step, accuracy] : curve->second) steps.insert(step);
  return steps;
}

// As many columns as the last key has values, where that makes a full grid of a readable width.
std::size_t grid_columns(const Analysis& analysis, std::size_t panels) {
  if (analysis.rung_keys.empty()) return 0;
  std::size_t cells = 1;
  for (const std::string& key : analysis.rung_keys) cells *= values_of(analysis, key).size();
  const std::size_t columns = values_of(analysis, analysis.rung_keys.back()).size();
  return cells == panels && columns > 2 && columns <= 6 ? columns : 0;
}

void add_curves(const Analysis& analysis, const Table& table, std::vector<Picture>& pictures) {
  const auto curves = curves_by_run(table);
  const auto groups = grouped(analysis, analysis.rung_keys);  // one rung each
  const std::size_t count = std::min(groups.size(), most_panels);
  LineChart chart;
  chart.title = "Learning curves";
  chart.x = {"training steps", false, 0.0, {}, {}};
  chart.y = {"token accuracy", false, 0.0, 1.04, {}};
  chart.columns = grid_columns(analysis, count);
  for (std::size_t i = 0; i < count; ++i) {
    // Where there are too many, an even choice of them.
    const Group& group = groups[i * groups.size() / count];
    const Rung& rung = analysis.rungs[group.rungs.front()];
    const std::set<double> steps = steps_of(rung, curves);
    Panel panel{group.title, {}};
    for (std::size_t score = 0; score < analysis.scores.size(); ++score)
      panel.series.push_back(curve_series(analysis, rung, score, curves, steps));
    Series chance{"chance", reference_style, {}};
    if (!steps.empty())
      chance.points = {{*steps.begin(), rung.chance}, {*steps.rbegin(), rung.chance}};
    panel.series.push_back(std::move(chance));
    chart.panels.push_back(std::move(panel));
  }
  pictures.push_back({"curves",
                      "Mean token accuracy on fresh sequences during training. " + bands +
                          " A run stopped when solved keeps its last accuracy." +
                          left_out(most_panels, groups.size(), "rungs"),
                      to_svg(chart)});
}

// The mean of a measured column over a cell's runs.
double measured(const Table& runs, const Cell& cell, const std::string& column,
                const std::map<int, std::size_t>& rows) {
  Values values;
  for (const Outcome& outcome : cell.runs)
    values.push_back(runs.number(rows.at(outcome.run), column));
  return mean(values);
}

void add_against(const Analysis& analysis, const Table& runs, const std::string& column,
                 std::vector<Picture>& pictures) {
  std::map<int, std::size_t> rows;
  for (std::size_t row = 0; row < runs.rows(); ++row)
    rows.emplace(static_cast<int>(runs.number(row, "run")), row);
  LineChart chart;
  chart.title = "Accuracy of every rung against " + column;
  chart.y = {"token accuracy", false, 0.0, 1.04, {}};
  Values xs;
  Names words;  // a panel for each combination of what is not a number
  for (const std::string& key : analysis.rung_keys)
    if (!numeric(analysis, key)) words.push_back(key);
  const std::vector<Group> groups = grouped(analysis, words);
  for (const Group& group : groups) {
    if (chart.panels.size() == most_panels) break;
    Panel panel{words.empty() ? "" : group.title, {}};
    for (std::size_t score = 0; score < analysis.scores.size(); ++score) {
      Series series{analysis.scores[score], score, {}, false};
      for (const std::size_t place : group.rungs) {
        const Cell& cell = analysis.rungs[place].cells[score];
        const Values accuracies = cell.accuracies();
        if (accuracies.empty()) continue;
        const Interval interval = bootstrap_mean(accuracies);
        xs.push_back(measured(runs, cell, column, rows));
        series.points.push_back({xs.back(), mean(accuracies), interval.low, interval.high});
      }
      panel.series.push_back(std::move(series));
    }
    chart.panels.push_back(std::move(panel));
  }
  if (xs.empty()) return;
  const auto [least, most] = std::minmax_element(xs.begin(), xs.end());
  chart.x = {column + " (mean over seeds)", *least > 0 && *most / *least >= 8, {}, {}, {}};
  pictures.push_back({"against_" + column,
                      "Every rung's mean token accuracy against its mean " + column +
                          "; whiskers are 95 % bootstrap intervals over seeds." +
                          left_out(most_panels, groups.size(), "panels"),
                      to_svg(chart)});
}

}  // namespace

std::vector<Picture> make_pictures(const Analysis& analysis, const Table& runs, const Table& curves,
                                   const std::string& against) {
  std::vector<Picture> pictures;
  const Names keys = plane(analysis);
  if (analysis.has_ladder) add_ladder(analysis, pictures);
  if (!keys.empty()) add_heat(analysis, keys, pictures);
  else if (!analysis.has_ladder)
    for (const std::string& key : analysis.rung_keys)
      if (numeric(analysis, key)) add_single_number(analysis, key, pictures);
  if (!against.empty()) add_against(analysis, runs, against, pictures);
  add_marginals(analysis, pictures);
  add_dots(analysis, pictures);
  if (curves.rows() > 0) add_curves(analysis, curves, pictures);
  return pictures;
}

}  // namespace ladder::report
