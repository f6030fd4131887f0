#include "report/figures.h"

#include <algorithm>
#include <cmath>
#include <cctype>
#include <map>
#include <numeric>
#include <set>

#include "ladder/base/text.h"
#include "report/figure_parts.h"
#include "report/report_parts.h"
#include "statistics/judge.h"

namespace ladder::report {

namespace {

using Names = std::vector<std::string>;

constexpr std::size_t most_dots = 48;

const std::string bands = "Bands are 95 % intervals over seeds (none with fewer than 6).";
const std::string guess = " Dotted: the accuracy of a guess.";
const std::string quartiles = "Bands are quartiles over seeds. ";
const std::string censored =
    "Runs not solved within the budget count as later than all others; a hollow marker with an "
    "arrow says that the median is one of them and is drawn at the budget.";
const std::string hollow_dots =
    "Filled: better or worse (corrected p below 0.05, interval beyond 0.01). Hollow: no difference shown, or "
    "too few seeds to show one.";

std::string left_out(std::size_t shown, std::size_t all, const std::string& what) {
  if (all <= shown) return "";
  return " Shown: " + std::to_string(shown) + " of " + std::to_string(all) + " " + what +
         "; the tables have all.";
}

bool has_guess(const LineChart& chart) {
  for (const Facet& facet : chart.facets)
    for (const Series& series : facet.series)
      if (series.style == reference_style) return true;
  return false;
}

// The pictures of one report, as they are made.
class Pictures {
 public:
  Pictures(const Analysis& analysis, const Table& runs) : setup_(setup_of(analysis, runs)) {}

  // `caption`: what is drawn; `note`: what its marks mean, for the picture and below it.
  template <class Chart>
  void add(const std::string& name, const std::string& caption, const std::string& note, Chart chart,
           const std::string& fold = "") {
    chart.subtitle = setup_;
    chart.note = note;
    made.push_back({name, caption + " " + note, to_svg(chart), fold});
  }
  std::vector<Picture> made;

