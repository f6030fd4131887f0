// ladder verdict: the paper's claims, judged by whatever results there are.
#include "report/verdict.h"

#include <iostream>

#include "base/files.h"
#include "cli/command.h"
#include "ladder/base/error.h"
#include "report/other_pages.h"

namespace ladder::cli {

using namespace report;

// A folder without results stands for its subfolders that have some: "climb/nt_base".
static ExitCode run_verdict(const Arguments& arguments) {
  namespace fs = std::filesystem;
  Verdicts verdicts;
  bool any = false;
  for (const std::string& given : arguments.positional) {
    const std::vector<fs::path> found = result_directories(given);
    any |= !found.empty();
    if (found.empty() && arguments.positional.size() > 1 && fs::is_directory(given))
      std::cerr << "note: '" << given << "' has nothing to judge by\n";
    else if (found.empty()) judge(given, last_name(given));  // throws what is missing
    for (const fs::path& directory : found) {
      const fs::path below = directory.lexically_relative(given);
      std::string name = last_name(given);
      if (below != ".") name.append("/").append(below.generic_string());
      const Verdicts more = judge(directory, name);
      verdicts.insert(verdicts.end(), more.begin(), more.end());
    }
  }
  if (!any) throw failure("none of the directories has anything to judge by");
  std::cout << verdict_table(verdicts);
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "verdict",
    .positional = "DIR...",
    .summary = "judges the paper's claims by the results of sweeps, bench and inspect",
    .details = "Prints a Markdown table: for each claim what each directory's results (runs.csv, bench.csv,\n"
               "geometry.csv; of a climb climb.csv and pairs.csv) show, with intervals. Sweeps are taken apart\n"
               "by optimizer. A folder without results stands for its subfolders that have some.\n"
               "  ladder verdict data/reference/complexity data/reference/bench",
    .flags = {},
    .groups = {},
    .run = run_verdict,
});

}  // namespace ladder::cli
