// One run: trains as the settings say, measures on the way, and returns what goes into a row of
// results.
#pragma once

#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ladder/base/settings.h"
#include "train/trainer.h"

namespace ladder::train {

struct CurvePoint {
  int step;  // updates done
  double loss, accuracy;
};

// "0:2.1:0.12 100:...": step, loss, accuracy; numbers read back to the same bits.
std::string curve_text(const std::vector<CurvePoint>& curve);
std::optional<std::vector<CurvePoint>> parse_curve(std::string_view text);

enum class Status {
  ok,
  diverged,  // something became infinite, or the loss ended far above its start
  failed,    // it could not be made, for a reason that may be gone next time: memory, ...
  stopped    // before its end, from outside: no result
};

// What is not known is NaN, or as said; a run that ended early keeps what it knew by then.
struct RunResult {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  double complexity_bits = unknown, chance = unknown, best_possible = unknown;
  std::string holdout;
  std::size_t parameters = 0;   // 0: not known
  double state_size = unknown;  // numbers carried from token to token in generation, at its context
  double initial_z = unknown;   // rms_z before training
  int steps_done = -1;          // -1: not known
  Evaluation evaluation = {unknown, unknown, unknown};  // the last one
  double rollout_accuracy = unknown;       // also where the task has none
  double eval_context_accuracy = unknown;  // also without eval_context
  int step_solved = -1;         // the first evaluation at or above the threshold; -1: none
  std::vector<CurvePoint> curve;
  double seconds = unknown;     // wall time; the only member that differs from time to time
  Status status = Status::ok;
  std::string reason;           // of a status that is not ok

  bool solved() const { return step_solved >= 0; }
};

// A run whose loss ends above so many times its loss before training has diverged, though finite.
constexpr double diverged_above = 4;

struct RunOptions {
  std::function<void(const RunResult&)> watch = nullptr;  // called after every evaluation
  // Where the run's state is kept on its way, from where it goes on; empty: nowhere. The file is
  // renewed every `checkpoint_minutes` and when the run is stopped (stop_signal()), and removed by
  // whoever has kept the result. One that cannot be used is told and not used.
  std::filesystem::path checkpoint = {};
  double checkpoint_minutes = std::numeric_limits<double>::infinity();
  std::function<void(const std::string&)> tell = nullptr;
};

// Trains `trainer`, made from the same settings, from its start, or from where the checkpoint was:
// the result is the same, bit for bit.
RunResult run(const Settings& settings, Trainer& trainer, const RunOptions& options = {});

// The same from settings alone; what goes wrong is told in `reason` and not thrown.
RunResult run_safely(const Settings& settings, const RunOptions& options = {});

// A rough measure of a run's time, to start the longest first: multiply-adds over all steps.
double estimated_work(const Settings& settings);

// The memory that a run with so many threads takes, roughly and rather too much: bytes.
double estimated_memory(const Settings& settings, int threads = 1);
// What is there: the least of the system's, the container's and the process's limits.
double available_memory();

}  // namespace ladder::train