 private:
  std::string setup_;
};

void add_accuracy(const std::string& caption, LineChart chart, const std::string& more, Pictures& pictures) {
  const std::string note = bands + (has_guess(chart) ? guess : "") + more;
  pictures.add("accuracy", caption, note, std::move(chart));
}

// Rungs of equal complexity come apart along the first key that the complexity depends on.
void add_ladder(const Analysis& analysis, Pictures& pictures) {
  const Abscissa x = complexity(analysis);
  Names keys = analysis.ladder_keys;
  if (analysis.complexity_keys.size() > 1) keys.push_back(analysis.complexity_keys.front());
  const auto facets = grouped(analysis, keys);
  const std::string note = left_out(most_facets, facets.size(), "facets");
  add_accuracy("Mean token accuracy on fresh sequences against the complexity of the rule" +
                   (keys.empty() ? "." : ", one facet for each " + join(keys, ", ") + "."),
               accuracy_chart(analysis, x, facets), note, pictures);
  if (any_solved(analysis))
    pictures.add("steps", "Median steps until solved.", quartiles + censored + note,
                 steps_chart(analysis, x, facets));
}

void add_single_number(const Analysis& analysis, const std::string& key, Pictures& pictures) {
  const auto groups = grouped(analysis, other_keys(analysis, {key}));
  if (groups.size() > 12) return;  // the dots say it better
  const Abscissa x = setting(analysis, key);
  add_accuracy("Mean token accuracy on fresh sequences against " + key + ".",
               accuracy_chart(analysis, x, groups), "", pictures);
  if (any_solved(analysis))
    pictures.add("steps", "Median steps until solved against " + key + ".", quartiles + censored,
                 steps_chart(analysis, x, groups));
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

// Whether there are rungs in at least half of the plane: else there is little to see.
bool fills(const Analysis& analysis, const Names& keys) {
  std::size_t cells = grouped(analysis, other_keys(analysis, keys)).size();
  for (const std::string& key : keys) cells *= values_of(analysis, key).size();
  return 2 * analysis.rungs.size() >= cells;
}

void add_heat(const Analysis& analysis, const Names& keys, Pictures& pictures) {
  const std::string note = left_out(
      most_heat_lines, grouped(analysis, other_keys(analysis, keys)).size(), "lines of facets");
  pictures.add("heat_accuracy",
               "Mean token accuracy over " + keys[0] + " and " + keys[1] + ", and the paired difference.",
               "*: a difference with Holm-corrected p below 0.05 whose interval excludes 0. Dark is good. "
               "Crossed out: no runs." + note,
               accuracy_heat(analysis, keys[0], keys[1]));
  if (!any_solved(analysis)) return;
  pictures.add("heat_steps",
               "Median steps until solved, and the probability that a run is solved in fewer steps than one "
               "of the baseline (ties, unsolved ones among them, count half).",
               "Dark is good. >: the median run was not solved within that budget. *: a 95 % interval that "
               "excludes 0.5, not corrected for the number of cells." + note,
               steps_heat(analysis, keys[0], keys[1]));
}

DotFacet difference_facet() {
  return {.axis = {.label = "difference in accuracy"}, .reference = 0};
}

// Where there are many rungs: the key that parts them into the fewest groups of a readable size.
std::vector<Group> readable_groups(const Analysis& analysis, std::size_t most) {
  const Group all{"", [&] {
                    std::vector<std::size_t> places(analysis.rungs.size());
                    std::iota(places.begin(), places.end(), std::size_t{0});
                    return places;
                  }()};
  if (analysis.rungs.size() <= most) return {all};
  std::vector<Group> best = {all};
  for (const std::string& key : analysis.rung_keys) {
    auto groups = grouped(analysis, {key});
    const auto largest = [](const std::vector<Group>& of) {
      std::size_t size = 0;
      for (const Group& group : of) size = std::max(size, group.rungs.size());
      return size;
    };
    const bool fits = largest(groups) <= most, best_fits = largest(best) <= most;
    if (fits > best_fits || (fits == best_fits && (fits ? groups.size() < best.size()
                                                         : largest(groups) < largest(best))))
      best = std::move(groups);
  }
  return best;
}

// "_optimizer_sgd": of a group's title, for the name of its file.
std::string suffix_of(const Group& group) {
  std::string suffix;
  for (const char c : group.title.empty() ? "" : "_" + group.title)
    suffix += std::isalnum(static_cast<unsigned char>(c)) || c == '.' ? c : '_';
  return suffix;
}

// By complexity; where all have the same, by the largest difference.
std::vector<std::size_t> sorted_rungs(const Analysis& analysis, std::vector<std::size_t> rungs) {
  if (analysis.has_ladder || analysis.contestants.size() < 2) return rungs;
  const auto difference = [&](std::size_t rung) {
    double sum = 0;
    for (std::size_t contestant = 1; contestant < analysis.contestants.size(); ++contestant)
      if (const double d = analysis.comparison(rung, contestant)->difference; !std::isnan(d)) sum += d;
    return sum;
  };
  std::stable_sort(rungs.begin(), rungs.end(),
                   [&](std::size_t a, std::size_t b) { return difference(a) > difference(b); });
  return rungs;
}

DotChart dot_chart(const Analysis& analysis, const Group& group, std::size_t most) {
  DotChart chart;
  chart.title = "Accuracy and paired difference at every rung" +
                (group.title.empty() ? "" : ", " + group.title);
  chart.category_label = join(analysis.rung_keys, ", ") +
                         (analysis.has_ladder ? ", by complexity" : ", by the difference");
  DotFacet accuracy{.axis = {.label = "token accuracy", .low = 0, .high = 1}};
  DotFacet difference = difference_facet();
  for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant) {
    const std::string& name = analysis.contestants[contestant];
    const std::size_t style = style_of(analysis, contestant);
    accuracy.series.push_back({name, style, {}, false});
    if (contestant > 0)
      difference.series.push_back({difference_name(analysis, contestant), style, {}, false, name});
  }
  auto rungs = sorted_rungs(analysis, group.rungs);
  if (rungs.size() > most) rungs.resize(most);
  for (const std::size_t rung : rungs) {
    const std::string name = analysis.name(analysis.rungs[rung]);
    Names values_of_rung;
    for (const std::string& value : analysis.rungs[rung].values) values_of_rung.push_back(value_text(value));
    chart.categories.push_back(join(values_of_rung, ", "));
    for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant) {
      const Values values = analysis.rungs[rung].cells[contestant].accuracies();
      const Interval interval = mean_interval(values);
      Point point{mean(values), 0, interval.low, interval.high};
      point.about = join({name, analysis.contestants[contestant], rounded(mean(values)), bracket(interval)}, " ");
      point.row = row_of(analysis, rung, contestant);
      accuracy.series[contestant].points.push_back(point);
      if (contestant == 0) continue;
      const Comparison& c = *analysis.comparison(rung, contestant);
      Point change{c.difference, 0, c.difference_interval.low, c.difference_interval.high, !c.shown()};
      change.about = join({name, difference_name(analysis, contestant), signed_rounded(c.difference), c.verdict}, " ");
      change.row = row_of(analysis, rung, contestant, true);
      difference.series[contestant - 1].points.push_back(change);
    }
  }
  chart.facets.push_back(std::move(accuracy));
  if (!difference.series.empty()) chart.facets.push_back(std::move(difference));
  return chart;
}

void add_dots(const Analysis& analysis, Pictures& pictures) {
  const auto groups = readable_groups(analysis, most_dots);
  for (const Group& group : groups)
    pictures.add("rungs" + suffix_of(group),
                 "Mean token accuracy of every rung, and the difference over paired seeds" +
                     (group.title.empty() ? "." : ": " + group.title + "."),
                 "Whiskers are 95 % intervals over seeds (none with fewer than 6). " + hollow_dots +
                     left_out(most_dots, group.rungs.size(), "rungs"),
                 dot_chart(analysis, group, most_dots),
                 groups.size() > 1 ? "Every rung, " + group.title : "");
}

void add_marginals(const Analysis& analysis, Pictures& pictures) {
  if (analysis.marginals.empty() || analysis.contestants.size() < 2) return;
  DotChart chart;
  chart.title = "Mean difference by the value of one setting";
  chart.category_label = "setting";
  DotFacet facet = difference_facet();
  for (std::size_t contestant = 1; contestant < analysis.contestants.size(); ++contestant)
    facet.series.push_back({difference_name(analysis, contestant), style_of(analysis, contestant), {}, false,
                            analysis.contestants[contestant]});
  for (const Marginal& marginal : analysis.marginals) {
    const Margin& margin = marginal.margin;
    if (margin.contestant == 0) {
      chart.categories.push_back(marginal.key + " " + value_text(marginal.value));
      continue;
    }
    const Call call = judge_accuracy(margin);
    Point point{margin.difference, 0, margin.interval.low, margin.interval.high,
                call != Call::more && call != Call::less};
    point.about = join({marginal.key, value_text(marginal.value), difference_name(analysis, margin.contestant),
                        signed_rounded(margin.difference), signed_bracket(margin.interval)}, " ");
    facet.series[margin.contestant - 1].points.push_back(point);
  }
  chart.facets.push_back(std::move(facet));
  pictures.add("marginals", "Mean difference over all rungs that share the value of one setting.",
               "Whiskers are 95 % intervals over seeds. Hollow: no difference shown.",
               std::move(chart));
}

using Curve = std::vector<std::pair<double, double>>;  // step, accuracy

std::map<int, Curve> curves_by_run(const Table& curves) {
  std::map<int, Curve> by_run;
  for (std::size_t row = 0; row < curves.rows(); ++row)
    // A loss that ran away leaves cells that are no numbers: those runs failed, none is looked up.
    if (const auto accuracy = parse_real(curves.at(row, "accuracy")))
      by_run[curves.integer(row, "run")].emplace_back(curves.integer(row, "step"), *accuracy);
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
  Series series{analysis.contestants[contestant], style_of(analysis, contestant)};
  for (const double step : steps) {
    Values values;
    for (const Outcome& outcome : rung.cells[contestant].runs)
      if (const auto curve = curves.find(outcome.run); curve != curves.end())
        values.push_back(accuracy_at(curve->second, step));
    if (std::isnan(mean(values))) continue;  // none, or not all have been evaluated yet
    const Interval interval = mean_interval(values);
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

void add_curves(const Analysis& analysis, const Table& table, Pictures& pictures) {
  const auto curves = curves_by_run(table);
  const auto groups = readable_groups(analysis, most_facets);
  for (const Group& group : groups) {
    const std::size_t all = group.rungs.size(), count = std::min(all, most_facets);
    LineChart chart;
    chart.title = "Learning curves" + (group.title.empty() ? "" : ", " + group.title);
    chart.x = {.label = "training steps", .low = 0};
    chart.y = {.label = "token accuracy", .low = 0, .high = 1.04};
    chart.columns = groups.size() > 1 ? 0 : grid_columns(analysis, count);
    std::vector<std::size_t> rungs = group.rungs;
    std::stable_sort(rungs.begin(), rungs.end(), [&](std::size_t a, std::size_t b) {
      return less_in_order(analysis.rungs[a].values, analysis.rungs[b].values);
    });
    for (std::size_t i = 0; i < count; ++i) {
      // Where there are too many, an even choice of them.
      const Rung& rung = analysis.rungs[rungs[i * all / count]];
      const std::set<double> steps = steps_of(rung, curves);
      Facet facet{analysis.name(rung)};
      for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant)
        facet.series.push_back(curve_series(analysis, rung, contestant, curves, steps));
      Series chance{"chance", reference_style};
      if (!steps.empty())
        chance.points = {{*steps.begin(), rung.chance}, {*steps.rbegin(), rung.chance}};
      facet.series.push_back(std::move(chance));
      chart.facets.push_back(std::move(facet));
    }
    pictures.add("curves" + suffix_of(group), "Mean token accuracy on fresh sequences during training.",
                 bands + guess + " A run stopped when solved keeps its last accuracy." +
                     left_out(most_facets, all, "rungs"),
                 std::move(chart), groups.size() > 1 ? "Learning curves, " + group.title : "");
  }
}

// The mean of a measured column over a cell's runs.
double measured(const Table& runs, const Cell& cell, const std::string& column) {
  Values values;
  for (const Outcome& outcome : cell.runs)
    if (!outcome.failed) values.push_back(runs.number(outcome.row, column));
  return mean(values);
}

// `what`: of the column, for people.
void add_against(const Analysis& analysis, const Table& runs, const std::string& column,
                 const std::string& what, const std::string& picture, Pictures& pictures) {
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
      Series series{analysis.contestants[contestant], style_of(analysis, contestant), {}, false};
      for (const std::size_t place : group.rungs) {
        const Cell& cell = analysis.rungs[place].cells[contestant];
        const Values accuracies = cell.accuracies();
        const double x = measured(runs, cell, column);
        if (std::isnan(x)) continue;  // no runs, or failed ones alone
        const Interval interval = mean_interval(accuracies);
        xs.push_back(x);
        series.points.push_back({xs.back(), mean(accuracies), interval.low, interval.high});
        series.points.back().about = analysis.name(analysis.rungs[place]);
        series.points.back().row = row_of(analysis, place, contestant);
      }
      facet.series.push_back(std::move(series));
    }
    chart.facets.push_back(std::move(facet));
  }
  if (xs.empty()) return;
  const auto [least, most] = std::minmax_element(xs.begin(), xs.end());
  chart.x = {.label = what + " (mean over seeds)",
             .logarithmic = *least > 0 && *most / *least >= 8};
  pictures.add(picture, "Every rung's mean token accuracy against its mean " + what + ".",
               "Whiskers are 95 % intervals over seeds." +
                   left_out(most_facets, groups.size(), "facets"),
               std::move(chart));
}

