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

namespace fs = std::filesystem;

// By directory, what made its runs.
static std::vector<std::pair<std::string, std::string>> provenances(const std::vector<fs::path>& directories) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const fs::path& directory : directories)
    if (const fs::path path = directory / "provenance.txt"; fs::exists(path))
      texts.emplace_back(directory.string(), read_file(path));
  return texts;
}

static ExitCode run_merge(const Arguments& arguments) {
  if (!arguments.has("out")) throw usage_error("flag --out DIR is needed: where the whole goes");
  catch_signals();
  const std::vector<fs::path> directories(arguments.positional.begin(), arguments.positional.end());
  const fs::path out = arguments.flags.at("out");
  const auto parts = provenances(directories);  // --fresh may move one of them
  const Merged merged =
      merge(directories, out, arguments.has("fresh") ? Store::Old::move_aside : Store::Old::join,
            std::cerr);
  if (merged.added > 0) {
    const fs::path path = out / "provenance.txt";
    const std::string there = fs::exists(path) ? read_file(path) : "";
    std::string text = "command  " + command_line("merge", arguments) + "\nversion  " + version() + "\nmachine  " +
                       machine() + "\nstarted  " + utc_now() + "\n";
    for (const auto& [directory, theirs] : parts)
      if (there.find(theirs) == std::string::npos) text.append("\n" + directory + ":\n" + theirs);
    write_patiently([&] { append_file(path, text); }, std::cerr);
  }
  if (stop_signal() != 0) {
    std::cerr << "stopped; the same command goes on\n";
    return stopped_by(stop_signal());
  }
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
