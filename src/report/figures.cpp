#include "report/figures.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "ladder/base/text.h"
#include "report/figure_parts.h"
#include "report/report_parts.h"

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
  const auto facets = grouped(analysis, analysis.ladder_keys);
  const auto note = [](const std::vector<Group>& groups) {
    return left_out(most_facets, groups.size(), "facets");
  };
  pictures.push_back({"accuracy",
                      "Mean token accuracy on fresh sequences against the complexity of the rule; "
                      "rungs of equal complexity are averaged. " + bands + note(facets),
                      to_svg(accuracy_chart(analysis, x, facets))});
  // Rungs of equal complexity come apart along the first key that the complexity depends on.
  auto single = facets;
  if (analysis.complexity_keys.size() > 1) {
    const std::string& key = analysis.complexity_keys.front();
    Names keys = analysis.ladder_keys;
    keys.push_back(key);
    single = grouped(analysis, keys);
    pictures.push_back({"accuracy_by_" + key,
                        "The same, one facet for each " + key + ". " + bands + note(single),
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
      most_heat_lines, grouped(analysis, other_keys(analysis, keys)).size(), "lines of facets");
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

DotFacet difference_facet() {
  return {.axis = {.label = "difference in accuracy"}, .reference = 0};
}

void add_dots(const Analysis& analysis, std::vector<Picture>& pictures) {
  const std::size_t count = std::min(analysis.rungs.size(), most_dots);
  DotChart chart;
  chart.title = "Accuracy and paired difference at every rung";
  chart.category_label = join(analysis.rung_keys, ", ");
  DotFacet accuracy{.axis = {.label = "token accuracy", .low = 0, .high = 1}};
  DotFacet difference = difference_facet();
  for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant) {
    accuracy.series.push_back({analysis.contestants[contestant], contestant, {}, false});
    if (contestant > 0)
      difference.series.push_back(
          {difference_name(analysis, contestant), contestant, {}, false});
  }
  for (std::size_t rung = 0; rung < count; ++rung) {
    chart.categories.push_back(join(analysis.rungs[rung].values, ", "));
    for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant) {
      const Values values = analysis.rungs[rung].cells[contestant].accuracies();
      const Interval interval = bootstrap_mean(values);
      accuracy.series[contestant].points.push_back({mean(values), 0, interval.low, interval.high});
      if (contestant == 0) continue;
      const Comparison& c = *analysis.comparison(rung, contestant);
      difference.series[contestant - 1].points.push_back(
          {c.difference, 0, c.difference_interval.low, c.difference_interval.high, !c.shown()});
    }
  }
  chart.facets.push_back(std::move(accuracy));
  if (!difference.series.empty()) chart.facets.push_back(std::move(difference));
  pictures.push_back({"rungs",
                      "Mean token accuracy of every rung with 95 % bootstrap intervals over seeds, "
                      "and the difference over paired seeds. Hollow: no difference shown (see the "
                      "verdicts)." + left_out(most_dots, analysis.rungs.size(), "rungs"),
                      to_svg(chart)});
}

