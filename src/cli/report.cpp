// ladder report: statistics, verdicts and pictures from the results of sweeps.
#include "report/report.h"

#include <unistd.h>

#include <iostream>

#include "base/files.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "lab/results.h"
#include "report/other_pages.h"

namespace ladder::cli {

using namespace report;

namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

static std::string flag(const Arguments& arguments, const std::string& name) {
  return arguments.has(name) ? arguments.flags.at(name) : std::string();
}

// What made the runs of all directories.
static std::string provenance_of(const Paths& directories) {
  std::string text;
  for (const fs::path& directory : directories)
    if (const fs::path path = directory / "provenance.txt"; fs::exists(path))
      text.append(text.empty() ? "" : "\n").append(read_file(path));
  return text;
}

// The report of one directory, or of several together.
static Report reported(const Arguments& arguments, const Paths& directories, const fs::path& out) {
  const Sweeps sweeps = read_sweeps(directories);
  check_runs(sweeps.runs);
  ReportOptions options;
  options.baseline = flag(arguments, "baseline");
  options.against = flag(arguments, "against");
  options.title = last_name(out);
  options.provenance = provenance_of(directories);
  options.width = terminal_width(STDOUT_FILENO);
  const Report report = make_report(sweeps.runs, sweeps.curves, options);
  write_report(report, out);
  return report;
}

// A report in each directory, and an index over them in the folder that they are in.
static void report_each(const Arguments& arguments, const Paths& directories) {
  const fs::path folder = fs::absolute(directories[0] / "").parent_path().parent_path();
  std::vector<IndexEntry> entries;
  for (const fs::path& directory : directories) {
    if (fs::exists(directory / "runs.csv")) {
      entries.push_back({directory, reported(arguments, {directory}, directory).findings});
    } else if (has_other_results(directory)) {
      write_other_page(directory);
      entries.push_back({directory, {}});
    } else {
      throw failure("'" + directory.string() + "' has no runs.csv, bench.csv or geometry.csv");
    }
    std::cout << "report in " << (directory / "report.html").string() << std::endl;
  }
  write_index(folder, entries);
  std::cout << "index in " << (folder / "index.html").string() << "\n";
}

static ExitCode run_report(const Arguments& arguments) {
  const Paths directories(arguments.positional.begin(), arguments.positional.end());
  if (directories.size() > 1 && !arguments.has("out")) {
    report_each(arguments, directories);
    return ExitCode::ok;
  }
  const fs::path out = arguments.has("out") ? flag(arguments, "out") : directories[0].string();
  if (directories.size() == 1 && !fs::exists(directories[0] / "runs.csv") && has_other_results(directories[0])) {
    write_other_page(directories[0]);
  } else {
    std::cout << reported(arguments, directories, out).headline << "\n";
  }
  std::cout << "report in " << (out / "report.html").string() << "\n";
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "report",
    .positional = "DIR...",
    .summary = "compares the contestants in the results of sweeps",
    .details = "Reads runs.csv and curves.csv of the directory and writes summary.csv, comparison.csv,\n"
               "margins.csv, marginals.csv, columns.csv, report.html and its pictures; of a directory\n"
               "with bench.csv or geometry.csv a page that shows these. Of several directories each gets\n"
               "its report, and the folder around them an index.html; with --out they make one report.\n"
               "A contestant is named by what varies of mixer, score and pattern (\"ea window\"), and by\n"
               "such of their settings as other contestants do not have (\"ea window 4\").",
    .flags = {{"baseline", "CONTESTANT", "what the others are compared with (default dpa)"},
              {"against", "COLUMN", "also draw every rung's accuracy against this measured column"},
              {"out", "DIR", "where the report goes (default: the one directory)"}},
    .groups = {},
    .run = run_report,
    .often = true,
});

}  // namespace ladder::cli
