#include "train/trainer.h"

#include <omp.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

#include "ladder/base/math.h"

namespace ladder::train {

// ---- settings -----------------------------------------------------------------------------------

static constexpr int default_parts = 2;
// Tokens of one pass: its activations then stay in a level-2 cache of about 2 MB.
static constexpr int tokens_per_pass = 256;

static int largest_divisor(int number, int limit) {
  int divisor = std::clamp(limit, 1, number);
  while (number % divisor != 0) --divisor;
  return divisor;
}

static int automatic_parts(const Settings& s) {
  return largest_divisor(s.integer("batch"), default_parts);
}

static int automatic_micro_batch(const Settings& s) {
  const int per_part = std::max(1, s.integer("batch") / s.integer("gradient_parts"));
  return largest_divisor(per_part, tokens_per_pass / s.integer("context"));
}

static bool has_warmup(const Settings& s) { return s.text("schedule") != "constant"; }

static const RegisteredSettings settings(
    Group::training, "trainer",
    {Setting::choice("schedule", "constant", {"constant", "warmup", "cosine"},
                     "of the learning rate: constant; warmup (linear rise, then constant); cosine "
                     "(linear rise, then half a cosine towards 0)",
                     "ladder recipe"),
     Setting::integer("warmup", "100", 0, 1e9, "steps of the linear rise", "ladder recipe")
         .only_if(has_warmup, "schedule = warmup or cosine"),
     Setting::real("clip", "0", 0, 1e9,
                   "largest norm of the gradient; a larger one is scaled down (0: no limit)",
                   "ladder recipe"),
     Setting::integer("batch", "64", 1, 1e6, "sequences a step", "ladder recipe"),
     Setting::integer("steps", "2000", 0, 1e9, "updates, at most", "ladder recipe"),
     Setting::integer("gradient_parts", "auto", 1, 1024,
                      "equal parts of the batch whose gradients are added in a fixed order; as many "
                      "threads can work on one run",
                      "this program")
         .automatically([](const Settings& s) { return std::to_string(automatic_parts(s)); },
                        "the largest divisor of batch up to " + std::to_string(default_parts))
         .formerly("lanes"),
     Setting::integer("micro_batch", "auto", 1, 1e6,
                      "sequences a pass; changes speed, and results by rounding only",
                      "this program")
         .automatically([](const Settings& s) { return std::to_string(automatic_micro_batch(s)); },
                        "up to " + std::to_string(tokens_per_pass) + " tokens a pass")});

static const RegisteredSettings seed(
    Group::seed, "trainer",
    {Setting::integer("seed", "0", 0, 9007199254740992.0, "of initial weights and of all sequences",
                      "this program")});

// ---- the trainer --------------------------------------------------------------------------------

static int parts_of(const Settings& s) {
  if (s.integer("batch") % s.integer("gradient_parts") != 0)
    throw s.invalid("gradient_parts", "a divisor of batch = " + s.text("batch"));
  return s.integer("gradient_parts");
}

static int micro_batch_of(const Settings& s) {
  const int per_part = s.integer("batch") / parts_of(s);
  if (per_part % s.integer("micro_batch") != 0)
    throw s.invalid("micro_batch", "a divisor of batch / gradient_parts = " + std::to_string(per_part));
  return s.integer("micro_batch");
}

std::optional<Settings> with_eval_context(const Settings& s) {
  if (s.integer("eval_context") == 0) return std::nullopt;
  Settings other = s;
  other.set("context", s.text("eval_context"), "eval_context");
  return other;
}

void require_other_context(const Settings& s, const ModelConfig& config, const std::string& setting) {
  const bool learned = config.position == Position::learned;
  if (learned || std::any_of(config.mixers.begin(), config.mixers.end(),
                             [](const auto& mixer) { return mixer->one_context(); }))
    throw s.invalid(setting, "the context trained at: " +
                                 (learned ? std::string("position = learned") : "mixer = " + s.text("mixer")) +
                                 " has no weights for others");
}

bool begins_longer_runs(const Settings& s) { return s.text("schedule") != "cosine"; }

void require_consistent(const Settings& s) {
  const auto task = make_task(s);
  const ModelConfig config = model_config(s, task->vocabulary(), task->context());
  micro_batch_of(s);
  if (const auto longer = with_eval_context(s)) {
    const auto its_task = make_task(*longer);
    model_config(*longer, its_task->vocabulary(), its_task->context());
    if (its_task->context() != task->context()) require_other_context(s, config, "eval_context");
  }
}

Trainer::Trainer(const Settings& s, int threads)
    : settings_(s),
      task_(make_task(s)),
      config_(model_config(s, task_->vocabulary(), task_->context())),
      seed_(static_cast<std::uint64_t>(s.big_integer("seed"))),
      batch_(s.integer("batch")),
      parts_(parts_of(s)),
      micro_batch_(micro_batch_of(s)),
      threads_(std::clamp(threads, 1, parts_)),
      parameters_(declared_parameters<float>(config_)),
      optimizer_(make_optimizer(s, parameters_.values().size())),
      part_loss_(parts_) {
  require_consistent(s);
  parameters_.initialise(seed_);
  for (int i = 0; i < threads_; ++i)
    networks_.push_back(std::make_unique<Network<float>>(config_, parameters_, micro_batch_));
  gradients_.assign(parts_, std::vector<float>(parameters_.values().size()));
  tokens_.resize(static_cast<std::size_t>(batch_) * config_.context);
  targets_.resize(tokens_.size());
}

// Without a branch, so that it costs next to nothing.
static bool all_finite(const std::vector<float>& values) {
  constexpr std::uint32_t exponent = 0x7F800000u;
  std::uint32_t bad = 0;
  for (const float value : values)
    bad |= static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(value) & exponent) == exponent);
  return bad == 0;
}

