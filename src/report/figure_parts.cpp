#include "report/figure_parts.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "ladder/base/text.h"
#include "report/report_parts.h"

namespace ladder::report {

using Names = std::vector<std::string>;

std::vector<Group> grouped(const Analysis& analysis, const Names& keys) {
  std::map<Names, Group, decltype(&less_in_order)> groups(&less_in_order);
  for (std::size_t place = 0; place < analysis.rungs.size(); ++place) {
    const Rung& rung = analysis.rungs[place];
    Names values;
    for (const std::string& key : keys) values.push_back(analysis.value(rung, key));
    Group& group = groups[values];
    group.title = analysis.name(rung, keys);
    group.rungs.push_back(place);
  }
  std::vector<Group> result;
  for (auto& [values, group] : groups) result.push_back(std::move(group));
  return result;
}

Names values_of(const Analysis& analysis, const std::string& key) {
  Names values;
  for (const Rung& rung : analysis.rungs) values.push_back(analysis.value(rung, key));
  std::sort(values.begin(), values.end(), natural_less);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

bool numeric(const Analysis& analysis, const std::string& key) {
  const Names values = values_of(analysis, key);
  return std::all_of(values.begin(), values.end(),
                     [](const std::string& value) { return parse_real(value).has_value(); });
}

Names other_keys(const Analysis& analysis, const Names& keys) {
  Names others;
  for (const std::string& key : analysis.rung_keys)
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) others.push_back(key);
  return others;
}

Abscissa complexity(const Analysis&) {
  return {{.label = "complexity (bits)"}, "complexity",
          [](const Rung& rung) { return rung.complexity_bits; }};
}

Abscissa setting(const Analysis& analysis, const std::string& key) {
  std::vector<double> ticks;
  for (const std::string& value : values_of(analysis, key))
    ticks.push_back(parse_real(value).value_or(no_value));
  const bool logarithmic = ticks.front() > 0 && ticks.back() / ticks.front() >= 4;
  return {{.label = key, .logarithmic = logarithmic, .ticks = ticks}, key,
          [&analysis, key](const Rung& rung) {
            return parse_real(analysis.value(rung, key)).value_or(no_value);
          }};
}

// A setting's values, as far as they can be read at a glance.
static std::string values_text(const Table& runs, const std::string& column) {
  Names values;
  if (!runs.has(column)) return "";
  for (std::size_t row = 0; row < runs.rows(); ++row)
    if (const std::string& value = runs.at(row, column);
        !value.empty() && std::find(values.begin(), values.end(), value) == values.end())
      values.push_back(value);
  std::sort(values.begin(), values.end(), natural_less);
  return values.size() > 3 ? std::to_string(values.size()) + " different" : join(values, " or ");
}

std::string setup_of(const Analysis& analysis, const Table& runs) {
  std::size_t fewest = SIZE_MAX, most = 0;
  for (const Rung& rung : analysis.rungs)
    for (const Cell& cell : rung.cells)
      if (!cell.runs.empty()) {
        fewest = std::min(fewest, cell.runs.size());
        most = std::max(most, cell.runs.size());
      }
  Names parts;
  const auto add = [&](const std::string& before, const std::string& value, const std::string& after) {
    if (!value.empty()) parts.push_back(before + value + after);
  };
  add("task ", values_text(runs, "task"), "");
  if (most > 0) parts.push_back((fewest == most ? "" : std::to_string(fewest) + " to ") + plural(most, "seed"));
  add("optimizer ", values_text(runs, "optimizer"), "");
  add("", values_text(runs, "steps"), " steps");
  return join(parts, ", ");
}

std::size_t style_of(const Analysis& analysis, std::size_t contestant) {
  static const Names fixed_styles = {"dpa", "ea"};
  const auto place = [](const std::string& name) {
    return static_cast<std::size_t>(std::find(fixed_styles.begin(), fixed_styles.end(), name) -
                                    fixed_styles.begin());
  };
  std::size_t style = place(analysis.contestants[contestant]);
  if (style < fixed_styles.size()) return style;
  for (std::size_t other = 0; other < contestant; ++other)
    style += place(analysis.contestants[other]) == fixed_styles.size();
  return style;
}

std::string row_of(const Analysis& analysis, std::size_t rung, std::size_t contestant, bool difference) {
  return std::to_string(rung) + ":" + analysis.contestants[contestant] + (difference ? ":difference" : "");
}

bool any_solved(const Analysis& analysis) {
  for (const Rung& rung : analysis.rungs)
    for (const Cell& cell : rung.cells)
      if (cell.solved() > 0) return true;
  return false;
}

// The rungs of a group that stand at the same x.
static std::map<double, std::vector<const Rung*>> by_place(const Analysis& analysis,
                                                           const Abscissa& x, const Group& group) {
  std::map<double, std::vector<const Rung*>> places;
  for (const std::size_t rung : group.rungs)
    if (const double at = x.of(analysis.rungs[rung]); !std::isnan(at))
      places[at].push_back(&analysis.rungs[rung]);
  return places;
}

// What is told about a point that shows one rung.
static void tell(const Analysis& analysis, const std::vector<const Rung*>& rungs, std::size_t contestant,
                 const std::string& value, Point& point) {
  point.about = analysis.contestants[contestant] + ": " + value;
  if (rungs.size() != 1) return;
  const auto place = static_cast<std::size_t>(rungs[0] - analysis.rungs.data());
  point.row = row_of(analysis, place, contestant);
  if (const std::string name = analysis.name(*rungs[0]); !name.empty()) point.about = name + ", " + point.about;
}

// Each seed's mean over the rungs that stand at one place.
static Values seed_means(const std::vector<const Rung*>& rungs, std::size_t contestant) {
  std::map<std::string, Values> by_seed;
  for (const Rung* rung : rungs)
    for (const Outcome& outcome : rung->cells[contestant].runs)
      by_seed[outcome.seed].push_back(outcome.accuracy);
  Values means;
  for (const auto& [seed, values] : by_seed) means.push_back(mean(values));
  return means;
}

static Series accuracy_series(const Analysis& analysis, const Abscissa& x, const Group& group,
                              std::size_t contestant) {
  Series series{analysis.contestants[contestant], style_of(analysis, contestant)};
  for (const auto& [at, rungs] : by_place(analysis, x, group)) {
    const Values means = seed_means(rungs, contestant);
    const Interval interval = mean_interval(means);
    Point& point = series.points.emplace_back(Point{at, mean(means), interval.low, interval.high});
    tell(analysis, rungs, contestant, rounded(mean(means)) + " " + bracket(interval), point);
  }
  return series;
}

// Where rungs of different chance are averaged the line would jump up and down: none then.
static Series chance_series(const Analysis& analysis, const Abscissa& x, const Group& group) {
  Series series{"chance", reference_style};
  for (const auto& [at, rungs] : by_place(analysis, x, group)) {
    Values chances;
    for (const Rung* rung : rungs) chances.push_back(rung->chance);
    series.points.push_back({at, mean(chances)});
  }
  const auto rises = [](const Point& a, const Point& b) { return b.y > a.y + 1e-9; };
  const auto& points = series.points;
  const bool jumps = std::adjacent_find(points.begin(), points.end(), rises) != points.end();
  if (jumps) series.points.clear();
  return series;
}

static void limit(std::vector<Group>& groups) {
  if (groups.size() > most_facets) groups.resize(most_facets);
}

LineChart accuracy_chart(const Analysis& analysis, const Abscissa& x, std::vector<Group> groups) {
  limit(groups);
  LineChart chart;
  chart.title = "Accuracy against " + x.name;
  chart.x = x.axis;
  chart.y = {.label = "token accuracy (share of targets)", .low = 0, .high = 1.04};
  for (const Group& group : groups) {
    Facet facet{group.title};
    for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant)
      facet.series.push_back(accuracy_series(analysis, x, group, contestant));
    if (Series chance = chance_series(analysis, x, group); !chance.points.empty())
      facet.series.push_back(std::move(chance));
    chart.facets.push_back(std::move(facet));
  }
  return chart;
}

