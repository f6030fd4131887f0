// ladder rerun: makes runs of a table again and compares every figure.
#include <omp.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <numeric>

#include "base/files.h"
#include "base/signals.h"
#include "base/version.h"
#include "cli/command.h"
#include "lab/merge.h"
#include "ladder/base/random.h"

namespace ladder::cli {

namespace fs = std::filesystem;

// Rows by their run's number: "--row 3 17".
static std::vector<std::size_t> chosen_rows(const std::string& words, const Table& runs) {
  std::vector<std::size_t> rows;
  for (const std::string& word : split_words(words)) {
    const auto number = parse_integer(word);
    std::size_t row = 0;
    while (row < runs.rows() && !(number && runs.integer(row, "run") == *number)) ++row;
    if (row == runs.rows())
      throw usage_error("flag --row: got '" + clipped(word) + "', expected a number of the column run in " +
                        runs.origin());
    rows.push_back(row);
  }
  return rows;
}

// The same ones each time, spread over the table without a system.
static std::vector<std::size_t> sampled_rows(int count, const Table& runs) {
  std::vector<std::size_t> rows(runs.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  const Random random(0, "rerun");
  std::sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(random.bits(a), a) < std::pair(random.bits(b), b);
  });
  rows.resize(std::min(rows.size(), static_cast<std::size_t>(count)));
  std::sort(rows.begin(), rows.end());
  return rows;
}

// All that differs. A row that did not end well need not know what it would today.
static std::vector<std::string> differences(const Table& runs, std::size_t row, const RunRow& before,
                                            const RunResult& now) {
  std::vector<std::string> found;
  const bool ok = before.result.status == Status::ok;
  const auto then = result_cells(before.result), cells = result_cells(now);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string& column = result_columns()[i];
    if (column == "seconds" || column == "reason" || !runs.has(column)) continue;
    if (!ok && runs.at(row, column).empty()) continue;
    if (then[i] != cells[i])
      found.push_back(column + " '" + clipped(cells[i]) + "', not '" + clipped(then[i]) + "'");
  }
  RunResult with_curve = now;
  with_curve.curve = before.result.curve;
  if (!before.result.curve.empty() && found.empty())
    if (const std::string differs = difference(now, with_curve, true); !differs.empty())
      found.push_back(differs);
  return found;
}

static ExitCode run_rerun(const Arguments& arguments) {
  fs::path path = arguments.positional[0];
  if (fs::is_directory(path)) path /= "runs.csv";
  const fs::path directory = path.parent_path().empty() ? "." : path.parent_path();
  const Table runs = read_runs_table(path);
  if (arguments.has("row") == arguments.has("sample"))
    throw usage_error("expected either --row K... or --sample N");
  const auto chosen = arguments.has("row") ? chosen_rows(arguments.flags.at("row"), runs)
                                           : sampled_rows(whole_number(arguments, "sample", 0), runs);
  std::vector<RunRow> before = read_runs(runs);
  if (fs::exists(directory / "curves.csv")) {
    std::map<std::size_t, std::size_t> places;
    for (std::size_t row = 0; row < before.size(); ++row) places[before[row].number] = row;
    for (const auto& [run, point] : read_curves(read_curves_table(directory / "curves.csv")))
      if (const auto place = places.find(run); place != places.end())
        before[place->second].result.curve.push_back(point);
  }
  std::vector<std::string> younger;
  for (const std::string& name : setting_columns())
    if (!runs.has(name)) younger.push_back(name);
  if (!younger.empty())
    std::cerr << "note: settings that " << path.string() << " does not have take their defaults: "
              << join(younger, ", ") << "\n";
  Settings session;
  replace_settings(session, arguments.settings);
  session.resolve();
  catch_signals();

  int different = 0, done = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(session.integer("threads"))
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (stop_signal() != 0) continue;
    const RunRow& row = before[chosen[i]];
    const RunResult now = run_safely(row.settings);
    if (now.status == Status::stopped) continue;
    const auto found = differences(runs, chosen[i], row, now);
#pragma omp critical(rerun)
    {
      ++done;
      different += !found.empty();
      std::cout << "run " << row.number << ": "
                << (found.empty() ? "the same" : join(found, "; ")) << std::endl;
    }
  }
  std::cout << done - different << " of " << done << " runs are the same, bit for bit\n";
  if (stop_signal() != 0) return stopped_by(stop_signal());
  if (different == 0) return ExitCode::ok;
  const std::string made = made_by(directory);
  std::cerr << "these rows were made by " << (made.empty() ? "an unknown version" : made)
            << "\nthis is version " << version() << " on " << machine() << "\n";
  return ExitCode::failure;
}

static const Registered<Command> registered({
    .name = "rerun",
    .positional = "RUNS",
    .summary = "makes runs of a runs.csv again and compares every figure and curve",
    .details = "RUNS is the file, or its directory. Settings younger than the file take their defaults: what\n"
               "the program did before there was a choice. Exit status 1 if anything differs.\n"
               "  ladder rerun data/reference/complexity --sample 5",
    .flags = {{"row", "K...", "the runs with these numbers (column run)"},
              {"sample", "N", "so many of them, spread over the file"}},
    .groups = {Group::session},
    .run = run_rerun,
    .without = {"checkpoint_minutes", "out"},
});

}  // namespace ladder::cli
