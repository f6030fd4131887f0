// The parts of a report, each in a file of its own.
#pragma once

#include "report/report.h"

namespace ladder::report {

Sheet summary_sheet(const Analysis& analysis);
Sheet comparison_sheet(const Analysis& analysis);
Sheet margins_sheet(const Analysis& analysis);
Sheet marginals_sheet(const Analysis& analysis);

// One contestant over the rungs of a margin.
struct RungCounts {
  int failed = 0;  // runs
  // Rungs by verdict against the baseline.
  int better = 0, worse = 0, both_solved = 0, nothing_learned = 0, too_few = 0, sooner = 0, later = 0;
  double mean_accuracy = not_defined;     // mean of the rungs' means
};
RungCounts count_rungs(const Analysis& analysis, const Margin& margin);

std::vector<std::string> find(const Analysis& analysis);
// Folded to the width of a terminal; 0: as wide as it is.
std::string headline(const Analysis& analysis, const std::vector<std::string>& findings,
                     std::size_t width);

// `runs` tells the settings that all runs share.
std::string page(const Report& report, const Table& runs, const ReportOptions& options);

// Parts of pages: all are well-formed XML, and stand in one file.
std::string page_head(const std::string& title);
std::string page_end();
std::string html_table(const std::vector<std::string>& heading,
                       const std::vector<std::vector<std::string>>& rows,
                       const std::vector<std::string>& row_names = {},
                       const std::vector<std::string>& row_series = {});
std::string html_figure(const Picture& picture, std::size_t number);
std::string html_element(const char* name, const std::string& content);
std::string html_provenance(const std::string& text);  // of provenance.txt; may be empty

// "1 seed", "3 seeds".
std::string plural(std::size_t count, const std::string& word);
std::vector<std::string> followed_by(std::vector<std::string> names,
                                     const std::vector<std::string>& more);
// "0.812", "" if undefined; "[0.75, 0.87]", "" if undefined; signed: "+0.12".
std::string rounded(double value, int decimals = 3);
std::string signed_rounded(double value, int decimals = 3);
std::string bracket(const Interval& interval, int decimals = 3);
std::string signed_bracket(const Interval& interval, int decimals = 3);
std::string p_text(double p);  // "0.004", "<0.001"
std::string value_text(const std::string& value);  // of a setting; "not set" where it does not apply
std::string difference_name(const Analysis& analysis, std::size_t contestant);  // "ea − dpa"
// "1500", ">2000" where the median is censored, "" without runs.
std::string median_steps(const Cell& cell);

}  // namespace ladder::report