// Median and quartiles; what lies beyond the budget is drawn at the budget.
static Series steps_series(const Analysis& analysis, const Abscissa& x, const Group& group,
                           std::size_t contestant) {
  Series series{analysis.contestants[contestant], style_of(analysis, contestant)};
  for (const auto& [at, rungs] : by_place(analysis, x, group)) {
    Values steps;
    double budget = 0;
    for (const Rung* rung : rungs) {
      const Values more = rung->cells[contestant].steps_solved();
      steps.insert(steps.end(), more.begin(), more.end());
      budget = std::max(budget, rung->cells[contestant].budget());
    }
    if (steps.empty()) continue;
    const auto shown = [&](double step) { return std::isinf(step) ? budget : step; };
    Point point{at, shown(median(steps))};
    point.beyond = !censored_median(steps);
    if (steps.size() > 1) {
      point.low = shown(quantile(steps, 0.25));
      point.high = shown(quantile(steps, 0.75));
    }
    tell(analysis, rungs, contestant, (point.beyond ? "more than " : "") + fixed(point.y, 0) + " steps", point);
    series.points.push_back(point);
  }
  return series;
}

LineChart steps_chart(const Analysis& analysis, const Abscissa& x, std::vector<Group> groups) {
  limit(groups);
  LineChart chart;
  chart.title = "Steps to solve against " + x.name;
  chart.x = x.axis;
  double most = 0;
  for (const Group& group : groups) {
    Facet facet{group.title};
    for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant) {
      facet.series.push_back(steps_series(analysis, x, group, contestant));
      for (const Point& point : facet.series.back().points)
        most = std::max({most, point.y, std::isnan(point.high) ? 0 : point.high});
    }
    chart.facets.push_back(std::move(facet));
  }
  chart.y = {.label = "median steps to solve", .low = 0, .high = 1.18 * most};  // room for the arrows
  return chart;
}

