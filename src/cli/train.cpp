// ladder train: one run, watched.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <iostream>

#include "base/files.h"
#include "cli/command.h"
#include "lab/results.h"
#include "train/checkpoint.h"
#include "train/run.h"

namespace ladder::cli {

using namespace train;

static std::string run_name(const Settings& s) {
  return s.text("task") + "_" + s.text("score") + "_base" + s.text("base") + "_delay" +
                     s.text("delay") + "_seed" + s.text("seed");
}

static std::string if_any(const std::string& words, double value) {
  return std::isnan(value) ? "" : words + fixed(value, 4);
}

static ExitCode run_train(const Arguments& arguments) {
  const Settings s =
      single_run(arguments, arguments.positional.empty() ? "" : arguments.positional[0]);
  Trainer trainer(s, s.integer("threads"));
  const std::filesystem::path directory =
      s.text("out") == "auto" ? "data/" + run_name(s) : s.text("out");
  require_writable(directory);

  const bool terminal = isatty(STDERR_FILENO);
  const RunResult result = run(s, trainer, [&](const CurvePoint& point) {
    std::cerr << (terminal ? "\r" : "") << "step " << pad_left(std::to_string(point.step), 7)
              << "  loss " << fixed(point.loss, 4) << "  accuracy " << fixed(point.accuracy, 4)
              << (terminal ? "   " : "\n") << std::flush;
  });
  if (terminal) std::cerr << "\n";

  const std::vector<RunRow> rows = {{0, s, result}};
  write_file(directory / "runs.csv", runs_csv(rows));
  write_file(directory / "curves.csv", curves_csv(rows));
  const auto checkpoint = directory / "checkpoint.safetensors";
  save_checkpoint(checkpoint, s, trainer);
  std::cout << "accuracy " << fixed(result.evaluation.accuracy, 4) << ", whole sequences "
            << fixed(result.evaluation.sequence_accuracy, 4)
            << if_any(", rollout ", result.rollout_accuracy)
            << if_any(", at the eval_context ", result.eval_context_accuracy) << ", chance "
            << fixed(result.chance, 4) << ", best possible " << fixed(result.best_possible, 4) << ", "
            << (result.solved() ? "solved at step " + std::to_string(result.step_solved)
                                : "not solved in " + std::to_string(result.steps_done) + " steps")
            << "\nwrote " << checkpoint.string() << ", runs.csv, curves.csv\n";
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "train",
    .positional = "[FILE]",
    .summary = "trains one run, shows its curve and saves a checkpoint",
    .details = "FILE is an experiment file that describes one run; flags replace its settings.\n"
               "  ladder train --score dpa --base 8 --delay 12 --out data/one",
    .flags = {},
    .groups = {Group::task, Group::model, Group::training, Group::evaluation, Group::seed,
               Group::session},
    .run = run_train,
});

}  // namespace ladder::cli
