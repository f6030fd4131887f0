// One run: trains as the settings say, measures on the way, and returns what goes into a row of
// results.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ladder/base/settings.h"
#include "train/trainer.h"

namespace ladder::train {

struct CurvePoint {
  int step;  // updates done
  double loss, accuracy;
};

struct RunResult {
  double complexity_bits = 0, chance = 0, best_possible = 1;
  std::string holdout;
  std::size_t parameters = 0;
  double initial_z = 0;   // rms_z before training
  int steps_done = 0;
  Evaluation evaluation;  // the last one
  double rollout_accuracy = 0;      // NaN where the task has none
  double eval_context_accuracy = 0;  // NaN without eval_context
  int step_solved = -1;   // the first evaluation at or above the threshold; -1: none
  std::vector<CurvePoint> curve;
  double seconds = 0;     // wall time; the only member that differs from time to time
  std::string error;      // empty: done

  bool solved() const { return step_solved >= 0; }
};

// Called after every evaluation.
using Watch = std::function<void(const CurvePoint&)>;

// Trains `trainer`, made from the same settings. Throws a failure if the loss is not finite.
RunResult run(const Settings& settings, Trainer& trainer, const Watch& watch = nullptr);

// The same from settings alone; what goes wrong is told in `error` and not thrown.
RunResult run_safely(const Settings& settings);

// A rough measure of a run's time, to start the longest first: multiply-adds over all steps.
double estimated_work(const Settings& settings);

}  // namespace ladder::train
