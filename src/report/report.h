// A report on the runs of one or several sweeps: tables, findings in words, pictures, one page.
// The same runs give the same bytes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/columns.h"
#include "base/table.h"
#include "report/figures.h"
#include "statistics/analysis.h"

namespace ladder::report {

struct Sweeps {
  Table runs, curves;
};
// Reads runs.csv and, where there is one, curves.csv of each directory and puts them together; runs
// are numbered anew. Throws a failure for a directory without runs.csv, and as lab::check_runs does.
Sweeps read_sweeps(const std::vector<std::filesystem::path>& directories);

struct ReportOptions {
  std::string baseline = "";  // the contestant that others are compared with; see analyse()
  std::string against = "";   // a measured column to draw all rungs against; none if empty
  std::string title = "Report";
  std::string provenance = "";  // the text of provenance.txt: what made the runs, and when
  std::size_t width = 0;        // that the headline folds to; 0: none
};

// A table, as its file has it and as the page has it.
struct Sheet {
  Table csv;
  std::vector<ColumnText> columns;  // of the file
  std::vector<std::string> heading;
  std::vector<std::vector<std::string>> page;
  std::vector<std::string> row_names, row_series;  // what marks and switches know rows of the page by
};

struct Report {
  Analysis analysis;
  // summary: one row for each rung and contestant. Intervals are 95 %: sign-flip for means, Wilson
  // for the share solved. comparison: one row for each rung and contestant but the baseline. margins: one row for
  // each contestant over all rungs and over each ladder. marginals: one row for each
  // contestant over the rungs that share the value of one setting; no rows where only one varies.
  // Undefined values are empty.
  Sheet summary, comparison, margins, marginals;
  std::vector<std::string> findings;  // sentences, each with its interval
  std::string headline;               // for a terminal: a table and the findings
  std::vector<Picture> pictures;
  std::string page;                   // HTML that needs nothing else
};

// Every column that a sweep's files may have, but for the settings at the end of a summary.
std::vector<ColumnText> all_columns();

Report make_report(const Table& runs, const Table& curves, const ReportOptions& options = {});

// summary.csv, comparison.csv, margins.csv, marginals.csv (if it has rows), report.html and a .svg
// for each picture. The directory is made if need be. Throws a failure.
void write_report(const Report& report, const std::filesystem::path& directory);

}  // namespace ladder::report