double Trainer::step() {
  const std::size_t context = config_.context;
  std::int64_t targets = 0;
  for (std::size_t row = 0; row < static_cast<std::size_t>(batch_); ++row) {
    task_->draw(seed_, Split::training, static_cast<std::uint64_t>(step_) * batch_ + row, sequence_);
    const std::size_t first = row * context;
    for (std::size_t t = 0; t < context; ++t) {
      tokens_[first + t] = sequence_.tokens[t];
      targets_[first + t] = sequence_.targets[t];
      targets += sequence_.targets[t] >= 0;
    }
  }
  target_weight_ = 1.0 / static_cast<double>(targets);

  knows_weights_.assign(networks_.size(), false);
#pragma omp parallel for schedule(static) num_threads(threads_) if (threads_ > 1)
  for (int part = 0; part < parts_; ++part)
    part_loss_[part] = run_part(part, threads_ > 1 ? omp_get_thread_num() : 0);

  std::vector<float>& gradient = gradients_[0];
  double loss = part_loss_[0];
  for (int part = 1; part < parts_; ++part) {
    const float* other = gradients_[part].data();
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += other[i];
    loss += part_loss_[part];
  }
  finite_ = all_finite(gradient);
  clip(gradient);
  optimizer_->update(parameters_.values(), gradient, learning_rate());
  finite_ = finite_ && all_finite(parameters_.values());
  ++step_;
  return loss;
}

double Trainer::run_part(int part, int thread) {
  Network<float>& network = *networks_[thread];
  const int per_part = batch_ / parts_, rows = static_cast<int>(network.tokens.size());
  network.graph.bind_gradients(gradients_[part].data());
  network.targets.weight = target_weight_;
  double loss = 0;
  for (int first = 0; first < per_part; first += micro_batch_) {
    const std::size_t row = std::size_t(part * per_part + first) * config_.context;
    std::copy_n(tokens_.begin() + row, rows, network.tokens.begin());
    std::copy_n(targets_.begin() + row, rows, network.targets.token.begin());
    using Weights = Graph<float>::Weights;
    network.graph.forward(std::exchange(knows_weights_[thread], true) ? Weights::same : Weights::new_ones);
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

}  // namespace ladder::train
