#include "train/run.h"

#include <cmath>
#include <limits>

#include "base/clock.h"
#include "base/signals.h"
#include "train/checkpoint.h"

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

static double eval_context_accuracy(const Settings& s, Trainer& trainer) {
  const auto longer = with_eval_context(s);
  if (!longer) return std::numeric_limits<double>::quiet_NaN();
  const auto task = make_task(*longer);
  Network<float> network(model_config(*longer, task->vocabulary(), task->context()),
                         trainer.parameters(), 1, false);
  return evaluate({*task, trainer.held_out().seed}, s.integer("eval_sequences"), network).accuracy;
}

std::string curve_text(const std::vector<CurvePoint>& curve) {
  std::vector<std::string> words;
  for (const CurvePoint& point : curve)
    words.push_back(std::to_string(point.step) + ":" + to_text(point.loss) + ":" +
                    to_text(point.accuracy));
  return join(words, " ");
}

std::optional<std::vector<CurvePoint>> parse_curve(std::string_view text) {
  std::vector<CurvePoint> curve;
  for (const std::string& word : split_words(text)) {
    const auto parts = split(word, ':');
    if (parts.size() != 3) return std::nullopt;
    const auto step = parse_whole(parts[0]);
    const auto loss = parse_real(parts[1]), accuracy = parse_real(parts[2]);
    const bool later = step && *step > (curve.empty() ? -1 : curve.back().step);
    if (!later || !loss || !accuracy) return std::nullopt;
    curve.push_back({*step, *loss, *accuracy});
  }
  return curve;
}

namespace {

// A run on its way: its result so far, and the trainer's state on disk.
class Course {
 public:
  Course(const Settings& s, Trainer& trainer, const RunOptions& options)
      : settings_(s), trainer_(trainer), options_(options) {
    result_.complexity_bits = trainer.task().complexity_bits();
    result_.chance = trainer.task().chance();
    result_.best_possible = trainer.task().best_possible();
    result_.holdout = trainer.task().holdout();
    result_.parameters = trainer.parameters().values().size();
    result_.state_size = state_size(trainer.config());
    if (!resume()) result_.initial_z = rms_z(trainer.held_out(), trainer.network());
  }

  RunResult finish() {
    const int steps = settings_.integer("steps"), every = settings_.integer("eval_every");
    const int sequences = settings_.integer("eval_sequences");
    const bool stop_when_solved = settings_.toggle("stop_when_solved");
    while (true) {
      const int step = trainer_.steps_done();
      const bool seen = !result_.curve.empty() && result_.curve.back().step == step;
      if ((step % every == 0 || step == steps) && !seen && !evaluate(sequences)) return end();
      if (result_.solved() && stop_when_solved) break;
      if (step == steps) break;
      if (stop_signal() != 0) return stop();
      if (seconds_now() - saved_ > 60 * options_.checkpoint_minutes) save();
      const double loss = trainer_.step();
      if (!std::isfinite(loss)) return diverged("the loss", step);
      if (!trainer_.finite()) return diverged("a gradient or a weight", step + 1);
    }
    result_.steps_done = trainer_.steps_done();
    if (result_.evaluation.loss > diverged_above * result_.curve.front().loss) {
      result_.status = Status::diverged;
      result_.reason = "the loss has ended above " + to_text(diverged_above) + " times its start";
    }
    if (options_.keep_end) save();
    result_.rollout_accuracy = rollout_accuracy(trainer_.held_out(), sequences, trainer_.network());
    result_.eval_context_accuracy = eval_context_accuracy(settings_, trainer_);
    return end();
  }

 private:
  // False if the run has diverged.
  bool evaluate(int sequences) {
    const Evaluation evaluation = train::evaluate(trainer_.held_out(), sequences, trainer_.network());
    const int step = trainer_.steps_done();
    if (!std::isfinite(evaluation.loss)) {
      diverged("the loss", step);
      return false;
    }
    result_.evaluation = evaluation;
    result_.curve.push_back({step, evaluation.loss, evaluation.accuracy});
    if (options_.watch) options_.watch(result_);
    if (!result_.solved() && evaluation.accuracy >= settings_.real("solve_threshold") * result_.best_possible)
      result_.step_solved = step;
    return true;
  }

  RunResult diverged(const std::string& what, int step) {
    result_.status = Status::diverged;
    result_.reason = what + " is not finite after " + std::to_string(step) + " steps";
    result_.steps_done = step;
    return end();
  }

  RunResult stop() {
    save();
    result_.status = Status::stopped;
    result_.reason = "stopped after " + std::to_string(trainer_.steps_done()) + " steps";
    result_.steps_done = trainer_.steps_done();
    return end();
  }

  RunResult end() {
    result_.seconds = seconds_before_ + seconds_now() - start_;
    return result_;
  }

  void tell(const std::string& what) const {
    if (options_.tell) options_.tell(what);
  }

  // A checkpoint that cannot be written loses time if the run is interrupted, and no result.
  void save() {
    if (options_.checkpoint.empty()) return;
    saved_ = seconds_now();
    end();
    try {
      std::error_code ignored;  // writing says what is wrong
      std::filesystem::create_directories(options_.checkpoint.parent_path(), ignored);
      save_progress(options_.checkpoint, settings_, trainer_, result_);
    } catch (const Error& error) {
      tell(std::string("no checkpoint of this run: ") + error.what());
    }
  }

  bool resume() {
    std::error_code ignored;
    if (options_.checkpoint.empty() || !std::filesystem::exists(options_.checkpoint, ignored))
      return false;
    try {
      load_progress(options_.checkpoint, settings_, trainer_, result_);
    } catch (const Error& error) {
      tell(std::string(error.what()) + "; the run starts again");
      return false;
    }
    seconds_before_ = result_.seconds;
    tell("goes on at step " + std::to_string(trainer_.steps_done()));
    return true;
  }

  const Settings& settings_;
  Trainer& trainer_;
  const RunOptions& options_;
  RunResult result_;
  const double start_ = seconds_now();
  double saved_ = start_, seconds_before_ = 0;
};

}  // namespace

RunResult run(const Settings& s, Trainer& trainer, const RunOptions& options) {
  return Course(s, trainer, options).finish();
}

// What is known of a run that could not begin.
static RunResult known_of_task(const Settings& s) {
  RunResult result;
  try {
    const auto task = make_task(s);
    result.complexity_bits = task->complexity_bits();
    result.chance = task->chance();
    result.best_possible = task->best_possible();
    result.holdout = task->holdout();
  } catch (const std::exception&) {  // then nothing is
  }
  return result;
}

RunResult run_safely(const Settings& s, const RunOptions& options) {
  try {
    Trainer trainer(s);
    return run(s, trainer, options);
  } catch (const std::exception& error) {
    RunResult result = known_of_task(s);
    result.status = Status::failed;
    result.reason = error.what();
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
