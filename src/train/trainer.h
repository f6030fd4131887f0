// Trains one model on one task: draws batches and takes steps.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ladder/base/settings.h"
#include "ladder/nn/optimizer.h"
#include "ladder/nn/transformer.h"
#include "ladder/tasks/task.h"
#include "train/measure.h"

namespace ladder::train {

using namespace nn;
using namespace tasks;

// Whether a run's steps are the first ones of a run of more steps that is the same else: its learning
// rates do not depend on the end.
bool begins_longer_runs(const Settings& settings);

// Throws a usage error where the (resolved) settings of a run do not fit together.
void require_consistent(const Settings& settings);
// The settings with the context of the setting eval_context, if there is one.
std::optional<Settings> with_eval_context(const Settings& settings);
// Throws a usage error about `setting` if the model cannot read other contexts than it is trained at.
void require_other_context(const Settings& settings, const ModelConfig& config, const std::string& setting);

// A batch is split into a fixed number of parts, each part into passes of `micro_batch` sequences
// that fit the cache. Every part adds up its own gradient; these are then added in order. So the
// result is the same, bit for bit, for every number of threads.
class Trainer {
 public:
  // Settings must be resolved. Throws a usage error where they do not fit together.
  explicit Trainer(const Settings& settings, int threads = 1);

  // One update on a fresh batch; returns its mean loss, before the update.
  double step();
  int steps_done() const { return step_; }

  // Whether the last step's gradient and the weights after it are finite, all of them.
  bool finite() const { return finite_; }

  // What a run that was interrupted goes on from, beside parameters().
  Optimizer& optimizer() { return *optimizer_; }
  void resume_at(int step) { step_ = step; }

  const Task& task() const { return *task_; }
  const ModelConfig& config() const { return config_; }
  Parameters<float>& parameters() { return parameters_; }
  // What measures take: the held-out sequences of this seed, and a network to read them with.
  HeldOut held_out() const { return {*task_, seed_}; }
  Network<float>& network() { return *networks_[0]; }

 private:
  double run_part(int part, int thread);
  double learning_rate() const;
  void clip(std::vector<float>& gradient) const;

  const Settings settings_;
  const std::unique_ptr<Task> task_;
  const ModelConfig config_;
  const std::uint64_t seed_;
  const int batch_, parts_, micro_batch_, threads_;
  Parameters<float> parameters_;
  const std::unique_ptr<Optimizer> optimizer_;
  std::vector<std::unique_ptr<Network<float>>> networks_;  // one a thread
  std::vector<char> knows_weights_;                        // likewise: those of this step
  std::vector<std::vector<float>> gradients_;              // one a part
  std::vector<std::int32_t> tokens_, targets_;             // [batch, context] of this step
  std::vector<double> part_loss_;
  Sequence sequence_;
  double target_weight_ = 1;  // 1 / targets in the batch
  int step_ = 0;
  bool finite_ = true;
};

}  // namespace ladder::train
