#include "train/run.h"

#include <chrono>
#include <cmath>
#include <limits>

namespace ladder::train {

static const RegisteredSettings settings(
    Group::evaluation, "run",
    {Setting::integer("eval_every", "100", 1, 1e9, "steps between evaluations", "ladder recipe"),
     Setting::integer("eval_sequences", "256", 1, 1e6,
                      "held-out sequences of an evaluation, the same each time", "ladder recipe"),
     Setting::real("solve_threshold", "0.99", 0, 1,
                   "token accuracy from which a run counts as solved, as a share of the best "
                   "possible",
                   "ladder recipe"),
     Setting::toggle("stop_when_solved", "on", "end a run at the evaluation that solves it",
                     "ladder recipe"),
     Setting::integer("eval_context", "0", 0, 8192,
                      "another context to measure accuracy at, after training (0: none)",
                      "ladder recipe")});

static double seconds_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

static double eval_context_accuracy(const Settings& s, Trainer& trainer) {
  const auto longer = with_eval_context(s);
  if (!longer) return std::numeric_limits<double>::quiet_NaN();
  const auto task = make_task(*longer);
  Network<float> network(model_config(*longer, task->vocabulary(), task->context()),
                         trainer.parameters(), 1, false);
  return evaluate({*task, trainer.held_out().seed}, s.integer("eval_sequences"), network).accuracy;
}

RunResult run(const Settings& s, Trainer& trainer, const Watch& watch) {
  const int steps = s.integer("steps"), every = s.integer("eval_every");
  const int sequences = s.integer("eval_sequences");
  const double start = seconds_now();
  RunResult result;
  result.complexity_bits = trainer.task().complexity_bits();
  result.chance = trainer.task().chance();
  result.best_possible = trainer.task().best_possible();
  const double threshold = s.real("solve_threshold") * result.best_possible;
  result.holdout = trainer.task().holdout();
  result.parameters = trainer.parameters().values().size();
  result.initial_z = rms_z(trainer.held_out(), trainer.network());

  while (true) {
    const int step = trainer.steps_done();
    if (step % every == 0 || step == steps) {
      result.evaluation = evaluate(trainer.held_out(), sequences, trainer.network());
      if (!std::isfinite(result.evaluation.loss))
        throw failure("the loss is not finite after " + std::to_string(step) + " steps");
      result.curve.push_back({step, result.evaluation.loss, result.evaluation.accuracy});
      if (watch) watch(result.curve.back());
      if (result.step_solved < 0 && result.evaluation.accuracy >= threshold) result.step_solved = step;
      if (result.solved() && s.toggle("stop_when_solved")) break;
    }
    if (step == steps) break;
    if (!std::isfinite(trainer.step()))
      throw failure("the loss is not finite after " + std::to_string(step) + " steps");
  }
  result.steps_done = trainer.steps_done();
  result.rollout_accuracy = rollout_accuracy(trainer.held_out(), sequences, trainer.network());
  result.eval_context_accuracy = eval_context_accuracy(s, trainer);
  result.seconds = seconds_now() - start;
  return result;
}

RunResult run_safely(const Settings& s) {
  try {
    Trainer trainer(s);
    return run(s, trainer);
  } catch (const std::exception& error) {
    RunResult result;
    result.error = error.what();
    return result;
  }
}

double estimated_work(const Settings& s) {
  const auto task = make_task(s);
  const ModelConfig c = model_config(s, task->vocabulary(), task->context());
  const double d = c.d_model, per_token = c.layers * (4 + 2.0 * c.mlp_ratio) * d * d;
  double sequence = per_token * c.context;
  for (const auto& mixer : c.mixers) sequence += mixer->multiply_adds(c.context);
  return sequence * s.real("batch") * s.real("steps");
}

}  // namespace ladder::train
