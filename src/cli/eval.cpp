// ladder eval: measures a checkpoint on held-out sequences.
#include <cmath>
#include <iostream>

#include "cli/checkpoint.h"

namespace ladder::cli {

using namespace train;

static ExitCode run_eval(const Arguments& arguments) {
  LoadedModel model = load_checkpoint(arguments.positional[0], arguments);
  const Settings& s = model.settings;
  const HeldOut held_out = model.held_out();
  const int sequences = s.integer("eval_sequences");
  Network<float> network(model.config, model.parameters, s.integer("micro_batch"), false);
  const Evaluation e = evaluate(held_out, sequences, network);
  if (!std::isfinite(e.loss))
    throw failure("'" + arguments.positional[0] + "': the loss is not finite: a model that has diverged");
  std::cout << "task " << s.text("task") << ", mixer " << s.text("mixer")
            << (s.applies("score") ? ", score " + s.text("score") : "") << ", complexity "
            << fixed(model.task->complexity_bits(), 1) << " bits, " << sequences
            << " sequences\nloss              " << fixed(e.loss, 4) << "\naccuracy          "
            << fixed(e.accuracy, 4) << "\nsequence_accuracy " << fixed(e.sequence_accuracy, 4)
            << "\nrollout_accuracy  "
            << (model.task->next_token() ? fixed(rollout_accuracy(held_out, sequences, network), 4)
                                         : "none: targets are no next tokens")
            << "\nchance            " << fixed(model.task->chance(), 4) << "\nbest_possible     "
            << fixed(model.task->best_possible(), 4) << "\n";
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "eval",
    .positional = "CHECKPOINT",
    .summary = "measures a checkpoint on held-out sequences",
    .details = "Another seed draws other held-out sequences; the task and its size may change as far as\n"
               "the model's shapes allow: --context is free but with learned positions and with mixers such as\n"
               "sea, which have weights of one context.",
    .flags = {},
    .groups = {Group::task, Group::evaluation, Group::seed},
    .run = run_eval,
    .without = {"eval_every", "solve_threshold", "stop_when_solved", "eval_context"},
});

}  // namespace ladder::cli
