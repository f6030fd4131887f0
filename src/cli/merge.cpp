// ladder merge: the parts of a sweep become one.
#include <algorithm>
#include <iostream>

#include "base/files.h"
#include "base/signals.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/provenance.h"
#include "cli/sweep_report.h"
#include "lab/merge.h"

namespace ladder::cli {

static ExitCode run_merge(const Arguments& arguments) {
  if (!arguments.has("out")) throw usage_error("flag --out DIR is needed: where the whole goes");
  catch_signals();
  const std::vector<std::filesystem::path> directories(arguments.positional.begin(),
                                                       arguments.positional.end());
  const std::filesystem::path out = arguments.flags.at("out");
  const Merged merged =
      merge(directories, out, arguments.has("fresh") ? Store::Old::move_aside : Store::Old::join,
            std::cerr);
  std::string provenance = "command  " + command_line("merge", arguments) + "\nversion  " + version() + "\nmachine  " + machine() +
                           "\nstarted  " + utc_now() + "\n";
  for (const auto& directory : directories)  // theirs made the runs
    if (const auto path = directory / "provenance.txt"; std::filesystem::exists(path))
      provenance.append("\n").append(directory.string()).append(":\n").append(read_file(path));
  write_file(out / "provenance.txt", provenance);
  if (merged.runs > 0) std::cout << write_sweep_report(out, last_name(out)) << "\n";
  std::cout << merged.runs << " runs in " << out.string() << "\n";
  constexpr std::size_t shown = 20;
  for (std::size_t i = 0; i < std::min(shown, merged.missing.size()); ++i)
    std::cerr << "missing: " << merged.missing[i] << "\n";
  if (merged.missing.size() > shown)
    std::cerr << "missing: " << merged.missing.size() - shown << " more\n";
  if (merged.failed > 0) std::cerr << merged.failed << " runs failed: a sweep makes them again\n";
  return merged.missing.empty() && merged.failed == 0 ? ExitCode::ok : ExitCode::failure;
}

static const Registered<Command> registered({
    .name = "merge",
    .positional = "DIR...",
    .summary = "joins the results of several directories, and names the runs that are missing",
    .details = "The parts of a sweep (--shard) give the files of the whole. Two directories that have a run\n"
               "with different results are refused.\n"
               "  ladder merge data/quick-1of2 data/quick-2of2 --out data/quick",
    .flags = {{"out", "DIR", "where the whole goes, beside what is there"},
              {"fresh", "", "move what is there aside first"}},
    .groups = {},
    .run = run_merge,
});

}  // namespace ladder::cli
