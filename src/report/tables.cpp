// The tables of a report. Each is listed once: what a column is called in the file and on the page,
// how the page prints it, and what it holds.
#include <functional>
#include <type_traits>
#include <variant>

#include "lab/results.h"
#include "report/figure_parts.h"
#include "report/report_parts.h"

namespace ladder::report {

namespace {

using Names = std::vector<std::string>;
using Value = std::variant<std::string, double, Interval>;

// How the page prints numbers; in the file they have six decimals, or none if they have none here.
struct Look {
  int decimals = 3;
  bool sign = false, p = false, word = false;

  std::string operator()(double x) const {
    return p ? p_text(x) : sign ? signed_rounded(x, decimals) : rounded(x, decimals);
  }
  std::string operator()(const Interval& x) const {
    return sign ? signed_bracket(x, decimals) : bracket(x, decimals);
  }
  std::string in_file(double x) const { return rounded(x, decimals == 0 ? 0 : 6); }
};
constexpr Look as_text{.word = true}, plain{3}, two{2}, bits{1}, count{0}, change{.sign = true},
    correlation{.decimals = 2, .sign = true}, p_value{.p = true};

template <class Row>
struct Column {
  // `get`: a member of the row, or a function of it.
  template <class Get>
  Column(std::string in_file, std::string on_page, Look how, Get get, std::string its_unit = "",
         std::string its_meaning = "")
      : name(std::move(in_file)), heading(std::move(on_page)), unit(std::move(its_unit)),
        meaning(std::move(its_meaning)), look(how),
        interval(std::is_same_v<std::decay_t<std::invoke_result_t<Get, const Row&>>, Interval>),
        value([get](const Row& row) -> Value {
          const auto& found = std::invoke(get, row);
          if constexpr (std::is_arithmetic_v<std::decay_t<decltype(found)>>)
            return static_cast<double>(found);
          else return found;
        }) {}

