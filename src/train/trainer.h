// Trains one model on one task: draws batches, takes steps, measures.
#pragma once

#include <memory>
#include <vector>

#include "ladder/base/settings.h"
#include "ladder/nn/optimizer.h"
#include "ladder/nn/transformer.h"
#include "ladder/tasks/task.h"

namespace ladder::train {

using namespace nn;
using namespace tasks;

struct Evaluation {
  double loss = 0;               // mean over targets
  double accuracy = 0;           // share of targets predicted (the largest logit)
  double sequence_accuracy = 0;  // share of sequences with all targets predicted
};

// Throws a usage error where the (resolved) settings of a run do not fit together.
void require_consistent(const Settings& settings);

// A batch is split into a fixed number of lanes, each lane into passes of `micro_batch` sequences
// that fit the cache. Every lane adds up its own gradient; lanes are then added in order. So the
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

  // On `sequences` held-out sequences, the same at every call.
  Evaluation evaluate(int sequences);
  // Token accuracy on the same sequences, when each determined token that the model reads is its
  // own prediction: generation from the initial tokens alone.
  double rollout_accuracy(int sequences);

  // Root mean square of what the score is given, z = scale · query·key, over all legal pairs of the
  // first layer on one pass of those sequences.
  double rms_z();

  const Task& task() const { return *task_; }
  const ModelConfig& config() const { return config_; }
  Parameters<float>& parameters() { return parameters_; }

 private:

  double run_lane(int lane, Network<float>& network);
  double learning_rate() const;
  void clip(std::vector<float>& gradient) const;

  const Settings settings_;
  const std::unique_ptr<Task> task_;
  const ModelConfig config_;
  const std::uint64_t seed_;
  const int batch_, lanes_, micro_batch_, threads_;
  Parameters<float> parameters_;
  const std::unique_ptr<Optimizer> optimizer_;
  std::vector<std::unique_ptr<Network<float>>> networks_;  // one a thread
  std::vector<std::vector<float>> gradients_;              // one a lane
  std::vector<std::int32_t> tokens_, targets_;             // [batch, context] of this step
  std::vector<double> lane_loss_;
  Sequence sequence_;
  double target_weight_ = 1;  // 1 / targets in the batch
  int step_ = 0;
  bool finite_ = true;
};

}  // namespace ladder::train
