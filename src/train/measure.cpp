#include "train/measure.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ladder::train {

static int largest_logit(const Network<float>& network, int row) {
  const float* x = network.logits.value() + row * network.logits.stride();
  return static_cast<int>(std::max_element(x, x + network.logits.cols()) - x);
}

// Calls f(number of sequences in the chunk) for chunks of the network's batch, filled with held-out
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
    f(filled);
  }
}

Evaluation evaluate(const HeldOut& held_out, int sequences, Network<float>& network) {
  network.targets.weight = 1;
  Evaluation sum;
  std::int64_t targets = 0;
  for_each_chunk(held_out, sequences, network, [&](int filled) {
    network.graph.forward();
    sum.loss += network.task_loss.value()[0];
    for (int b = 0; b < filled; ++b) {
      bool all = true;
      for (int row = b * network.context; row < (b + 1) * network.context; ++row) {
        const int target = network.targets.token[row];
        if (target < 0) continue;
        const bool right = largest_logit(network, row) == target;
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
  for_each_chunk(held_out, network.batch, network, [&](int) {
    network.graph.forward();
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

double rollout_accuracy(const HeldOut& held_out, int sequences, Network<float>& network) {
  if (!held_out.task.next_token()) return std::numeric_limits<double>::quiet_NaN();
  std::int64_t right = 0, targets = 0;
  for_each_chunk(held_out, sequences, network, [&](int filled) {
    // Position by position: predict token t + 1 of every sequence, then let the model read it.
    for (int t = 0; t < network.context; ++t) {
      bool computed = false;
      for (int b = 0; b < filled; ++b) {
        const int row = b * network.context + t;
        if (network.targets.token[row] < 0) continue;
        if (!computed) network.graph.forward();
        computed = true;
        const int prediction = largest_logit(network, row);
        right += prediction == network.targets.token[row];
        ++targets;
        if (t + 1 < network.context) network.tokens[row + 1] = prediction;
      }
    }
  });
  return static_cast<double>(right) / targets;
}

}  // namespace ladder::train
