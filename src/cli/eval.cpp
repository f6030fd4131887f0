// ladder eval: measures a checkpoint on held-out sequences.
#include <cmath>
#include <iostream>

#include "cli/command.h"
#include "train/checkpoint.h"

namespace ladder::cli {

using namespace train;

static ExitCode run_eval(const Arguments& arguments) {
  const Safetensors file = read_safetensors(arguments.positional[0]);
  Settings s = checkpoint_settings(file);
  replace_settings(s, arguments.settings);
  s.resolve();
  require_finite(file);
  const auto task = make_task(s);
  require_fitting(file, "", model_config(s, task->vocabulary(), task->context()));
  Trainer trainer(s);
  load_parameters(file, "", trainer.parameters());
  const int sequences = s.integer("eval_sequences");
  const Evaluation e = trainer.evaluate(sequences);
  if (!std::isfinite(e.loss))
    throw failure("'" + file.path + "': the loss is not finite: a model that has diverged");
  std::cout << "task " << s.text("task") << ", score " << s.text("score") << ", complexity "
            << fixed(trainer.task().complexity_bits(), 1) << " bits, " << sequences
            << " sequences\nloss              " << fixed(e.loss, 4) << "\naccuracy          "
            << fixed(e.accuracy, 4) << "\nsequence_accuracy " << fixed(e.sequence_accuracy, 4)
            << "\nrollout_accuracy  " << fixed(trainer.rollout_accuracy(sequences), 4)
            << "\nchance            " << fixed(trainer.task().chance(), 4) << "\n";
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "eval",
    .positional = "CHECKPOINT",
    .summary = "measures a checkpoint on held-out sequences",
    .details = "Another seed draws other held-out sequences; the task and its size may change as far as\n"
               "the model's shapes allow.",
    .flags = {},
    .groups = {Group::task, Group::evaluation, Group::seed},
    .run = run_eval,
});

}  // namespace ladder::cli
