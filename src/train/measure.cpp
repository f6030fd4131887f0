#include "train/measure.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ladder::train {

static int largest(Tensor<float> logits, int row) {
  const float* x = logits.value() + row * logits.stride();
  return static_cast<int>(std::max_element(x, x + logits.cols()) - x);
}

using Weights = Graph<float>::Weights;

// Calls f(number of sequences in the chunk, whether the weights are known) for chunks of the network's batch, filled with held-out
// sequences; rows beyond the last sequence have no targets.
template <class F>
static void for_each_chunk(const HeldOut& held_out, int sequences, Network<float>& network, F&& f) {
  Sequence sequence;
  for (int first = 0; first < sequences; first += network.batch) {
    const int filled = std::min(network.batch, sequences - first);
    for (int b = 0; b < network.batch; ++b) {
      if (b < filled) held_out.task.draw(held_out.seed, Split::evaluation, first + b, sequence);
      for (int t = 0; t < network.context; ++t) {
        const int row = b * network.context + t;
        network.tokens[row] = sequence.tokens[t];
        network.targets.token[row] = b < filled ? sequence.targets[t] : -1;
      }
    }
    f(filled, first == 0 ? Weights::new_ones : Weights::same);
  }
}

Evaluation evaluate(const HeldOut& held_out, int sequences, Network<float>& network) {
  network.targets.weight = 1;
  Evaluation sum;
  std::int64_t targets = 0;
  for_each_chunk(held_out, sequences, network, [&](int filled, Weights weights) {
    network.graph.forward(weights);
    sum.loss += network.task_loss.value()[0];
    for (int b = 0; b < filled; ++b) {
      bool all = true;
      for (int row = b * network.context; row < (b + 1) * network.context; ++row) {
        const int target = network.targets.token[row];
        if (target < 0) continue;
        const bool right = largest(network.logits, row) == target;
        sum.accuracy += right;
        all &= right;
        ++targets;
      }
      sum.sequence_accuracy += all;
    }
  });
  return {sum.loss / targets, sum.accuracy / targets, sum.sequence_accuracy / sequences};
}

double rms_z(const HeldOut& held_out, Network<float>& network) {
  const Look<float>& look = network.looks[0];
  if (!look.query) return std::numeric_limits<double>::quiet_NaN();
  constexpr int rows = 64;  // queries at a time
  const int context = network.context, heads = look.heads;
  std::vector<float> z(static_cast<std::size_t>(rows) * context);
  std::vector<std::uint8_t> legal(z.size());
  double square = 0, pairs = 0;
  for_each_chunk(held_out, network.batch, network, [&](int, Weights weights) {
    network.graph.forward(weights);
    for (int sequence = 0; sequence < network.batch; ++sequence)
      for (int head = 0; head < heads; ++head)
        for (int begin = 0; begin < context; begin += rows) {
          const int end = std::min(begin + rows, context);
          look.maps({.sequence = sequence, .head = head, .begin = begin, .end = end,
                     .products = z.data(), .legal = legal.data()});
          const std::size_t all = static_cast<std::size_t>(end - begin) * context;
          for (std::size_t i = 0; i < all; ++i) {
            square += static_cast<double>(z[i]) * z[i];  // 0 if not legal
            pairs += legal[i];
          }
        }
  });
  return std::sqrt(square / pairs);
}

namespace {

struct Count {
  std::int64_t right = 0, targets = 0;
  void add(int prediction, int target) {
    right += prediction == target;
    ++targets;
  }
};

// With a decoder: as many sequences at a time as keep what it remembers in the cache.
void roll_out(const HeldOut& held_out, int sequences, Network<float>& network, Count& count) {
  const int context = network.context;
  double state = 1;
  for (const auto& mixer : network.config.mixers) state += mixer->state_size(context) * sizeof(float);
  const int batch = std::clamp(static_cast<int>(std::min(decoder_bytes / state, 64.0)), 1, sequences);
  Decoder<float> decoder(network.config, network.parameters, batch);
  std::vector<Sequence> drawn(batch);
  std::vector<std::int32_t> tokens(batch);
  for (int first = 0; first < sequences; first += batch) {
    const int filled = std::min(batch, sequences - first);
    int last = -1;  // the last target of them all
    for (int b = 0; b < filled; ++b) {
      held_out.task.draw(held_out.seed, Split::evaluation, first + b, drawn[b]);
      for (int t = 0; t < context; ++t)
        if (drawn[b].targets[t] >= 0) last = std::max(last, t);
    }
    decoder.restart();
    for (int t = 0; t <= last; ++t) {
      for (int b = 0; b < filled; ++b) tokens[b] = drawn[b].tokens[t];
      const Tensor<float> logits = decoder.read(tokens);
      for (int b = 0; b < filled; ++b) {
        if (drawn[b].targets[t] < 0) continue;
        const int prediction = largest(logits, b);
        count.add(prediction, drawn[b].targets[t]);
        if (t + 1 < context) drawn[b].tokens[t + 1] = prediction;
      }
    }
  }
}

// With whole passes, for mixers that would need one a token: every token becomes what the pass before
// predicts there, until nothing changes. The first of them is right after one pass, the second after
// two, and so on; most are right long before.
void roll_out_by_passes(const HeldOut& held_out, int sequences, Network<float>& network, Count& count) {
  for_each_chunk(held_out, sequences, network, [&](int, Weights weights) {
    const int rows = static_cast<int>(network.tokens.size());
    for (bool changed = true; changed; weights = Weights::same) {
      network.graph.forward(weights);
      changed = false;
      for (int row = 0; row < rows; ++row) {
        if (network.targets.token[row] < 0 || (row + 1) % network.context == 0) continue;
        const int prediction = largest(network.logits, row);
        changed |= network.tokens[row + 1] != prediction;
        network.tokens[row + 1] = prediction;
      }
    }
    for (int row = 0; row < rows; ++row)
      if (network.targets.token[row] >= 0) count.add(largest(network.logits, row), network.targets.token[row]);
  });
}

}  // namespace

double rollout_accuracy(const HeldOut& held_out, int sequences, Network<float>& network) {
  if (!held_out.task.next_token()) return std::numeric_limits<double>::quiet_NaN();
  const auto& mixers = network.config.mixers;
  const bool steps = std::all_of(mixers.begin(), mixers.end(), [](const auto& mixer) { return mixer->has_step(); });
  Count count;
  (steps ? roll_out : roll_out_by_passes)(held_out, sequences, network, count);
  return static_cast<double>(count.right) / count.targets;
}

}  // namespace ladder::train
