// ladder climb: who climbs highest, each contestant at its own best recipe.
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "base/files.h"
#include "base/signals.h"
#include "base/version.h"
#include "cli/command.h"
#include "climb/live.h"

namespace ladder::cli {

using namespace climb;

static ExitCode run_climb(const Arguments& arguments) {
  const Plan plan = read_plan(arguments.positional[0], arguments.settings);
  ClimbOptions options;
  if (arguments.has("fresh")) options.old = Store::Old::move_aside;
  options.grid = arguments.has("grid");
  catch_signals();
  const Climb result = climb::climb(plan, options, std::cerr, isatty(STDERR_FILENO));
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "climb",
    .positional = "FILE",
    .summary = "finds how high each contestant climbs at its own best recipe",
    .details = "",
    .flags = {{"dry-run", "", "print what is compared, the recipes and the cost; train nothing"},
              {"shard", "i/n", "climb only with the i-th of n parts of the contestants"},
              {"fresh", "", "move the results that are there aside and begin again"},
              {"grid", "", "train all recipes at all rungs on all tuning seeds, to the end"}},
    .groups = {Group::task, Group::model, Group::training, Group::evaluation, Group::seed, Group::search,
               Group::session},
    .run = run_climb,
});

}  // namespace ladder::cli