void add_marginals(const Analysis& analysis, std::vector<Picture>& pictures) {
  if (analysis.marginals.empty() || analysis.contestants.size() < 2) return;
  DotChart chart;
  chart.title = "Mean difference by the value of one setting";
  chart.category_label = "setting";
  DotFacet facet = difference_facet();
  for (std::size_t contestant = 1; contestant < analysis.contestants.size(); ++contestant)
    facet.series.push_back(
        {difference_name(analysis, contestant), contestant, {}, false});
  for (const Marginal& marginal : analysis.marginals) {
    const Margin& margin = marginal.margin;
    if (margin.contestant == 0) chart.categories.push_back(marginal.key + " " + marginal.value);
    else
      facet.series[margin.contestant - 1].points.push_back(
          {margin.difference, 0, margin.interval.low, margin.interval.high,
           margin.seeds < least_pairs ||
               !(margin.interval.above(0) || margin.interval.below(0))});
  }
  chart.facets.push_back(std::move(facet));
  pictures.push_back({"marginals",
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

Series curve_series(const Analysis& analysis, const Rung& rung, std::size_t contestant,
                    const std::map<int, Curve>& curves, const std::set<double>& steps) {
  Series series{analysis.contestants[contestant], contestant};
  for (const double step : steps) {
    Values values;
    for (const Outcome& outcome : rung.cells[contestant].runs)
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
std::size_t grid_columns(const Analysis& analysis, std::size_t facets) {
  if (analysis.rung_keys.empty()) return 0;
  std::size_t cells = 1;
  for (const std::string& key : analysis.rung_keys) cells *= values_of(analysis, key).size();
  const std::size_t columns = values_of(analysis, analysis.rung_keys.back()).size();
  return cells == facets && columns > 2 && columns <= 6 ? columns : 0;
}

void add_curves(const Analysis& analysis, const Table& table, std::vector<Picture>& pictures) {
  const auto curves = curves_by_run(table);
  const auto groups = grouped(analysis, analysis.rung_keys);  // one rung each
  const std::size_t count = std::min(groups.size(), most_facets);
  LineChart chart;
  chart.title = "Learning curves";
  chart.x = {.label = "training steps", .low = 0};
  chart.y = {.label = "token accuracy", .low = 0, .high = 1.04};
  chart.columns = grid_columns(analysis, count);
  for (std::size_t i = 0; i < count; ++i) {
    // Where there are too many, an even choice of them.
    const Group& group = groups[i * groups.size() / count];
    const Rung& rung = analysis.rungs[group.rungs.front()];
    const std::set<double> steps = steps_of(rung, curves);
    Facet facet{group.title};
    for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant)
      facet.series.push_back(curve_series(analysis, rung, contestant, curves, steps));
    Series chance{"chance", reference_style};
    if (!steps.empty())
      chance.points = {{*steps.begin(), rung.chance}, {*steps.rbegin(), rung.chance}};
    facet.series.push_back(std::move(chance));
    chart.facets.push_back(std::move(facet));
  }
  pictures.push_back({"curves",
                      "Mean token accuracy on fresh sequences during training. " + bands +
                          " A run stopped when solved keeps its last accuracy." +
                          left_out(most_facets, groups.size(), "rungs"),
                      to_svg(chart)});
}

// The mean of a measured column over a cell's runs.
double measured(const Table& runs, const Cell& cell, const std::string& column) {
  Values values;
  for (const Outcome& outcome : cell.runs) values.push_back(runs.number(outcome.row, column));
  return mean(values);
}

// `what`: of the column, for people.
void add_against(const Analysis& analysis, const Table& runs, const std::string& column,
                 const std::string& what, const std::string& picture, std::vector<Picture>& pictures) {
  LineChart chart;
  chart.title = "Accuracy of every rung against " + what;
  chart.y = {.label = "token accuracy", .low = 0, .high = 1.04};
  Values xs;
  Names words;  // a facet for each combination of what is not a number
  for (const std::string& key : analysis.rung_keys)
    if (!numeric(analysis, key)) words.push_back(key);
  const std::vector<Group> groups = grouped(analysis, words);
  for (const Group& group : groups) {
    if (chart.facets.size() == most_facets) break;
    Facet facet{words.empty() ? "" : group.title};
    for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant) {
      Series series{analysis.contestants[contestant], contestant, {}, false};
      for (const std::size_t place : group.rungs) {
        const Cell& cell = analysis.rungs[place].cells[contestant];
        const Values accuracies = cell.accuracies();
        if (accuracies.empty()) continue;
        const Interval interval = bootstrap_mean(accuracies);
        xs.push_back(measured(runs, cell, column));
        series.points.push_back({xs.back(), mean(accuracies), interval.low, interval.high});
      }
      facet.series.push_back(std::move(series));
    }
    chart.facets.push_back(std::move(facet));
  }
  if (xs.empty()) return;
  const auto [least, most] = std::minmax_element(xs.begin(), xs.end());
  chart.x = {.label = what + " (mean over seeds)",
             .logarithmic = *least > 0 && *most / *least >= 8};
  pictures.push_back({picture,
                      "Every rung's mean token accuracy against its mean " + what +
                          "; whiskers are 95 % bootstrap intervals over seeds." +
                          left_out(most_facets, groups.size(), "facets"),
                      to_svg(chart)});
}

// Accuracy against what generation carries along, where contestants differ in that.
void add_state(const Analysis& analysis, const Table& runs, std::vector<Picture>& pictures) {
  const std::string column = "state_size";
  if (!runs.has(column)) return;  // an older file
  bool differ = false;
  for (const Rung& rung : analysis.rungs) {
    std::set<std::string> sizes;
    for (const Cell& cell : rung.cells)
      for (const Outcome& outcome : cell.runs) sizes.insert(runs.at(outcome.row, column));
    if (sizes.contains("")) return;
    differ |= sizes.size() > 1;
  }
  if (differ)
    add_against(analysis, runs, column, "numbers carried while generating", "state",
                pictures);
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
  if (!against.empty()) add_against(analysis, runs, against, against, "against_" + against, pictures);
  add_state(analysis, runs, pictures);
  add_marginals(analysis, pictures);
  add_dots(analysis, pictures);
  if (curves.rows() > 0) add_curves(analysis, curves, pictures);
  return pictures;
}

}  // namespace ladder::report