  std::string name;     // empty: not in the file; of the interval NAME: NAME_low and NAME_high
  std::string heading;  // empty: not on the page
  std::string unit, meaning;
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
  const auto add = [&](const std::string& name, const Column<Row>& column, const std::string& end) {
    const char* type = column.look.word ? "word" : column.look.decimals == 0 ? "integer" : "number";
    names.push_back(name);
    made.columns.push_back(find_setting(name) ? lab::setting_column(file, name)
                                              : ColumnText{file, name, type, column.unit, end + column.meaning});
  };
  for (const Column<Row>& column : columns) {
    if (!column.heading.empty()) made.heading.push_back(column.heading);
    if (column.name.empty()) continue;
    if (!column.interval) add(column.name, column, "");
    else add(column.name + "_low", column, "lower end: "), add(column.name + "_high", column, "upper end: ");
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

template <class Row>
Columns<Row> operator+(Columns<Row> columns, const Columns<Row>& more) {
  columns.insert(columns.end(), more.begin(), more.end());
  return columns;
}

// A column for each key, first on the page and last in the file: what comes before is the same in the
// files of all sweeps. `values` tells a row's values of the keys.
template <class Row, class Values>
Columns<Row> with_keys(const Names& keys, Values values, const Columns<Row>& columns) {
  Columns<Row> first, last;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string& key = keys[i];
    first.emplace_back("", key, as_text, [values, i](const Row& row) -> std::string { return values(row)[i]; });
    last.emplace_back(key, "", as_text, [values, i, key](const Row& row) -> std::string {
      return lab::flag_in_file(key, values(row)[i]);
    });
  }
  return first + columns + last;
}

std::string ratio(int part, int all) { return std::to_string(part) + "/" + std::to_string(all); }

auto contestant_of(const Analysis& analysis) {
  return [&](auto& row) { return analysis.contestants[row.contestant]; };
}

Values negative(Values values) {
  for (double& value : values) value = -value;
  return values;
}

// What has no meaning for the baseline, which is not compared with itself.
template <class Number>
double unless_baseline(const Margin& margin, Number value) {
  return margin.contestant == 0 ? not_defined : static_cast<double>(value);
}

}  // namespace

Sheet summary_sheet(const Analysis& analysis) {
  struct Row {
    std::size_t place;
    const Rung& rung;
    const Cell& cell;
    std::size_t contestant;
    Values accuracies;
    int n() const { return static_cast<int>(accuracies.size()); }
  };
  std::vector<Row> rows;
  for (std::size_t place = 0; place < analysis.rungs.size(); ++place) {
    const Rung& rung = analysis.rungs[place];
    for (std::size_t i = 0; i < analysis.contestants.size(); ++i)
      rows.push_back({place, rung, rung.cells[i], i, rung.cells[i].accuracies()});
  }
  const auto rollout = [](auto& r) {
    Values values;
    for (const Outcome& run : r.cell.runs)
      if (!run.failed) values.push_back(run.rollout_accuracy);
    return mean(values);
  };
  const auto median_in_file = [](auto& r) { return censored_median(r.cell.steps_solved()).value_or(not_defined); };
  const auto restricted = [](auto& r) { return r.cell.restricted_mean_steps(); };
  const auto budget = [](auto& r) { return r.cell.budget() > 0 ? r.cell.budget() : not_defined; };
  const Columns<Row> columns = {
      {"rung", "", count, &Row::place, "", "number of the rung, from 0, by complexity"},
      {"complexity_bits", "bits", bits, [](auto& r) { return r.rung.complexity_bits; }, "bits",
       "as in runs.csv"},
      {"chance", "chance", plain, [](auto& r) { return r.rung.chance; }, "share", "accuracy of a guess"},
      {"contestant", "contestant", as_text, contestant_of(analysis), "",
       "what is compared: mixer, score, pattern"},
      {"n", "seeds", count, [](auto& r) { return r.accuracies.size(); }, "seeds", "runs, failed ones among them"},
      {"mean", "mean accuracy", plain, [](auto& r) { return mean(r.accuracies); }, "share",
       "mean accuracy over seeds"},
      {"mean", "95 %", plain, [](auto& r) { return mean_interval(r.accuracies); }, "share",
       "95 % sign-flip interval of the mean; empty with fewer than 6 seeds"},
      {"iqm", "IQM", plain, [](auto& r) { return interquartile_mean(r.accuracies); }, "share",
       "mean of the middle half"},
      {"min", "min", plain, [](auto& r) { return quantile(r.accuracies, 0); }, "share", "least accuracy"},
      {"max", "max", plain, [](auto& r) { return quantile(r.accuracies, 1); }, "share", "largest accuracy"},
      {"solved_runs", "", count, [](auto& r) { return r.cell.solved(); }, "runs", "runs that were solved"},
      {"", "solved", as_text, [](auto& r) { return ratio(r.cell.solved(), r.n()); }},
      {"solved_share", "95 %", two, [](auto& r) { return wilson(r.cell.solved(), r.n()); }, "share",
       "95 % Wilson interval of the share solved"},
      {"median_step_solved", "", count, median_in_file, "steps",
       "median step solved; empty: the median run was not"},
      {"", "median steps", as_text, [](auto& r) { return median_steps(r.cell); }},
      {"budget", "", count, budget, "steps", "steps that unsolved runs were given; empty: all were solved"},
      {"mean_rollout_accuracy", "", plain, rollout, "share", "mean accuracy when fed with its own predictions"},
      {"failed", "failed", count, [](auto& r) { return r.cell.failed; }, "runs", "runs that failed or diverged: unsolved, at chance if they tell no accuracy"},
      {"restricted_mean_steps", "mean steps", count, restricted, "steps",
       "mean steps to solve, an unsolved run counting as the budget; empty: none was solved"}};
  Sheet made = sheet("summary.csv",
                     with_keys<Row>(analysis.rung_keys, [](auto& r) { return r.rung.values; }, columns), rows);
  for (const Row& row : rows) {
    made.row_names.push_back(row_of(analysis, row.place, row.contestant));
    made.row_series.push_back(analysis.contestants[row.contestant]);
  }
  return made;
}

Sheet comparison_sheet(const Analysis& analysis) {
  const auto rung = [&](const Comparison& c) -> const Rung& { return analysis.rungs[c.rung]; };
  using Row = Comparison;
  const auto improvement = [&](const Comparison& c) {
    const auto& cells = analysis.rungs[c.rung].cells;
    return bootstrap_improvement(cells[c.contestant].accuracies(), cells[0].accuracies());
  };
  const auto sooner = [&](const Comparison& c) {  // more steps are later
    const auto& cells = analysis.rungs[c.rung].cells;
    return bootstrap_improvement(negative(cells[c.contestant].steps_solved()), negative(cells[0].steps_solved()));
  };
  const Columns<Row> columns = {
      {"rung", "", count, &Row::rung, "", "number of the rung, as in summary.csv"},
      {"complexity_bits", "bits", bits, [=](auto& c) { return rung(c).complexity_bits; }, "bits",
       "as in runs.csv"},
      {"contestant", "contestant", as_text, contestant_of(analysis), "", "what is compared"},
      {"baseline", "", as_text, [&](auto&) { return analysis.contestants[0]; }, "", "with what"},
      {"n_pairs", "pairs", count, &Row::pairs, "seeds", "seeds that both have run"},
      {"difference", "difference", change, &Row::difference, "share",
       "mean accuracy of the contestant minus that of the baseline, over paired seeds; 0 where both are solved"},
      {"difference", "95 %", change, &Row::difference_interval, "share", "95 % sign-flip interval of the difference"},
      {"p_sign_flip", "p", p_value, &Row::p, "probability", "two-sided sign-flip test, this rung alone"},
      {"p_holm", "p, Holm", p_value, &Row::p_holm, "probability",
       "corrected for steps_p_sign_flip and, by Holm, for the contestant's other rungs; empty: out of reach"},
      {"probability_of_improvement", "P(improved)", two, &Row::improvement, "probability",
       "that a run of the contestant is the more accurate; ties count half"},
      {"improvement", "95 %", two, improvement, "probability", "95 % percentile bootstrap interval of it, somewhat too narrow"},
      {"probability_sooner", "P(sooner)", two, &Row::sooner, "probability",
       "that a run of the contestant is solved in fewer steps; ties count half"},
      {"sooner", "95 %", two, sooner, "probability", "95 % percentile bootstrap interval of it, somewhat too narrow"},
      {"verdict", "verdict", as_text, &Row::verdict, "",
       "better, worse, both solved, nothing learned, no difference shown, too few seeds"},
      {"steps_ratio", "steps ratio", two, &Row::ratio, "",
       "mean steps to solve, unsolved runs at the budget: contestant over baseline; empty: none solved"},
      {"steps_ratio", "95 %", two, &Row::ratio_interval, "", "95 % sign-flip interval of it"},
      {"steps_p_sign_flip", "", p_value, &Row::time_p, "probability", "of the steps, as p_sign_flip"},
      {"steps_p_holm", "p, Holm", p_value, &Row::time_p_holm, "probability", "of the steps, as p_holm"},
      {"steps_verdict", "in time", as_text, &Row::time_verdict, "",
       "sooner, later, none solved, no difference shown, too few seeds"}};
  Sheet made = sheet("comparison.csv",
                     with_keys<Row>(analysis.rung_keys, [=](auto& c) { return rung(c).values; }, columns),
                     analysis.comparisons);
  for (const Row& row : analysis.comparisons) {
    made.row_names.push_back(row_of(analysis, row.rung, row.contestant, true));
    made.row_series.push_back(analysis.contestants[row.contestant]);
  }
  return made;
}

Sheet margins_sheet(const Analysis& analysis) {
  using Row = Margin;
  const auto scope = [](const Margin& m) -> std::string { return m.ladder.empty() ? "all" : "ladder"; };
  const Columns<Row> columns = {
      {"scope", "", as_text, scope, "", "all: over all rungs; ladder: those with the settings at the end"},
      {"contestant", "contestant", as_text, contestant_of(analysis), "", "what is compared"},
      {"baseline", "", as_text, [&](auto&) { return analysis.contestants[0]; }, "", "with what"},
      {"rungs", "rungs", count, [](auto& m) { return m.rungs.size(); }, "rungs", "how many"},
      {"compared_rungs", "", count, [](auto& m) { return unless_baseline(m, m.compared.size()); }, "rungs",
       "of these, rungs with pairs (with all of them where that keeps more pairs)"},
      {"complete_seeds", "seeds", count, [](auto& m) { return unless_baseline(m, m.seeds); }, "seeds",
       "seeds that have run all compared rungs with both"},
      {"margin", "margin", change, &Row::difference, "share", "mean difference in accuracy over rungs; pairs that both have solved count 0"},
      {"margin", "95 %", change, &Row::interval, "share", "95 % sign-flip interval of the margin, over these rungs"},
      {"margin_p", "p", p_value, &Row::p, "probability", "two-sided sign-flip test"},
      {"trend", "trend", correlation, [](auto& m) { return m.trend.value; }, "",
       "rank correlation of the margin with complexity, mean over seeds"},
      {"trend", "95 %", correlation, [](auto& m) { return m.trend.interval; }, "", "95 % interval of it"},
      {"telling_rungs", "", count, [](auto& m) { return unless_baseline(m, m.telling_rungs); }, "rungs",
       "rungs where not both are at the ceiling, nor both at chance"},
      {"telling_trend", "telling trend", correlation,
       [](auto& m) { return m.telling_trend.value; }, "", "the trend over these"},
      {"telling_trend", "95 %", correlation, [](auto& m) { return m.telling_trend.interval; }, "",
       "95 % interval of it"},
      {"highest_bits_solved_by_all", "bits, all", bits, &Row::highest_by_all, "bits",
       "highest rung solved by all seeds; empty: none"},
      {"highest_bits_solved_by_most", "bits, most", bits, &Row::highest_by_most, "bits",
       "highest rung solved by more than half of the seeds; empty: none"},
      {"margin_rungs", "95 %, rungs as units", change, &Row::rung_interval, "share",
       "95 % sign-flip interval of the margin with rungs as units: over other rungs of their kind"},
      {"learned_rungs", "", count, [](auto& m) { return unless_baseline(m, m.learned_rungs); }, "rungs",
       "of those compared, rungs where not both are at chance"},
      {"timed_rungs", "", count, [](auto& m) { return unless_baseline(m, m.timed_rungs); }, "rungs",
       "of those compared, rungs that either solves"},
      {"steps_ratio", "steps ratio", two, &Row::ratio, "",
       "mean steps to solve over these, unsolved runs at the budget: contestant over baseline"},
      {"steps_ratio", "95 %", two, &Row::ratio_interval, "", "95 % sign-flip interval of it"},
      {"margin_p_joint", "", p_value, &Row::p_joint, "probability", "as margin_p, jointly with the steps"},
      {"steps_p_joint", "", p_value, &Row::time_p_joint, "probability", "of the steps, jointly with the margin"}};
  const std::size_t keys = analysis.ladder_keys.size();
  Columns<Row> on_page, in_file;
  for (std::size_t i = 0; i < keys; ++i) {
    const std::string key = analysis.ladder_keys[i];
    on_page.emplace_back("", key, as_text,
                         [i](const Row& m) -> std::string { return m.ladder.empty() ? "all" : m.ladder[i]; });
    in_file.emplace_back(key, "", as_text, [i, key](const Row& m) -> std::string {
      return m.ladder.empty() ? "" : lab::flag_in_file(key, m.ladder[i]);
    });
  }
  return sheet("margins.csv", on_page + columns + in_file, analysis.margins);
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
      {"setting", "setting", as_text, [](auto& r) { return r.marginal.key; }, "", "name of a setting that varies"},
      {"value", "value", as_text, [](auto& r) { return r.marginal.value; }, "", "its value, as a word"},
      {"contestant", "contestant", as_text,
       [&](auto& r) { return analysis.contestants[r.margin.contestant]; }, "", "what is compared"},
      {"baseline", "", as_text, [&](auto&) { return analysis.contestants[0]; }, "", "with what"},
      {"rungs", "rungs", count, [](auto& r) { return r.margin.rungs.size(); }, "rungs", "with that value"},
      {"failed", "failed runs", count, [](auto& r) { return r.counts.failed; }, "runs", "that failed or diverged"},
      {"mean_accuracy", "mean accuracy", plain, [](auto& r) { return r.counts.mean_accuracy; }, "share",
       "mean of the rungs' means"},
      {"compared_rungs", "compared rungs", count,
       [](auto& r) { return unless_baseline(r.margin, r.margin.compared.size()); }, "rungs", "as in margins.csv"},
      {"complete_seeds", "seeds", count,
       [](auto& r) { return unless_baseline(r.margin, r.margin.seeds); }, "seeds", "as in margins.csv"},
      {"margin", "margin", change, [](auto& r) { return r.margin.difference; }, "share",
       "mean difference in accuracy over these rungs"},
      {"margin", "95 %", change, [](auto& r) { return r.margin.interval; }, "share", "95 % interval of the margin"},
      {"margin_p", "", p_value, [](auto& r) { return r.margin.p; }, "probability", "two-sided sign-flip test"},
      {"better", "better", count,
       [](auto& r) { return unless_baseline(r.margin, r.counts.better); }, "rungs", "where the verdict is better"},
      {"worse", "worse", count, [](auto& r) { return unless_baseline(r.margin, r.counts.worse); }, "rungs",
       "where it is worse"}};
  return sheet("marginals.csv", columns, rows);
}

std::vector<ColumnText> all_columns() {
  std::vector<ColumnText> all = lab::run_columns();
  const Analysis none;
  for (const Sheet& sheet :
       {summary_sheet(none), comparison_sheet(none), margins_sheet(none), marginals_sheet(none)})
    all.insert(all.end(), sheet.columns.begin(), sheet.columns.end());
  for (const ColumnText& column : registered_columns()) all.push_back(column);
  return all;
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
    counts.both_solved += verdict == "both solved";
    counts.nothing_learned += verdict == "nothing learned";
    counts.too_few += verdict == "too few seeds";
    const std::string& in_time = analysis.comparison(rung, margin.contestant)->time_verdict;
    counts.sooner += in_time == "sooner";
    counts.later += in_time == "later";
  }
  counts.mean_accuracy = mean(means);
  return counts;
}

}  // namespace ladder::report
