// Measures of a model on held-out sequences; no training is needed.
#pragma once

#include <cstdint>

#include "ladder/nn/transformer.h"
#include "ladder/tasks/task.h"

namespace ladder::train {

using namespace nn;
using namespace tasks;

// The sequences that evaluation draws: the same for the same seed, whoever asks.
struct HeldOut {
  const Task& task;
  std::uint64_t seed;
};

struct Evaluation {
  double loss = 0;               // mean over targets
  double accuracy = 0;           // share of targets predicted (the largest logit)
  double sequence_accuracy = 0;  // share of sequences with all targets predicted
};

// On the first `sequences` held-out sequences, some at a time, with a network of any batch size.
Evaluation evaluate(const HeldOut& held_out, int sequences, Network<float>& network);

// Token accuracy on the same sequences, when each token that was a target is read as the model
// predicted it: generation from the initial tokens alone. NaN where targets are no next tokens.
// Generates with a decoder, which keeps about decoder_bytes, where the mixers have a step.
double rollout_accuracy(const HeldOut& held_out, int sequences, Network<float>& network);
constexpr double decoder_bytes = 8 << 20;

// Root mean square of what the score is given, z = scale · query·key, over all legal pairs of the
// first layer, on one batch of the network. NaN where the first layer's mixer has no such z.
double rms_z(const HeldOut& held_out, Network<float>& network);

}  // namespace ladder::train
