// ladder report: statistics, verdicts and pictures from the results of sweeps.
#include "report/report.h"

#include <iostream>

#include "base/files.h"
#include "cli/command.h"
#include "lab/results.h"

namespace ladder::cli {

using namespace report;

static ExitCode run_report(const Arguments& arguments) {
  const auto flag = [&](const std::string& name) {
    return arguments.has(name) ? arguments.flags.at(name) : std::string();
  };
  const std::vector<std::filesystem::path> directories(arguments.positional.begin(),
                                                       arguments.positional.end());
  if (directories.size() > 1 && !arguments.has("out"))
    throw usage_error("several directories need --out DIR, where their common report goes");
  const std::filesystem::path out = arguments.has("out") ? flag("out") : directories[0].string();
  const Sweeps sweeps = read_sweeps(directories);
  check_runs(sweeps.runs);
  ReportOptions options;
  options.baseline = flag("baseline");
  options.against = flag("against");
  options.title = last_name(out);
  const Report report = make_report(sweeps.runs, sweeps.curves, options);
  write_report(report, out);
  std::cout << report.headline << "\nreport in " << (out / "report.html").string() << "\n";
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "report",
    .positional = "DIR...",
    .summary = "compares the contestants in the results of sweeps",
    .details = "Reads runs.csv and curves.csv of each directory (the parts of one sweep, or several sweeps)\n"
               "and writes summary.csv, comparison.csv, margins.csv, marginals.csv, report.html and its\n"
               "pictures. A contestant is named by what varies of mixer, score and pattern (\"ea window\"),\n"
               "and by such of their settings as other contestants do not have (\"ea window 4\").",
    .flags = {{"baseline", "CONTESTANT", "what the others are compared with (default dpa)"},
              {"against", "COLUMN", "also draw every rung's accuracy against this measured column"},
              {"out", "DIR", "where the report goes (default: the one directory)"}},
    .groups = {},
    .run = run_report,
    .often = true,
});

}  // namespace ladder::cli
