// ladder verdict: the paper's claims, judged by whatever results there are.
#include "report/verdict.h"

#include <iostream>

#include "cli/command.h"

namespace ladder::cli {

using namespace report;

static ExitCode run_verdict(const Arguments& arguments) {
  Verdicts verdicts;
  for (const std::string& directory : arguments.positional) {
    const Verdicts more = judge(directory);
    verdicts.insert(verdicts.end(), more.begin(), more.end());
  }
  std::cout << verdict_table(verdicts);
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "verdict",
    .positional = "DIR...",
    .summary = "judges the paper's claims by the results of sweeps, bench and inspect",
    .details = "Prints a Markdown table: for each claim what each directory's results (runs.csv, bench.csv,\n"
               "geometry.csv) show, with intervals. Sweeps are taken apart by optimizer.\n"
               "  ladder verdict data/reference/complexity data/reference/bench",
    .flags = {},
    .groups = {},
    .run = run_verdict,
});

}  // namespace ladder::cli
