#include "report/report.h"

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "lab/results.h"
#include "ladder/base/text.h"
#include "report/report_parts.h"

namespace ladder::report {

namespace {

using Names = std::vector<std::string>;

void renumber(Table& table, std::int64_t first) {
  for (std::size_t row = 0; row < table.rows(); ++row)
    table.set(row, "run", std::to_string(first + table.integer(row, "run")));
}

int largest_run(const Table& runs) {
  int largest = -1;
  for (std::size_t row = 0; row < runs.rows(); ++row)
    largest = std::max(largest, runs.integer(row, "run"));
  return largest;
}

}  // namespace

Sweeps read_sweeps(const std::vector<std::filesystem::path>& directories) {
  std::vector<Table> runs, curves;
  std::int64_t next = 0;
  for (const auto& directory : directories) {
    runs.push_back(lab::read_runs_table(directory / "runs.csv"));
    const int last = largest_run(runs.back());
    renumber(runs.back(), next);
    if (std::filesystem::exists(directory / "curves.csv")) {
      curves.push_back(lab::read_curves_table(directory / "curves.csv"));
      renumber(curves.back(), next);
    }
    next += last + 1;
  }
  if (curves.empty()) curves.emplace_back(Names{"run", "step", "eval_loss", "accuracy"}, "no curves");
  const Sweeps sweeps{concatenate(runs), concatenate(curves)};
  lab::check_runs(sweeps.runs);
  return sweeps;
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

std::string value_text(const std::string& value) { return value.empty() ? "not set" : value; }

std::string median_steps(const Cell& cell) {
  if (cell.runs.empty()) return "";
  if (const auto steps = censored_median(cell.steps_solved())) return to_text(*steps);
  return std::string(">").append(fixed(cell.budget(), 0));
}

std::string difference_name(const Analysis& analysis, std::size_t contestant) {
  return analysis.contestants[contestant] + " − " + analysis.contestants[0];
}

Report make_report(const Table& runs, const Table& curves, const ReportOptions& options) {
  Report report;
  report.analysis = analyse(runs, options.baseline);
  if (!options.against.empty()) runs.place(options.against);  // a clear error before any work
  report.summary = summary_sheet(report.analysis);
  report.comparison = comparison_sheet(report.analysis);
  report.margins = margins_sheet(report.analysis);
  report.marginals = marginals_sheet(report.analysis);
  report.findings = find(report.analysis);
  report.headline = headline(report.analysis, report.findings, options.width);
  report.pictures = make_pictures(report.analysis, runs, curves, options.against);
  report.page = page(report, runs, options);
  return report;
}

void write_report(const Report& report, const std::filesystem::path& directory) {
  require_writable(directory);
  write_page(directory / "report.html", report.page);  // first: it may be refused
  for (const Sheet* sheet :
       {&report.summary, &report.comparison, &report.margins, &report.marginals})
    if (sheet != &report.marginals || sheet->csv.rows() > 0)
      write_file(directory / sheet->csv.origin(), sheet->csv.to_csv());
  std::vector<ColumnText> columns = lab::run_columns();
  for (const Sheet* sheet :
       {&report.summary, &report.comparison, &report.margins, &report.marginals})
    columns.insert(columns.end(), sheet->columns.begin(), sheet->columns.end());
  write_columns(directory, {}, columns);
  for (const Picture& picture : report.pictures)
    write_file(directory / (picture.name + ".svg"), picture.svg);
}

}  // namespace ladder::report
