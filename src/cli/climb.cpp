// ladder climb: who climbs highest, each contestant at its own best recipe.
#include "climb/live.h"

#include <unistd.h>

#include <chrono>
#include <iostream>

#include "base/columns.h"
#include "base/files.h"
#include "base/signals.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/provenance.h"
#include "cli/shard.h"
#include "climb/climb_report.h"
#include "climb/progress.h"
#include "climb/replay.h"
#include "lab/results.h"

namespace ladder::cli {

using namespace climb;

// ---- --dry-run ----------------------------------------------------------------------------------

namespace {

// A ground where each recipe solves the rungs up to one, after a part of the steps.
class Expected : public Ground {
 public:
  Expected(const Ground& real, int highest, double part) : real_(real), highest_(highest), part_(part) {}
  std::optional<Observation> look(const Trial& trial) override {
    Observation seen;
    const int at = static_cast<int>(part_ * steps(trial.rung));
    if (trial.rung <= highest_ && at <= trial.steps) seen.solved_at = at;
    return seen;
  }
  int steps(int rung) const override { return real_.steps(rung); }
  int evaluated_every() const override { return real_.evaluated_every(); }
  std::vector<int> beyond(int recipe) const override { return real_.beyond(recipe); }

 private:
  const Ground& real_;
  const int highest_;
  const double part_;
};

}  // namespace

static void print_plan(const Plan& plan) {
  const FinishedRuns none;
  const LoggedGround ground(plan, none);
  const int rungs = static_cast<int>(plan.rungs.size()), contestants = static_cast<int>(plan.contestants.size());
  for (int i = 0; i < contestants; ++i)
    std::cout << "contestant " << i + 1 << "  " << plan.contestant_name(i) << "  ("
              << climb::text_of(plan.contestants[i]) << ")\n";
  for (int i = 0; i < rungs; ++i)
    std::cout << "rung " << i + 1 << "  " << plan.rung_name(i) << "  up to " << ground.steps(i) << " steps\n";
  for (std::size_t i = 0; i < plan.recipes.size(); ++i)
    std::cout << "recipe " << i + 1 << "  " << climb::text_of(plan.recipes[i]) << "\n";
  std::size_t least = 0, most = 0;
  double least_steps = 0, most_steps = 0, whole = 0;
  for (int highest = -1; highest < rungs; ++highest) {
    Expected expected(ground, highest, 0.5);
    Climber climber(expected, plan.rules, 0, rungs);
    climber.climb();
    if (highest < 0 || climber.steps() < least_steps) least_steps = climber.steps(), least = climber.trainings();
    if (climber.steps() > most_steps) most_steps = climber.steps(), most = climber.trainings();
    if (highest >= 0) whole += ground.steps(highest);
  }
  whole *= static_cast<double>(plan.recipes.size()) * plan.rules.tuning_seeds;
  std::cout << "cost  a contestant takes " << least << " to " << most << " trainings, " << fixed(least_steps, 0)
            << " to " << fixed(most_steps, 0) << " steps, if what is solved takes half a rung's steps\n"
            << "      (all recipes at all rungs on the tuning seeds: up to " << fixed(whole, 0) << " steps)\n";
}

// ---- the command --------------------------------------------------------------------------------

static ExitCode tell_table(const Plan& plan, const Table& table, const std::string& name) {
  std::vector<std::vector<std::string>> rows = {table.columns()};
  for (std::size_t row = 0; row < table.rows(); ++row) rows.push_back(table.row(row));
  std::cout << aligned(rows);
  const auto path = plan.directory() / name;
  std::filesystem::create_directories(path.parent_path());
  write_file(path, table.to_csv());
  const bool runs = std::filesystem::exists(plan.directory() / "runs.csv");  // a grid's
  write_columns(plan.directory(), {name}, runs ? lab::run_columns() : std::vector<ColumnText>());
  std::cout << "in " << path.string() << "\n";
  return ExitCode::ok;
}

static ExitCode run_climb(const Arguments& arguments) {
  const Plan plan = read_plan(arguments.positional[0], arguments.settings);
  for (const std::string& note : plan.notes) std::cerr << "note: " << note << "\n";
  if (arguments.has("dry-run")) return print_plan(plan), ExitCode::ok;
  if (const int climbs = whole_number(arguments, "replay", 0))
    return tell_table(plan, table_of(replay(plan, read_logs(plan.directory(), std::cerr), climbs)), "replay.csv");
  if (const int climbs = whole_number(arguments, "simulate", 0))
    return tell_table(plan, table_of(simulate(plan, climbs)), "simulation.csv");
  ClimbOptions options;
  if (arguments.has("shard")) options.shard = parse_shard(arguments.flags.at("shard"));
  if (arguments.has("fresh")) options.old = Store::Old::move_aside;
  options.grid = arguments.has("grid");
  catch_signals();
  const std::string started = utc_now();
  const auto start = std::chrono::steady_clock::now();
  const Climb result = climb::climb(plan, options, std::cerr, isatty(STDERR_FILENO));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const auto patiently = [](const std::function<void()>& write) { write_patiently(write, std::cerr); };
  if (result.made > 0)
    patiently([&] {
      append_file(result.directory / "provenance.txt",
                  provenance("climb", arguments, result.threads, started, seconds.count()) +
                      (result.kept > 0 ? "went on  " + std::to_string(result.kept) + " trainings were there before\n"
                                       : ""));
    });
  if (result.contest && options.shard.count == 1) {
    const ClimbReport report = make_report(plan, *result.contest, *result.ground, result.finished);
    patiently([&] { write_report(report, result.directory); });
    std::cout << report.words << "\nresults in " << result.directory.string() << "; picture in climb.html there\n";
  } else if (result.finished) {
    std::cout << result.made + result.kept << " trainings in " << result.directory.string()
              << (options.grid ? "" : "; the same command without --shard compares the contestants") << "\n";
  }
  if (result.signal != 0) {
    std::cerr << "stopped after " << result.made << " trainings; the same command goes on\n";
    return stopped_by(result.signal);
  }
  if (result.failed == 0) return ExitCode::ok;
  std::cerr << result.failed << " trainings failed: see the columns status and reason of runs.csv\n";
  return ExitCode::failure;
}

static const Registered<Command> registered({
    .name = "climb",
    .positional = "FILE",
    .summary = "finds how high each contestant climbs at its own best recipe",
    .details =
        "The file says what is compared (contestants:), the rungs from the lowest up (rungs:), and what a\n"
        "recipe is chosen from (search:); all else has one value.\n"
        "  ladder climb experiments/climb_quick.txt\n"
        "At each rung that it comes to, a contestant's recipes are searched by successive halving on\n"
        "tuning seeds; the best one of the highest rung is then judged by fresh seeds, and contestants are\n"
        "compared where their climbs end. The same command goes on where it was interrupted.\n"
        "Results: climb.csv (a row a contestant), rungs.csv, pairs.csv, climb.html with its picture, and\n"
        "every training in runs.csv and curves.csv.",
    .flags = {{"dry-run", "", "print what is compared, the recipes and the cost; train nothing",
               {"shard", "fresh", "grid", "replay", "simulate"}},
              {"shard", "i/n", "climb only with every n-th contestant, from the i-th on"},
              {"fresh", "", "move the results that are there aside and begin again"},
              {"grid", "", "train all recipes at all rungs on all tuning seeds, to the end"},
              {"replay", "N", "climb N times on the rows of a grid that is there, and compare with the grid's answer",
               {"shard", "fresh", "grid", "simulate"}},
              {"simulate", "N", "climb N times with simulated contestants, whose frontiers are known",
               {"shard", "fresh", "grid"}}},
    .groups = {Group::task, Group::model, Group::training, Group::evaluation, Group::seed, Group::search,
               Group::session},
    .run = run_climb,
});

}  // namespace ladder::cli
