// The tables of a report. Each is listed once: what a column is called in the file and on the page,
// how the page prints it, and what it holds.
#include <functional>
#include <type_traits>
#include <variant>

#include "report/report_parts.h"

namespace ladder::report {

namespace {

using Names = std::vector<std::string>;
using Value = std::variant<std::string, double, Interval>;

// How the page prints numbers; in the file they have six decimals, or none if they have none here.
struct Look {
  int decimals = 3;
  bool sign = false, p = false;

  std::string operator()(double x) const {
    return p ? p_text(x) : sign ? signed_rounded(x, decimals) : rounded(x, decimals);
  }
  std::string operator()(const Interval& x) const {
    return sign ? signed_bracket(x, decimals) : bracket(x, decimals);
  }
  std::string in_file(double x) const { return rounded(x, decimals == 0 ? 0 : 6); }
};
constexpr Look as_text, plain{3}, two{2}, bits{1}, count{0}, change{.sign = true},
    correlation{.decimals = 2, .sign = true}, p_value{.p = true};

template <class Row>
struct Column {
  // `get`: a member of the row, or a function of it.
  template <class Get>
  Column(std::string in_file, std::string on_page, Look how, Get get)
      : name(std::move(in_file)), heading(std::move(on_page)), look(how),
        interval(std::is_same_v<std::decay_t<std::invoke_result_t<Get, const Row&>>, Interval>),
        value([get](const Row& row) -> Value {
          const auto& found = std::invoke(get, row);
          if constexpr (std::is_arithmetic_v<std::decay_t<decltype(found)>>)
            return static_cast<double>(found);
          else return found;
        }) {}

