#include "train/verify.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/safetensors.h"
#include "ladder/nn/optimizer.h"
#include "ladder/nn/transformer.h"
#include "train/checkpoint.h"

namespace ladder::train {

namespace {

float largest(std::span<const float> values) {
  float result = 0;
  for (const float x : values)
    if (std::isfinite(x)) result = std::max(result, std::fabs(x));
  return result;
}

// The largest |a - b|; infinite if a number is not finite.
double distance(std::span<const float> a, std::span<const float> b) {
  double result = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::fabs(static_cast<double>(a[i]) - b[i]);
    if (!std::isfinite(d)) return std::numeric_limits<double>::infinity();
    result = std::max(result, d);
  }
  return result;
}

class Case {
 public:
  explicit Case(const std::filesystem::path& path) : file_(read_safetensors(path)) {
    for (const auto& [key, value] : file_.metadata)
      if (key != "vocab" && key != "first_target") settings_.set(key, value, file_.path);
    settings_.resolve();
    config_ = model_config(settings_, number("vocab"), settings_.integer("context"));
    require_fitting(file_, "weight.", config_);
    const std::int64_t tokens = std::int64_t{settings_.integer("batch")} * config_.context;
    for (const char* name : {"tokens", "targets"})
      if (static_cast<std::int64_t>(file_.at(name).integers.size()) != tokens)
        throw failure("'" + file_.path + "': " + name + " must be [batch, context]");
  }

  std::vector<GroupError> compare() {
    Parameters<float> parameters = declared_parameters<float>(config_);
    load_parameters(file_, "weight.", parameters);
    Network<float> network(config_, parameters, settings_.integer("batch"));
    fill(network);
    std::vector<float> gradient(parameters.values().size());
    network.graph.bind_gradients(gradient.data());
    network.graph.forward();
    network.graph.backward();
    note("logits", "logits", {network.logits.value(), network.logits.size()});
    note("loss", "loss", {network.task_loss.value(), 1});
    compare_attention(network);
    compare_gradients(parameters, gradient);
    compare_steps(parameters, network, gradient);
    return groups_;
  }

 private:
  int number(const std::string& key) const {
    const auto found = file_.metadata.find(key);
    const auto value = found == file_.metadata.end() ? std::nullopt : parse_integer(found->second);
    if (!value || *value < 1 || *value > 1'000'000)
      throw failure("'" + file_.path + "' is not a reference case: metadata '" + key +
                    "' is no positive integer");
    return static_cast<int>(*value);
  }

  void fill(Network<float>& network) const {
    const auto& tokens = file_.at("tokens").integers;
    const auto& targets = file_.at("targets").integers;
    const auto [low, high] = std::minmax_element(tokens.begin(), tokens.end());
    if (*low < 0 || *high >= config_.vocabulary ||
        *std::max_element(targets.begin(), targets.end()) >= config_.vocabulary)
      throw failure("'" + file_.path + "': a token is outside the vocabulary");
    network.tokens = tokens;
    network.targets.token = targets;
    const auto count = std::count_if(targets.begin(), targets.end(), [](int t) { return t >= 0; });
    network.targets.weight = count ? 1.0 / static_cast<double>(count) : 0;
  }

  // The reference tensor; ours must be of the same size.
  std::span<const float> reference(const std::string& name, std::size_t size) const {
    const TensorData& tensor = file_.at(name);
    if (tensor.reals.size() != size)
      throw failure("'" + file_.path + "': tensor '" + name + "' has another size than the model's");
    return tensor.reals;
  }

  void note(const std::string& group, const std::string& name, double difference, double tolerance) {
    const auto found = std::find_if(groups_.begin(), groups_.end(),
                                    [&](const GroupError& g) { return g.group == group; });
    if (found == groups_.end()) groups_.push_back({group, name, difference, tolerance});
    else if (difference / tolerance > found->difference / found->tolerance)
      *found = {group, name, difference, tolerance};
  }

  // logits, losses and attention: 5e-5 · max(m, 1e-3)
  void note(const std::string& group, const std::string& name, std::span<const float> ours) {
    const auto expected = reference(name, ours.size());
    note(group, name, distance(ours, expected), 5e-5 * std::max(largest(expected), 1e-3f));
  }

  void compare_attention(const Network<float>& network) {
    const int context = config_.context;
    const std::size_t map = static_cast<std::size_t>(context) * context;
    std::vector<float> ours(network.batch * config_.heads * map);
    for (int i = 0; i < config_.layers; ++i) {
      for (int sequence = 0; sequence < network.batch; ++sequence)
        for (int head = 0; head < config_.heads; ++head)
          network.looks[i].maps(
              {.sequence = sequence, .head = head, .begin = 0, .end = context,
               .probabilities = ours.data() + (sequence * config_.heads + head) * map});
      note("attention", "attention." + std::to_string(i), ours);
    }
  }

  // gradients: 3e-4 · max(m, 1e-2 G)
  void compare_gradients(const Parameters<float>& parameters, const std::vector<float>& gradient) {
    for (const auto& e : parameters.entries())
      largest_gradient_ = std::max(largest_gradient_, largest(reference("grad." + e.name, e.size)));
    for (const auto& e : parameters.entries()) {
      const auto expected = reference("grad." + e.name, e.size);
      note("grad", "grad." + e.name, distance({gradient.data() + e.offset, e.size}, expected),
           3e-4 * std::max(largest(expected), 1e-2f * largest_gradient_));
    }
  }

  // Three optimizer steps on the same batch. after: 3e-4 · max(m, 1), with adam and adamw only where
  // |gradient| >= 1e-3 G, since Adam divides by it.
  void compare_steps(Parameters<float>& parameters, Network<float>& network,
                     std::vector<float>& gradient) {
    const auto optimizer = make_optimizer(settings_, parameters.values().size());
    std::vector<float> losses;
    for (int step = 0; step < 3; ++step) {
      network.graph.forward();
      network.graph.backward();
      losses.push_back(network.loss.value()[0]);
      optimizer->update(parameters.values(), gradient, settings_.real("learning_rate"));
    }
    note("losses", "losses", losses);
    const bool adaptive = settings_.text("optimizer").starts_with("adam");
    for (const auto& e : parameters.entries()) {
      const auto expected = reference("after." + e.name, e.size);
      const auto first_gradient = reference("grad." + e.name, e.size);
      std::vector<float> ours(parameters.values().begin() + e.offset,
                              parameters.values().begin() + e.offset + e.size);
      for (std::size_t i = 0; i < e.size; ++i)
        if (adaptive && std::fabs(first_gradient[i]) < 1e-3f * largest_gradient_ && std::isfinite(ours[i]))
          ours[i] = expected[i];
      note("after", "after." + e.name, distance(ours, expected),
           3e-4 * std::max(largest(expected), 1.0f));
    }
  }

  Safetensors file_;
  Settings settings_;
  ModelConfig config_;
  std::vector<GroupError> groups_;
  float largest_gradient_ = 0;
};

}  // namespace

std::vector<GroupError> verify(const std::filesystem::path& path) { return Case(path).compare(); }

}  // namespace ladder::train
