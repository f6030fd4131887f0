// Results as CSV files, which people and other programs read. (report/report.h makes the tables.)
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/columns.h"
#include "base/table.h"
#include "ladder/base/settings.h"
#include "train/run.h"

namespace ladder::lab {

using namespace train;

struct RunRow {
  std::size_t number;  // of the run in its experiment
  Settings settings;
  RunResult result;
};

// What makes two runs the same run: the settings that change results, never its number.
using RunKey = std::string;
RunKey run_key(const Settings& settings);

// Sets a setting to what a file of results has for it. A preset stays as it was typed (1e-8), so that
// it is written as before.
void restore(Settings& settings, const std::string& name, const std::string& text,
             const std::string& origin);

// What differs: "learning_rate 0.1, not 0.3", each setting of `a` that `b` has otherwise.
std::string difference(const Settings& a, const Settings& b);

// The columns before the results: run, and every setting that results depend on.
std::vector<std::string> setting_columns();
// The columns after the settings, in order: what a run measured. `eval_loss` is the loss on the
// evaluation sequences (`loss` is the setting); `seconds` alone differs from time to time. `status`
// is ok, diverged or failed, `reason` says why it is not ok. What is not known is empty.
const std::vector<std::string>& result_columns();
std::vector<std::string> result_cells(const RunResult& result);

// The notes of settings that have no effect in any of the runs that were added.
class WithoutEffect {
 public:
  void add(const Settings& resolved);
  const std::set<std::string>& notes() const { return notes_; }

 private:
  bool any_ = false;  // run
  std::set<std::string> notes_;
};

// What the columns of runs.csv and curves.csv hold, settings included.
std::vector<ColumnText> run_columns();
// One setting as a column of a table.
ColumnText setting_column(const std::string& table, const std::string& name);
// The cell of a setting that is on or off is 1 or 0 in files; any other text stays as it is.
std::string flag_in_file(const std::string& setting, const std::string& text);
// A table of runs with its settings named as today, and words for those that are on or off.
Table as_of_today(Table runs);
// The file, so. Throws a failure.
Table read_runs_table(const std::filesystem::path& path);
Table read_curves_table(const std::filesystem::path& path);
std::vector<std::pair<std::size_t, CurvePoint>> read_curves(const Table& curves);  // run, point

// From text, by the names above; a name that is missing is not known. Throws a failure "ORIGIN:
// column 'x': got ..., expected ..." for a value that cannot be: an accuracy of 7, solved "maybe".
// `status` may be "failed: why", as older files have it.
RunResult read_result(const std::function<const std::string*(const std::string& column)>& cell,
                      const std::string& origin);

// Throws a failure that names file, row and column if a cell of runs.csv cannot be, or if two rows
// are the same run (all settings agree) and measured differently.
void check_runs(const Table& runs);

// The runs of a table as of today. A setting that it has no column for (it is younger than the file), or an empty
// cell, takes its default: what the program did before there was a choice.
std::vector<RunRow> read_runs(const Table& runs);

// One row a run.
std::string runs_csv(const std::vector<RunRow>& rows);
// run, step, eval_loss (`loss` in older files), accuracy: one row an evaluation.
std::string curves_csv(const std::vector<RunRow>& rows);

// The first difference of two results of one run, seconds apart: "accuracy 0.5, not 0.25"; empty if
// there is none. `curves`: their curves, too.
std::string difference(const RunResult& a, const RunResult& b, bool curves);

}  // namespace ladder::lab