  std::string name;     // empty: not in the file; of the interval NAME: NAME_low and NAME_high
  std::string heading;  // empty: not on the page
  Look look;
  bool interval;
  std::function<Value(const Row&)> value;
};
template <class Row>
using Columns = std::vector<Column<Row>>;

template <class Row>
Sheet sheet(const std::string& file, const Columns<Row>& columns, const std::vector<Row>& rows) {
  Names names;
  Sheet made;
  for (const Column<Row>& column : columns) {
    if (!column.heading.empty()) made.heading.push_back(column.heading);
    if (column.name.empty()) continue;
    if (!column.interval) names.push_back(column.name);
    else names.insert(names.end(), {column.name + "_low", column.name + "_high"});
  }
  made.csv = Table(names, file);
  for (const Row& row : rows) {
    Names cells, shown;
    for (const Column<Row>& column : columns) {
      const Value value = column.value(row);
      Names in_file;
      std::string text;
      if (const auto* words = std::get_if<std::string>(&value)) {
        in_file = {text = *words};
      } else if (const auto* number = std::get_if<double>(&value)) {
        in_file = {column.look.in_file(*number)};
        text = column.look(*number);
      } else {
        const Interval& interval = std::get<Interval>(value);
        in_file = {column.look.in_file(interval.low), column.look.in_file(interval.high)};
        text = column.look(interval);
      }
      if (!column.name.empty()) cells.insert(cells.end(), in_file.begin(), in_file.end());
      if (!column.heading.empty()) shown.push_back(std::move(text));
    }
    made.csv.add_row(std::move(cells));
    made.page.push_back(std::move(shown));
  }
  return made;
}

// A column for each key; `values` tells a row's values of the keys.
template <class Row, class Values>
Columns<Row> key_columns(const Names& keys, Values values) {
  Columns<Row> columns;
  for (std::size_t i = 0; i < keys.size(); ++i)
    columns.emplace_back(keys[i], keys[i], as_text,
                         [values, i](const Row& row) -> std::string { return values(row)[i]; });
  return columns;
}

template <class Row>
Columns<Row> operator+(Columns<Row> columns, const Columns<Row>& more) {
  columns.insert(columns.end(), more.begin(), more.end());
  return columns;
}

std::string ratio(int part, int all) { return std::to_string(part) + "/" + std::to_string(all); }

auto contestant_of(const Analysis& analysis) {
  return [&](auto& row) { return analysis.contestants[row.contestant]; };
}

// What has no meaning for the baseline, which is not compared with itself.
template <class Number>
double unless_baseline(const Margin& margin, Number value) {
  return margin.contestant == 0 ? not_defined : static_cast<double>(value);
}

}  // namespace

Sheet summary_sheet(const Analysis& analysis) {
  struct Row {
    const Rung& rung;
    const Cell& cell;
    std::size_t contestant;
    Values accuracies;
    int n() const { return static_cast<int>(accuracies.size()); }
  };
  std::vector<Row> rows;
  for (const Rung& rung : analysis.rungs)
    for (std::size_t i = 0; i < analysis.contestants.size(); ++i)
      rows.push_back({rung, rung.cells[i], i, rung.cells[i].accuracies()});
  const auto rollout = [](auto& r) {
    Values values;
    for (const Outcome& run : r.cell.runs) values.push_back(run.rollout_accuracy);
    return mean(values);
  };
  const Columns<Row> columns = {
      {"complexity_bits", "bits", bits, [](auto& r) { return r.rung.complexity_bits; }},
      {"chance", "chance", plain, [](auto& r) { return r.rung.chance; }},
      {"contestant", "contestant", as_text, contestant_of(analysis)},
      {"n", "seeds", count, [](auto& r) { return r.accuracies.size(); }},
      {"mean", "mean accuracy", plain, [](auto& r) { return mean(r.accuracies); }},
      {"mean", "95 %", plain, [](auto& r) { return bootstrap_mean(r.accuracies); }},
      {"iqm", "IQM", plain, [](auto& r) { return interquartile_mean(r.accuracies); }},
      {"min", "min", plain, [](auto& r) { return quantile(r.accuracies, 0); }},
      {"max", "max", plain, [](auto& r) { return quantile(r.accuracies, 1); }},
      {"solved", "", count, [](auto& r) { return r.cell.solved(); }},
      {"", "solved", as_text, [](auto& r) { return ratio(r.cell.solved(), r.n()); }},
      {"solved", "95 %", two, [](auto& r) { return wilson(r.cell.solved(), r.n()); }},
      {"median_step_solved", "median steps", as_text, [](auto& r) { return median_steps(r.cell); }},
      {"mean_rollout_accuracy", "", plain, rollout},
      {"failed", "failed", count, [](auto& r) { return r.cell.failed; }}};
  const auto values = [](auto& r) { return r.rung.values; };
  return sheet("summary.csv", key_columns<Row>(analysis.rung_keys, values) + columns, rows);
}

Sheet comparison_sheet(const Analysis& analysis) {
  const auto rung = [&](const Comparison& c) -> const Rung& { return analysis.rungs[c.rung]; };
  using Row = Comparison;
  const Columns<Row> columns = {
      {"complexity_bits", "bits", bits, [=](auto& c) { return rung(c).complexity_bits; }},
      {"contestant", "contestant", as_text, contestant_of(analysis)},
      {"baseline", "", as_text, [&](auto&) { return analysis.contestants[0]; }},
      {"n_pairs", "pairs", count, &Row::pairs},
      {"difference", "difference", change, &Row::difference},
      {"difference", "95 %", change, &Row::difference_interval},
      {"p_sign_flip", "p", p_value, &Row::p},
      {"p_holm", "p, Holm", p_value, &Row::p_holm},
      {"probability_of_improvement", "P(improved)", two, &Row::improvement},
      {"improvement", "95 %", two, &Row::improvement_interval},
      {"probability_sooner", "P(sooner)", two, &Row::sooner},
      {"sooner", "95 %", two, &Row::sooner_interval},
      {"verdict", "verdict", as_text, &Row::verdict}};
  const auto values = [=](auto& c) { return rung(c).values; };
  return sheet("comparison.csv", key_columns<Row>(analysis.rung_keys, values) + columns,
               analysis.comparisons);
}

Sheet margins_sheet(const Analysis& analysis) {
  using Row = Margin;
  const Columns<Row> columns = {
      {"contestant", "contestant", as_text, contestant_of(analysis)},
      {"baseline", "", as_text, [&](auto&) { return analysis.contestants[0]; }},
      {"rungs", "rungs", count, [](auto& m) { return m.rungs.size(); }},
      {"compared_rungs", "", count, [](auto& m) { return unless_baseline(m, m.compared.size()); }},
      {"complete_seeds", "seeds", count, [](auto& m) { return unless_baseline(m, m.seeds); }},
      {"margin", "margin", change, &Row::difference},
      {"margin", "95 %", change, &Row::interval},
      {"margin_p", "p", p_value, &Row::p},
      {"trend", "trend", correlation, [](auto& m) { return m.trend.value; }},
      {"trend", "95 %", correlation, [](auto& m) { return m.trend.interval; }},
      {"telling_rungs", "", count, [](auto& m) { return unless_baseline(m, m.telling_rungs); }},
      {"telling_trend", "telling trend", correlation,
       [](auto& m) { return m.telling_trend.value; }},
      {"telling_trend", "95 %", correlation, [](auto& m) { return m.telling_trend.interval; }},
      {"highest_bits_solved_by_all", "bits, all", bits, &Row::highest_by_all},
      {"highest_bits_solved_by_most", "bits, most", bits, &Row::highest_by_most}};
  const Names all(analysis.ladder_keys.size(), "all");
  const auto values = [all](const Row& m) { return m.ladder.empty() ? all : m.ladder; };
  return sheet("margins.csv", key_columns<Row>(analysis.ladder_keys, values) + columns,
               analysis.margins);
}

Sheet marginals_sheet(const Analysis& analysis) {
  struct Row {
    const Marginal& marginal;
    const Margin& margin;
    RungCounts counts;
  };
  std::vector<Row> rows;
  for (const Marginal& marginal : analysis.marginals)
    rows.push_back({marginal, marginal.margin, count_rungs(analysis, marginal.margin)});
  const Columns<Row> columns = {
      {"setting", "setting", as_text, [](auto& r) { return r.marginal.key; }},
      {"value", "value", as_text, [](auto& r) { return r.marginal.value; }},
      {"contestant", "contestant", as_text,
       [&](auto& r) { return analysis.contestants[r.margin.contestant]; }},
      {"baseline", "", as_text, [&](auto&) { return analysis.contestants[0]; }},
      {"rungs", "rungs", count, [](auto& r) { return r.margin.rungs.size(); }},
      {"failed", "failed runs", count, [](auto& r) { return r.counts.failed; }},
      {"mean_accuracy", "mean accuracy", plain, [](auto& r) { return r.counts.mean_accuracy; }},
      {"compared_rungs", "compared rungs", count,
       [](auto& r) { return unless_baseline(r.margin, r.margin.compared.size()); }},
      {"complete_seeds", "seeds", count,
       [](auto& r) { return unless_baseline(r.margin, r.margin.seeds); }},
      {"margin", "margin", change, [](auto& r) { return r.margin.difference; }},
      {"margin", "95 %", change, [](auto& r) { return r.margin.interval; }},
      {"margin_p", "", p_value, [](auto& r) { return r.margin.p; }},
      {"better", "better", count,
       [](auto& r) { return unless_baseline(r.margin, r.counts.better); }},
      {"worse", "worse", count, [](auto& r) { return unless_baseline(r.margin, r.counts.worse); }}};
  return sheet("marginals.csv", columns, rows);
}

RungCounts count_rungs(const Analysis& analysis, const Margin& margin) {
  RungCounts counts;
  Values means;
  for (const std::size_t rung : margin.rungs) {
    const Cell& cell = analysis.rungs[rung].cells[margin.contestant];
    counts.failed += cell.failed;
    if (!cell.runs.empty()) means.push_back(mean(cell.accuracies()));
    if (margin.contestant == 0) continue;
    const std::string& verdict = analysis.comparison(rung, margin.contestant)->verdict;
    counts.better += verdict == "better";
    counts.worse += verdict == "worse";
  }
  counts.mean_accuracy = mean(means);
  return counts;
}

}  // namespace ladder::report
