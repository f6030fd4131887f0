// ladder status: how far a sweep, or a climb, is that another process makes.
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "base/lock.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "lab/progress.h"
#include "lab/run_log.h"
#include "lab/store.h"

namespace ladder::cli {

namespace fs = std::filesystem;

// Runs on their way leave their curves in unfinished/.
static int running(const fs::path& directory) {
  int count = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(directory / "unfinished", none))
    count += entry.path().extension() == ".csv";
  return count;
}

static ExitCode run_status(const Arguments& arguments) {
  const fs::path directory = arguments.positional[0];
  if (!has_logs(directory))
    throw failure("'" + directory.string() + "' has no runs.log: no sweep of this program works there");
  std::ostringstream torn;  // a line that is being written just now
  const FinishedRuns finished = read_logs(directory, torn);
  const std::string holder = Lock::holder(directory / ".lock");

  Speeds speeds;
  std::map<Status, int> ended;
  std::set<RunKey> there;
  for (const LoggedRun* run : finished.all()) {
    speeds.add(run->row.settings, run->row.result.seconds);
    ++ended[run->row.result.status];
    there.insert(run_key(run->row.settings));
  }
  std::vector<double> left;
  std::size_t planned = 0;
  // What a climb trains next, its results say.
  if (fs::exists(directory / "experiment.txt") && !holds_climb(directory))
    for (const Settings& settings : Experiment::load(directory / "experiment.txt").expand()) {
      ++planned;
      if (!there.contains(run_key(settings))) left.push_back(speeds.seconds(settings));
    }
  const int at_once = std::max(running(directory), 1);

  std::cout << directory.string() << ": "
            << (holder.empty() ? "nobody works here" : "in use by " + holder) << "\n"
            << finished.size() << " runs finished";
  if (ended[Status::diverged] > 0) std::cout << ", " << ended[Status::diverged] << " of them diverged";
  if (ended[Status::failed] > 0) std::cout << ", " << ended[Status::failed] << " failed";
  if (planned > 0) std::cout << "; " << left.size() << " of " << planned << " of experiment.txt left";
  std::cout << "\n";
  if (!holder.empty() && !left.empty())
    std::cout << "about " << duration_text(seconds_left(left, at_once)) << " left, " << at_once
              << (at_once == 1 ? " run" : " runs") << " at a time\n";
  else if (!left.empty())
    std::cout << "the command that made them goes on; about " << duration_text(seconds_left(left, 1))
              << " in one thread\n";
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "status",
    .positional = "DIR",
    .summary = "tells how far the sweep in a directory is, whoever makes it",
    .details = "Who works there, how many runs are finished and left, and how long that will take.\n"
               "  ladder status data/complexity",
    .flags = {},
    .groups = {},
    .run = run_status,
});

}  // namespace ladder::cli