// One facet of a heat map: a number and a text for each rung that the plane has.
using CellValue = std::function<std::pair<double, std::string>(std::size_t rung)>;

static void add_heat_facet(const Analysis& analysis, const Group& group, const std::string& row_key,
                           const std::string& column_key, std::size_t contestant, const CellValue& value,
                           HeatFacet facet, HeatMap& map) {
  const bool difference = facet.shades == Shades::diverging;
  facet.rows_behind.assign(map.rows.size(), Names(map.columns.size()));
  facet.values.assign(map.rows.size(), Values(map.columns.size(), no_value));
  facet.texts.assign(map.rows.size(), Names(map.columns.size()));
  const auto place = [](const Names& names, const std::string& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  for (const std::size_t rung : group.rungs) {
    const std::size_t row = place(map.rows, analysis.value(analysis.rungs[rung], row_key));
    const std::size_t column = place(map.columns, analysis.value(analysis.rungs[rung], column_key));
    std::tie(facet.values[row][column], facet.texts[row][column]) = value(rung);
    facet.rows_behind[row][column] = row_of(analysis, rung, contestant, difference);
  }
  if (!group.title.empty()) facet.title += ", " + group.title;
  map.facets.push_back(std::move(facet));
}

static HeatMap empty_heat(const Analysis& analysis, const std::string& row_key,
                          const std::string& column_key, const std::string& what) {
  HeatMap map;
  map.title = what + " over " + row_key + " and " + column_key;
  map.row_label = row_key;
  map.column_label = column_key;
  map.rows = values_of(analysis, row_key);
  std::reverse(map.rows.begin(), map.rows.end());  // small values at the bottom, as on an axis
  map.columns = values_of(analysis, column_key);
  map.across = 2 * analysis.contestants.size() - 1;
  return map;
}

static std::vector<Group> heat_lines(const Analysis& analysis, const Names& plane) {
  std::vector<Group> groups = grouped(analysis, other_keys(analysis, plane));
  if (groups.size() > most_heat_lines) groups.resize(most_heat_lines);
  return groups;
}

static std::string signed_text(double value) {
  std::string text = fixed(std::fabs(value), 2);
  if (text == "0.00") return text;
  return (value < 0 ? "−" : "+") + text;
}

HeatMap accuracy_heat(const Analysis& analysis, const std::string& row_key,
                      const std::string& column_key) {
  HeatMap map = empty_heat(analysis, row_key, column_key, "Accuracy");
  double largest = 0;
  for (const Comparison& comparison : analysis.comparisons)
    largest = std::fmax(largest, std::fabs(comparison.difference));
  const double end = largest <= 0.1 ? 0.1 : largest <= 0.2 ? 0.2 : largest <= 0.5 ? 0.5 : 1;
  for (const Group& group : heat_lines(analysis, {row_key, column_key})) {
    for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant) {
      const CellValue value = [&](std::size_t rung) {
        const double accuracy = mean(analysis.rungs[rung].cells[contestant].accuracies());
        return std::pair(accuracy, std::isnan(accuracy) ? std::string() : fixed(accuracy, 2));
      };
      add_heat_facet(analysis, group, row_key, column_key, contestant, value,
                     {.title = analysis.contestants[contestant], .scale_label = "token accuracy"},
                     map);
    }
    for (std::size_t contestant = 1; contestant < analysis.contestants.size(); ++contestant) {
      const CellValue value = [&](std::size_t rung) {
        const Comparison& c = *analysis.comparison(rung, contestant);
        return std::pair(c.difference, std::isnan(c.difference)
                                           ? std::string()
                                           : signed_text(c.difference) + (c.shown() ? "*" : ""));
      };
      add_heat_facet(analysis, group, row_key, column_key, contestant, value,
                     {.title = difference_name(analysis, contestant), .shades = Shades::diverging,
                      .low = -end, .high = end, .scale_label = "difference; violet: good"},
                     map);
    }
  }
  return map;
}