// Accuracy against what generation carries along, where contestants differ in that.
void add_state(const Analysis& analysis, const Table& runs, Pictures& pictures) {
  const std::string column = "state_size";
  if (!runs.has(column)) return;  // an older file
  bool differ = false;
  for (const Rung& rung : analysis.rungs) {
    std::set<std::string> sizes;
    for (const Cell& cell : rung.cells)
      for (const Outcome& outcome : cell.runs)
        if (!outcome.failed) sizes.insert(runs.at(outcome.row, column));
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
  Pictures pictures(analysis, runs);
  const Names keys = plane(analysis);
  if (analysis.has_ladder) add_ladder(analysis, pictures);
  if (!keys.empty() && fills(analysis, keys)) add_heat(analysis, keys, pictures);
  else if (!analysis.has_ladder)
    for (const std::string& key : analysis.rung_keys)
      if (numeric(analysis, key)) add_single_number(analysis, key, pictures);
  if (!against.empty()) add_against(analysis, runs, against, against, "against_" + against, pictures);
  add_state(analysis, runs, pictures);
  add_marginals(analysis, pictures);
  add_dots(analysis, pictures);
  if (curves.rows() > 0) add_curves(analysis, curves, pictures);
  return std::move(pictures.made);
}

}  // namespace ladder::report
