// ladder sweep: the main job. Trains every run of an experiment and reports.
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "base/files.h"
#include "base/version.h"
#include "cli/command.h"
#include "base/signals.h"
#include "cli/provenance.h"
#include "cli/shard.h"
#include "cli/sweep_report.h"
#include "lab/sweep.h"

namespace ladder::cli {

// What --dry-run prints: the values of what varies, a line a run.
static void print_plan(const std::vector<RunRow>& rows, const std::vector<std::string>& varying) {
  for (const RunRow& row : rows) {
    std::cout << row.number;
    for (const std::string& key : varying) std::cout << "  " << key << "=" << row.settings.text(key);
    std::cout << "\n";
  }
  std::cout << rows.size() << " runs\n";
}

static SweepOptions options_of(const Arguments& arguments) {
  SweepOptions options;
  if (arguments.has("shard")) options.shard = parse_shard(arguments.flags.at("shard"));
  if (arguments.has("fresh")) options.old = Store::Old::move_aside;
  if (arguments.has("retry-failed")) {
    const std::string& word = arguments.flags.at("retry-failed");
    if (word != "on" && word != "off")
      throw usage_error("flag --retry-failed: got '" + clipped(word) + "', expected on or off");
    options.retry_failed = word == "on";
  }
  return options;
}

static ExitCode run_sweep(const Arguments& arguments) {
  const Experiment experiment = Experiment::load(arguments.positional[0], arguments.settings);
  for (const std::string& note : experiment.notes()) std::cerr << "note: " << note << "\n";
  const SweepOptions options = options_of(arguments);
  if (arguments.has("dry-run")) {
    print_plan(planned_runs(experiment, options.shard, std::cerr), experiment.varying());
    return ExitCode::ok;
  }
  catch_signals();
  const std::string started = utc_now();
  const auto start = std::chrono::steady_clock::now();
  const Sweep result = sweep(experiment, options, std::cerr, isatty(STDERR_FILENO));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::vector<Lock> alone;  // the report is made from all parts
  if (options.shard.count > 1) alone.push_back(result.store->tables_lock());
  const auto patiently = [](const std::function<void()>& write) { write_patiently(write, std::cerr); };
  if (result.made > 0) patiently([&] {
    append_file(result.directory / "provenance.txt",
                provenance("sweep", arguments, result.threads, started, seconds.count()) +
                    (result.kept > 0 ? "went on  " + std::to_string(result.kept) + " runs were finished before\n"
                                     : ""));
  });
  if (!result.rows.empty()) {
    std::string headline;
    patiently([&] { headline = write_sweep_report(result.directory, experiment.name()); });
    std::cout << headline << "\nresults in " << result.directory.string()
              << "; pictures in report.html there\n";
  }
  const std::size_t done = result.kept + result.made;
  if (result.signal != 0) {
    std::cerr << "stopped: " << done << " of " << result.planned
              << " runs are finished; the same command goes on\n";
    return stopped_by(result.signal);
  }
  if (result.failed + result.diverged == 0) return ExitCode::ok;
  std::cerr << result.failed << " of " << result.planned << " runs failed, " << result.diverged
            << " diverged: see the columns status and reason\n";
  return ExitCode::failure;
}

static const Registered<Command> registered({
    .name = "sweep",
    .positional = "FILE",
    .summary = "trains every run of an experiment file and reports",
    .details = "A setting given as a flag replaces the file's, and may have several values:\n"
               "  ladder sweep experiments/quick.txt --seed 0..9 --out data/mine\n"
               "The same command again goes on where it was interrupted; other seeds, rungs or contestants\n"
               "join what is there, other settings of the same runs are refused.\n"
               "Results: runs.csv (a row a run), curves.csv, experiment.txt (the resolved settings), and\n"
               "what `ladder report` makes of them.",
    .flags = {{"dry-run", "", "print the list of runs and their number, train nothing", {"fresh", "retry-failed"}},
              {"shard", "i/n", "make only the i-th of n parts of the runs"},
              {"fresh", "", "move the results that are there aside and begin again"},
              {"retry-failed", "on|off", "make runs again that failed (default on)"}},
    .groups = {Group::task, Group::model, Group::training, Group::evaluation, Group::seed,
               Group::session},
    .run = run_sweep,
    .often = true,
});

}  // namespace ladder::cli