HeatMap steps_heat(const Analysis& analysis, const std::string& row_key,
                   const std::string& column_key) {
  HeatMap map = empty_heat(analysis, row_key, column_key, "Steps to solve");
  double most = 1;
  for (const Rung& rung : analysis.rungs)
    for (const Cell& cell : rung.cells)
      most = std::max({most, cell.budget(), censored_median(cell.steps_solved()).value_or(0)});
  for (const Group& group : heat_lines(analysis, {row_key, column_key})) {
    for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant) {
      const CellValue value = [&](std::size_t rung) -> std::pair<double, std::string> {
        const Cell& cell = analysis.rungs[rung].cells[contestant];
        if (cell.runs.empty()) return {no_value, ""};
        if (const auto steps = censored_median(cell.steps_solved()))
          return {*steps, fixed(*steps, 0)};
        return {cell.budget(), std::string(">").append(fixed(cell.budget(), 0))};
      };
      add_heat_facet(analysis, group, row_key, column_key, contestant, value,
                     {.title = analysis.contestants[contestant], .high = most,
                      .scale_label = "median steps to solve", .low_is_dark = true},
                     map);
    }
    for (std::size_t contestant = 1; contestant < analysis.contestants.size(); ++contestant) {
      const CellValue value = [&](std::size_t rung) -> std::pair<double, std::string> {
        const Comparison& c = *analysis.comparison(rung, contestant);
        if (std::isnan(c.sooner)) return {no_value, ""};
        const bool shown = c.time_verdict == "sooner" || c.time_verdict == "later";
        return {c.sooner, fixed(c.sooner, 2) + (shown ? "*" : "")};
      };
      add_heat_facet(analysis, group, row_key, column_key, contestant, value,
                     {.title = analysis.contestants[contestant] + " sooner",
                      .shades = Shades::diverging, .scale_label = "P(sooner); violet: good"},
                     map);
    }
  }
  return map;
}

}  // namespace ladder::report
