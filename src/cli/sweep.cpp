// ladder sweep: the main job. Trains every run of an experiment and reports.
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "base/files.h"
#include "base/version.h"
#include "cli/command.h"
#include "report/report.h"
#include "lab/sweep.h"

namespace ladder::cli {

using namespace report;

// "2/5": the second of five parts.
static Shard parse_shard(const std::string& text) {
  const auto parts = split(text, '/');
  const auto index = parse_integer(parts[0]);
  const auto count = parts.size() == 2 ? parse_integer(parts[1]) : std::nullopt;
  if (!index || !count || *index < 1 || *index > *count || *count > 1'000'000)
    throw usage_error("flag --shard: got '" + text + "', expected i/n with 1 <= i <= n");
  return {static_cast<int>(*index), static_cast<int>(*count)};
}

// What --dry-run prints: the values of what varies, a line a run.
static void print_plan(const std::vector<RunRow>& rows, const std::vector<std::string>& varying) {
  for (const RunRow& row : rows) {
    std::cout << row.number;
    for (const std::string& key : varying) std::cout << "  " << key << "=" << row.settings.text(key);
    std::cout << "\n";
  }
  std::cout << rows.size() << " runs\n";
}

// What made these results, for whoever finds them later.
static std::string provenance(const Arguments& arguments, const std::string& started,
                              double seconds, const Sweep& result) {
  std::string command = "ladder sweep " + arguments.positional[0];
  for (const Override& given : arguments.settings)
    command += " --" + given.key + " " + join(given.words, " ");
  for (const auto& [name, value] : arguments.flags) command += " --" + name + " " + value;
  return "command  " + command + "\nversion  " + version() + "\nmachine  " + machine() +
         "\nthreads  " + result.rows[0].settings.text("threads") + "\nstarted  " + started +
         "\nseconds  " + fixed(seconds, 0) + "\n";
}

static ExitCode run_sweep(const Arguments& arguments) {
  const Experiment experiment = Experiment::load(arguments.positional[0], arguments.settings);
  const Shard shard =
      arguments.has("shard") ? parse_shard(arguments.flags.at("shard")) : Shard{};
  if (arguments.has("dry-run")) {
    print_plan(planned_runs(experiment, shard, std::cerr), experiment.varying());
    return ExitCode::ok;
  }
  const std::string started = utc_now();
  const auto start = std::chrono::steady_clock::now();
  const Sweep result = sweep(experiment, shard, std::cerr, isatty(STDERR_FILENO));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  write_file(result.directory / "provenance.txt",
             provenance(arguments, started, seconds.count(), result));
  const Sweeps results = read_sweeps({result.directory});
  ReportOptions options;
  options.title = experiment.name();
  const Report report = make_report(results.runs, results.curves, options);
  write_report(report, result.directory);
  std::cout << report.headline << "\nresults in " << result.directory.string()
            << "; pictures in report.html there\n";
  if (result.failed == 0) return ExitCode::ok;
  std::cerr << result.failed << " of " << result.rows.size() << " runs failed: see the column status\n";
  return ExitCode::failure;
}

static const Registered<Command> registered({
    .name = "sweep",
    .positional = "FILE",
    .summary = "trains every run of an experiment file and reports how high each score climbs",
    .details = "A setting given as a flag replaces the file's, and may have several values:\n"
               "  ladder sweep experiments/quick.txt --seed 0..9 --out data/mine\n"
               "Results: runs.csv (a row a run), curves.csv, experiment.txt (the resolved settings), and\n"
               "what `ladder report` makes of them.",
    .flags = {{"dry-run", "", "print the list of runs and their number, train nothing"},
              {"shard", "i/n", "make only the i-th of n parts of the runs"}},
    .groups = {Group::task, Group::model, Group::training, Group::evaluation, Group::seed,
               Group::session},
    .run = run_sweep,
});

}  // namespace ladder::cli
