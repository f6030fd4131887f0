// ladder report: statistics, verdicts and pictures from the results of sweeps.
#include "report/report.h"

#include <unistd.h>

#include <iostream>

#include "base/files.h"
#include "base/terminal.h"
#include "cli/command.h"
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
  ReportOptions options;
  options.baseline = flag(arguments, "baseline");
  options.against = flag(arguments, "against");
  options.title = last_name(out);
  options.provenance = provenance_of(directories);
  options.width = terminal_width(STDOUT_FILENO);
  Report report = make_report(sweeps.runs, sweeps.curves, options);
  write_report(report, out);
  return report;
}

// Of a sweep alone contestants are compared. In a folder of several, each has its own page.
static void check_compared(const Arguments& arguments, const Paths& directories) {
  if (directories.size() > 1 && !arguments.has("out")) return;
  const bool compared = arguments.has("baseline") || arguments.has("against") || directories.size() > 1;
  for (const fs::path& directory : directories) {
    const Results results = results_of(directory);
    if (results == Results::climb && (compared || arguments.has("out")))
      throw usage_error("'" + directory.string() + "' is a climb: its runs are those of tuning, and are not compared "
                        "as a sweep's; its page is climb.html");
    if (results == Results::other && compared)
      throw usage_error("'" + directory.string() + "' is no sweep: there are no contestants in it to be compared");
  }
}

// The report of others would replace a directory's own.
static void check_out(const fs::path& out, const Paths& directories) {
  std::error_code missing;  // reading it tells
  if (results_of(out) == Results::none || (directories.size() == 1 && fs::equivalent(out, directories[0], missing))) return;
  throw usage_error("'" + out.string() + "' has results and a report of its own: --out needs another directory");
}

// A report in each directory, and an index over them in the folder around them.
static void report_each(const Arguments& arguments, const Paths& directories, const fs::path& folder) {
  std::vector<IndexEntry> entries;
  for (const fs::path& directory : directories) {
    IndexEntry entry{directory, {}};
    switch (results_of(directory)) {
      case Results::sweep: entry.findings = reported(arguments, {directory}, directory).findings; break;
      case Results::climb: entry = {directory, climb_findings(directory), "climb.html"}; break;
      case Results::other: write_other_page(directory, directory); break;
      case Results::none: continue;  // result_directories() has none of these
    }
    std::cout << "report in " << (directory / entry.page).string() << std::endl;
    entries.push_back(std::move(entry));
  }
  write_index(folder, entries);
  std::cout << "index in " << (folder / "index.html").string() << "\n";
}

static ExitCode run_report(const Arguments& arguments) {
  const Paths given(arguments.positional.begin(), arguments.positional.end());
  Paths directories;
  for (const fs::path& one : given) {
    const Paths found = result_directories(one);
    if (found.empty() && given.size() > 1 && fs::is_directory(one))
      std::cerr << "note: '" << one.string() << "' has no results to report on\n";
    else if (found.empty()) directories.push_back(one);  // reading it tells what is missing
    directories.insert(directories.end(), found.begin(), found.end());
  }
  if (directories.empty()) throw failure("none of the directories has results to report on");
  check_compared(arguments, directories);
  const bool one = directories.size() == 1 && given.size() == 1 && directories[0] == given[0];
  if (!one && !arguments.has("out")) {
    report_each(arguments, directories,
                given.size() == 1 ? given[0] : fs::absolute(given[0] / "").parent_path().parent_path());
    return ExitCode::ok;
  }
  const fs::path out = arguments.has("out") ? flag(arguments, "out") : directories[0].string();
  if (arguments.has("out")) check_out(out, directories);
  const Results results = directories.size() == 1 ? results_of(directories[0]) : Results::sweep;
  std::string page = "report.html";
  if (results == Results::climb) {
    for (const std::string& finding : climb_findings(directories[0])) std::cout << finding << "\n";
    page = "climb.html";
  } else if (results == Results::other) {
    write_other_page(directories[0], out);
  } else {
    std::cout << reported(arguments, directories, out).headline << "\n";
  }
  std::cout << "report in " << (out / page).string() << "\n";
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "report",
    .positional = "DIR...",
    .summary = "compares the contestants in the results of sweeps",
    .details = "Reads runs.csv and curves.csv of the directory and writes summary.csv, comparison.csv,\n"
               "margins.csv, marginals.csv, columns.csv, report.html and its pictures; of a directory\n"
               "with bench.csv or geometry.csv a page that shows these; a climb has its page, climb.html. Of\n"
               "several directories each gets its report, and the folder around them an index.html; with --out\n"
               "they make one report. A folder without results stands for its subfolders that have some.\n"
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
