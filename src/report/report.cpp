#include "report/report.h"

#include <algorithm>
#include <cmath>

#include "ladder/base/error.h"
#include "base/files.h"
#include "ladder/base/text.h"
#include "report/report_parts.h"

namespace ladder::report {

namespace {

using Names = std::vector<std::string>;
constexpr int csv_decimals = 6;

std::string cell(double value) { return rounded(value, csv_decimals); }
std::string whole(int value) { return std::to_string(value); }

void append(Names& row, const Interval& interval) {
  row.push_back(cell(interval.low));
  row.push_back(cell(interval.high));
}

void renumber(Table& table, int first) {
  for (std::size_t row = 0; row < table.rows(); ++row)
    table.set(row, "run", whole(first + static_cast<int>(table.number(row, "run"))));
}

int largest_run(const Table& runs) {
  int largest = -1;
  for (std::size_t row = 0; row < runs.rows(); ++row)
    largest = std::max(largest, static_cast<int>(runs.number(row, "run")));
  return largest;
}

}  // namespace

Sweeps read_sweeps(const std::vector<std::filesystem::path>& directories) {
  std::vector<Table> runs, curves;
  int next = 0;
  for (const auto& directory : directories) {
    runs.push_back(Table::read(directory / "runs.csv"));
    const int last = largest_run(runs.back());
    renumber(runs.back(), next);
    if (std::filesystem::exists(directory / "curves.csv")) {
      curves.push_back(Table::read(directory / "curves.csv"));
      renumber(curves.back(), next);
    }
    next += last + 1;
  }
  if (curves.empty()) curves.emplace_back(Names{"run", "step", "loss", "accuracy"}, "no curves");
  return {concatenate(runs), concatenate(curves)};
}

std::string plural(std::size_t count, const std::string& word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

Names followed_by(Names names, const Names& more) {
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

std::string rounded(double value, int decimals) {
  if (!std::isfinite(value)) return "";
  std::string text = fixed(value, decimals);
  // No "-0.000": a sign that rounding has left without meaning.
  return text.find_first_not_of("-0.") == std::string::npos && text[0] == '-' ? text.substr(1)
                                                                              : text;
}

std::string signed_rounded(double value, int decimals) {
  std::string text = rounded(value, decimals);
  if (!text.empty() && text[0] != '-') text.insert(0, 1, '+');
  return text;
}

std::string bracket(const Interval& interval, int decimals) {
  if (std::isnan(interval.low)) return "";
  return join({"[", rounded(interval.low, decimals), ", ", rounded(interval.high, decimals), "]"},
              "");
}

std::string signed_bracket(const Interval& interval, int decimals) {
  if (std::isnan(interval.low)) return "";
  return join({"[", signed_rounded(interval.low, decimals), ", ",
               signed_rounded(interval.high, decimals), "]"},
              "");
}

std::string p_text(double p) { return p < 0.001 ? "<0.001" : rounded(p); }

std::string median_steps(const Cell& cell) {
  if (cell.runs.empty()) return "";
  if (const auto steps = censored_median(cell.steps_solved())) return to_text(*steps);
  return std::string(">").append(fixed(cell.budget(), 0));
}

Table summary_table(const Analysis& analysis) {
  Table table(followed_by(
      analysis.rung_keys,
      {"contestant", "complexity_bits", "chance", "n", "mean", "iqm", "min", "max", "mean_low",
       "mean_high", "solved", "solved_low", "solved_high", "median_step_solved",
       "mean_rollout_accuracy", "failed"}), "summary.csv");
  for (const Rung& rung : analysis.rungs)
    for (std::size_t score = 0; score < analysis.scores.size(); ++score) {
      const Cell& runs = rung.cells[score];
      const Values values = runs.accuracies();
      const int n = static_cast<int>(values.size());
      Values rollouts;
      for (const Outcome& outcome : runs.runs) rollouts.push_back(outcome.rollout_accuracy);
      Names row = followed_by(
          rung.values, {analysis.scores[score], cell(rung.complexity_bits), cell(rung.chance),
                        whole(n), cell(mean(values)), cell(interquartile_mean(values)),
                        cell(quantile(values, 0)), cell(quantile(values, 1))});
      append(row, bootstrap_mean(values));
      row.push_back(whole(runs.solved()));
      append(row, wilson(runs.solved(), n));
      row.push_back(median_steps(runs));
      row.push_back(cell(mean(rollouts)));
      row.push_back(whole(runs.failed));
      table.add_row(std::move(row));
    }
  return table;
}

Table comparison_table(const Analysis& analysis) {
  Table table(followed_by(
      analysis.rung_keys,
      {"complexity_bits", "contestant", "baseline", "n_pairs", "difference", "difference_low",
       "difference_high", "p_sign_flip", "p_holm", "probability_of_improvement",
       "improvement_low", "improvement_high", "probability_sooner", "sooner_low", "sooner_high",
       "verdict"}), "comparison.csv");
  for (const Comparison& c : analysis.comparisons) {
    const Rung& rung = analysis.rungs[c.rung];
    Names row = followed_by(rung.values, {cell(rung.complexity_bits), analysis.scores[c.score],
                                          analysis.scores[0], whole(c.pairs), cell(c.difference)});
    append(row, c.difference_interval);
    row.push_back(cell(c.p));
    row.push_back(cell(c.p_holm));
    row.push_back(cell(c.improvement));
    append(row, c.improvement_interval);
    row.push_back(cell(c.sooner));
    append(row, c.sooner_interval);
    row.push_back(c.verdict);
    table.add_row(std::move(row));
  }
  return table;
}

Table climb_table(const Analysis& analysis) {
  Table table(followed_by(
      analysis.panel_keys,
      {"contestant", "baseline", "rungs", "compared_rungs", "complete_seeds", "margin", "margin_low",
       "margin_high", "margin_p", "trend", "trend_low", "trend_high", "telling_rungs",
       "telling_trend", "telling_trend_low", "telling_trend_high", "highest_bits_solved_by_all",
       "highest_bits_solved_by_most"}), "climb.csv");
  for (const Climb& climb : analysis.climbs) {
    Names row = climb.values.empty() ? Names(analysis.panel_keys.size(), "all") : climb.values;
    row = followed_by(row, {analysis.scores[climb.score], analysis.scores[0],
                            std::to_string(climb.rungs.size()),
                            std::to_string(climb.compared.size()), whole(climb.seeds),
                            cell(climb.margin)});
    append(row, climb.margin_interval);
    row.push_back(cell(climb.margin_p));
    row.push_back(cell(climb.trend));
    append(row, climb.trend_interval);
    row.push_back(whole(climb.telling_rungs));
    row.push_back(cell(climb.telling_trend));
    append(row, climb.telling_trend_interval);
    row.push_back(cell(climb.highest_by_all));
    row.push_back(cell(climb.highest_by_most));
    table.add_row(std::move(row));
  }
  return table;
}

Table marginal_table(const Analysis& analysis) {
  Table table({"setting", "value", "contestant", "baseline", "rungs", "failed", "mean_accuracy",
               "compared_rungs", "complete_seeds", "margin", "margin_low", "margin_high", "margin_p",
               "better", "worse"}, "settings.csv");
  for (const Marginal& marginal : analysis.marginals) {
    const Climb& climb = marginal.climb;
    const MarginalCount count = count_marginal(analysis, climb);
    Names row = {marginal.key, marginal.value, analysis.scores[climb.score], analysis.scores[0],
                 std::to_string(climb.rungs.size()), whole(count.failed), cell(count.mean_accuracy),
                 std::to_string(climb.compared.size()), whole(climb.seeds), cell(climb.margin)};
    append(row, climb.margin_interval);
    row.push_back(cell(climb.margin_p));
    row.push_back(whole(count.better));
    row.push_back(whole(count.worse));
    table.add_row(std::move(row));
  }
  return table;
}

MarginalCount count_marginal(const Analysis& analysis, const Climb& climb) {
  MarginalCount count{};
  Values means;
  for (const std::size_t rung : climb.rungs) {
    const Cell& runs = analysis.rungs[rung].cells[climb.score];
    count.failed += runs.failed;
    if (!runs.runs.empty()) means.push_back(mean(runs.accuracies()));
    if (climb.score == 0) continue;
    const std::string& verdict = analysis.comparison(rung, climb.score)->verdict;
    count.better += verdict == "better";
    count.worse += verdict == "worse";
  }
  count.mean_accuracy = mean(means);
  return count;
}

Report make_report(const Table& runs, const Table& curves, const ReportOptions& options) {
  Report report;
  report.analysis = analyse(runs, options.baseline);
  if (!options.against.empty()) runs.place(options.against);  // a clear error before any work
  report.summary = summary_table(report.analysis);
  report.comparison = comparison_table(report.analysis);
  report.climb = climb_table(report.analysis);
  report.marginal = marginal_table(report.analysis);
  report.findings = find(report.analysis);
  report.headline = headline(report.analysis, report.findings);
  report.pictures = make_pictures(report.analysis, runs, curves, options.against);
  report.page = page(report, runs, options.title);
  return report;
}

void write_report(const Report& report, const std::filesystem::path& directory) {
  require_writable(directory);
  write_file(directory / "summary.csv", report.summary.to_csv());
  write_file(directory / "comparison.csv", report.comparison.to_csv());
  write_file(directory / "climb.csv", report.climb.to_csv());
  if (report.marginal.rows() > 0) write_file(directory / "settings.csv", report.marginal.to_csv());
  for (const Picture& picture : report.pictures)
    write_file(directory / (picture.name + ".svg"), picture.svg);
  write_file(directory / "report.html", report.page);
}

}  // namespace ladder::report
