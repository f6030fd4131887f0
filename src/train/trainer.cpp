#include "ladder/train/trainer.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ladder/base/math.h"

namespace ladder {

// ---- settings -----------------------------------------------------------------------------------

static constexpr int default_lanes = 2;
// Tokens of one pass: its activations then stay in a level-2 cache of about 2 MB.
static constexpr int tokens_per_pass = 256;

static int largest_divisor(int number, int limit) {
  int divisor = std::clamp(limit, 1, number);
  while (number % divisor != 0) --divisor;
  return divisor;
}

static int automatic_lanes(const Settings& s) {
  return largest_divisor(s.integer("batch"), default_lanes);
}

static int automatic_micro_batch(const Settings& s) {
  const int per_lane = std::max(1, s.integer("batch") / s.integer("lanes"));
  return largest_divisor(per_lane, tokens_per_pass / s.integer("context"));
}

static bool has_warmup(const Settings& s) { return s.text("schedule") != "constant"; }

static const RegisteredSettings settings({
    {"schedule", Group::training, Type::choice, "constant",
     "of the learning rate: constant; warmup (linear rise, then constant); cosine (linear rise, then "
     "half a cosine towards 0)",
     "ladder recipe", 0, 0,
     [] { return std::vector<std::string>{"constant", "warmup", "cosine"}; }},
    {"warmup", Group::training, Type::integer, "100", "steps of the linear rise", "ladder recipe", 0,
     1e9, nullptr, nullptr, nullptr, has_warmup,
     [] { return std::string("schedule = warmup or cosine"); }},
    {"clip", Group::training, Type::real, "0",
     "largest norm of the gradient; a larger one is scaled down (0: no limit)", "ladder recipe", 0,
     1e9},
    {"batch", Group::training, Type::integer, "64", "sequences a step", "ladder recipe", 1, 1e6},
    {"steps", Group::training, Type::integer, "2000", "updates, at most", "ladder recipe", 0, 1e9},
    {"lanes", Group::training, Type::integer, "auto",
     "equal parts of the batch whose gradients are added in a fixed order; as many threads can work "
     "on one run",
     "this program", 1, 1024, nullptr,
     [](const Settings& s) { return std::to_string(automatic_lanes(s)); },
     [] { return "the largest divisor of batch up to " + std::to_string(default_lanes); }},
    {"micro_batch", Group::training, Type::integer, "auto",
     "sequences a pass; changes speed, and results by rounding only", "this program", 1, 1e6, nullptr,
     [](const Settings& s) { return std::to_string(automatic_micro_batch(s)); },
     [] { return "up to " + std::to_string(tokens_per_pass) + " tokens a pass"; }},
    {"seed", Group::seed, Type::integer, "0", "of initial weights and of all sequences",
     "this program", 0, 9007199254740992.0},
});

// ---- the trainer --------------------------------------------------------------------------------

static int lanes_of(const Settings& s) {
  if (s.integer("batch") % s.integer("lanes") != 0)
    throw s.invalid("lanes", "a divisor of batch = " + s.text("batch"));
  return s.integer("lanes");
}

static int micro_batch_of(const Settings& s) {
  const int per_lane = s.integer("batch") / lanes_of(s);
  if (per_lane % s.integer("micro_batch") != 0)
    throw s.invalid("micro_batch", "a divisor of batch / lanes = " + std::to_string(per_lane));
  return s.integer("micro_batch");
}

void require_consistent(const Settings& s) {
  const auto task = make_task(s);
  model_config(s, task->vocabulary(), task->context());
  micro_batch_of(s);
}

Trainer::Trainer(const Settings& s, int threads)
    : settings_(s),
      task_(make_task(s)),
      config_(model_config(s, task_->vocabulary(), task_->context())),
      seed_(static_cast<std::uint64_t>(s.big_integer("seed"))),
      batch_(s.integer("batch")),
      lanes_(lanes_of(s)),
      micro_batch_(micro_batch_of(s)),
      threads_(std::clamp(threads, 1, lanes_)),
      parameters_(config_),
      optimizer_(make_optimizer(s, parameters_.values().size())),
      lane_loss_(lanes_) {
  parameters_.initialise(config_, seed_);
  for (int i = 0; i < threads_; ++i)
    networks_.push_back(std::make_unique<Network<float>>(config_, parameters_, micro_batch_));
  gradients_.assign(lanes_, std::vector<float>(parameters_.values().size()));
  tokens_.resize(static_cast<std::size_t>(batch_) * config_.context);
  targets_.resize(tokens_.size());
}

double Trainer::step() {
  const int context = config_.context;
  int targets = 0;
  for (int row = 0; row < batch_; ++row) {
    task_->draw(seed_, Split::training, static_cast<std::uint64_t>(step_) * batch_ + row, sequence_);
    for (int t = 0; t < context; ++t) {
      const bool determined = sequence_.determined[t + 1];
      tokens_[row * context + t] = sequence_.tokens[t];
      targets_[row * context + t] = determined ? sequence_.tokens[t + 1] : -1;
      targets += determined;
    }
  }
  target_weight_ = 1.0 / targets;

#pragma omp parallel for schedule(static) num_threads(threads_) if (threads_ > 1)
  for (int lane = 0; lane < lanes_; ++lane)
    lane_loss_[lane] = run_lane(lane, *networks_[threads_ > 1 ? omp_get_thread_num() : 0]);

  std::vector<float>& gradient = gradients_[0];
  double loss = lane_loss_[0];
  for (int lane = 1; lane < lanes_; ++lane) {
    const float* other = gradients_[lane].data();
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += other[i];
    loss += lane_loss_[lane];
  }
  clip(gradient);
  optimizer_->update(parameters_.values(), gradient, learning_rate());
  ++step_;
  return loss;
}

double Trainer::run_lane(int lane, Network<float>& network) {
  const int per_lane = batch_ / lanes_, rows = static_cast<int>(network.tokens.size());
  network.graph.bind_gradients(gradients_[lane].data());
  network.targets.weight = target_weight_;
  double loss = 0;
  for (int first = 0; first < per_lane; first += micro_batch_) {
    const int row = (lane * per_lane + first) * config_.context;
    std::copy_n(tokens_.begin() + row, rows, network.tokens.begin());
    std::copy_n(targets_.begin() + row, rows, network.targets.token.begin());
    network.graph.forward();
    network.graph.backward(first == 0 ? Write::replace : Write::accumulate);
    loss += network.loss.value()[0];
  }
  return loss;
}

double Trainer::learning_rate() const {
  const double rate = settings_.real("learning_rate");
  const std::string& schedule = settings_.text("schedule");
  if (schedule == "constant") return rate;
  const int warmup = settings_.integer("warmup"), steps = settings_.integer("steps");
  if (step_ < warmup) return rate * (step_ + 1) / warmup;
  if (schedule == "warmup" || steps <= warmup) return rate;
  const double done = static_cast<double>(step_ - warmup) / (steps - warmup);
  return rate * 0.5 * (1 + math::cos(std::numbers::pi * std::min(done, 1.0)));
}

void Trainer::clip(std::vector<float>& gradient) const {
  const double limit = settings_.real("clip");
  if (limit == 0) return;
  double square = 0;
  for (const float g : gradient) square += static_cast<double>(g) * g;
  const double norm = std::sqrt(square);
  if (norm <= limit) return;
  const float factor = static_cast<float>(limit / norm);
  for (float& g : gradient) g *= factor;
}

// ---- evaluation ---------------------------------------------------------------------------------

static int largest_logit(const Network<float>& network, int row) {
  const float* x = network.logits.value() + row * network.logits.stride();
  return static_cast<int>(std::max_element(x, x + network.logits.cols()) - x);
}

// Calls f(number of sequences in the chunk) for chunks of the network's batch, filled with held-out
// sequences; rows beyond the last sequence have no targets.
template <class F>
static void for_each_chunk(const Task& task, std::uint64_t seed, int sequences,
                           Network<float>& network, F&& f) {
  Sequence sequence;
  for (int first = 0; first < sequences; first += network.batch) {
    const int filled = std::min(network.batch, sequences - first);
    for (int b = 0; b < network.batch; ++b) {
      if (b < filled) task.draw(seed, Split::evaluation, first + b, sequence);
      for (int t = 0; t < network.context; ++t) {
        const int row = b * network.context + t;
        network.tokens[row] = sequence.tokens[t];
        network.targets.token[row] =
            b < filled && sequence.determined[t + 1] ? sequence.tokens[t + 1] : -1;
      }
    }
    f(filled);
  }
}

Evaluation Trainer::evaluate(int sequences) {
  Network<float>& network = *networks_[0];
  network.targets.weight = 1;
  Evaluation sum;
  std::int64_t targets = 0;
  for_each_chunk(*task_, seed_, sequences, network, [&](int filled) {
    network.graph.forward();
    sum.loss += network.loss.value()[0];
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

double Trainer::rms_z() {
  Network<float>& network = *networks_[0];
  const std::size_t context = config_.context, maps = std::size_t(network.batch) * config_.heads;
  std::vector<float> probabilities(maps * context * context), z(probabilities.size());
  double square = 0;
  for_each_chunk(*task_, seed_, network.batch, network, [&](int) {
    network.graph.forward();
    network.attention[0].look(probabilities.data(), z.data());
    for (const float value : z) square += static_cast<double>(value) * value;  // 0 if not legal
  });
  return std::sqrt(square / static_cast<double>(maps * context * (context + 1) / 2));
}

double Trainer::rollout_accuracy(int sequences) {
  Network<float>& network = *networks_[0];
  std::int64_t right = 0, targets = 0;
  for_each_chunk(*task_, seed_, sequences, network, [&](int filled) {
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

}  // namespace ladder
