#include <bit>
#include <cstdio>
#include <utility>

#include "lab/bench.h"
#include "ladder/nn/optimizer.h"
#include "ladder/nn/score.h"
#include "train/trainer.h"

namespace ladder::lab {

using namespace nn;
using namespace train;

std::uint64_t fingerprint(const std::vector<float>& values, std::uint64_t start) {
  std::uint64_t hash = start;
  for (const float value : values)
    hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 0x100000001b3u;
  return hash;
}

static std::uint64_t fingerprint(double value, std::uint64_t start) {
  const auto word = std::bit_cast<std::uint64_t>(value);
  const auto half = [](std::uint64_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  };
  return fingerprint({half(word >> 32), half(word)}, start);
}

namespace {

// Sizes that fill no vector, and several passes a lane.
const Choices small = {{"base", "7"},   {"context", "13"}, {"d_model", "18"}, {"heads", "3"},
                       {"layers", "2"}, {"mlp_ratio", "3"}, {"batch", "8"},  {"micro_batch", "2"},
                       {"clip", "1"}};
// Long enough for panels of several vectors and for products that are cut into blocks of k.
const Choices large = {{"base", "11"},  {"context", "69"}, {"d_model", "88"},  {"heads", "2"},
                       {"layers", "1"}, {"batch", "8"},    {"micro_batch", "4"}};

struct Case {
  Choices sizes, choices;
};

const std::vector<Case>& models() {
  static const std::vector<Case> cases = {
      {small, {{"position", "learned"}, {"norm", "post"}}},
      {small, {{"position", "sinusoidal"}, {"norm", "pre"}, {"activation", "relu"}}},
      {small, {{"position", "rope"}, {"norm", "post"}, {"embedding", "learned"}, {"scale", "on"}}},
      {small, {{"position", "alibi"}, {"norm", "none"}, {"activation", "tanh"}}},
      {small, {{"position", "none"}, {"norm", "pre"}, {"loss", "squared"}}},
      {large, {{"position", "rope"}, {"norm", "pre"}, {"embedding", "learned"}, {"scale", "on"}}},
      {large, {{"position", "alibi"}, {"norm", "post"}, {"scale", "on"}}}};
  return cases;
}

// Of all that a run tells after a few steps: measured, and the parameters.
std::uint64_t after_steps(const Case& model, const Choices& choices, int steps, int threads,
                          std::uint64_t start) {
  Settings settings;
  for (const Choices* some : {&model.sizes, &model.choices, &choices})
    for (const auto& [key, value] : *some) settings.set(key, value, "signature");
  settings.resolve();
  try {
    require_consistent(settings);
  } catch (const Error&) {  // a position that the contestant cannot have
    return start;
  }
  Trainer trainer(settings, threads);
  std::uint64_t hash = fingerprint(trainer.task().complexity_bits(), start);
  hash = fingerprint(rms_z(trainer.held_out(), trainer.network()), hash);
  for (int step = 0; step < steps; ++step) hash = fingerprint(trainer.step(), hash);
  const Evaluation evaluation = evaluate(trainer.held_out(), 5, trainer.network());
  hash = fingerprint(evaluation.accuracy, fingerprint(evaluation.loss, hash));
  if (trainer.config().context < 16)  // takes long: computes all of it for each of its positions
    hash = fingerprint(rollout_accuracy(trainer.held_out(), 2, trainer.network()), hash);
  return fingerprint(trainer.parameters().values(), hash);
}

constexpr std::uint64_t beginning = 0xcbf29ce484222325u;

// Of a score, a pattern or a mixer, beside the defaults of the others.
std::uint64_t of_contestant(const std::string& kind, const Plugin& plugin, int threads) {
  Choices choices = plugin.tiny;
  choices.emplace_back(kind, plugin.name);
  choices.emplace_back("optimizer", "sgd");  // steps that follow the gradient, and its size, closely
  std::uint64_t hash = beginning;
  for (const Case& model : models()) hash = after_steps(model, choices, 2, threads, hash);
  return hash;
}

std::uint64_t of_optimizer(const std::string& name, int threads) {
  std::uint64_t hash = beginning;
  for (const char* schedule : {"constant", "warmup", "cosine"}) {
    Choices choices = {{"optimizer", name}, {"schedule", schedule}, {"steps", "9"}};
    if (choices[1].second != "constant") choices.push_back({"warmup", "3"});
    hash = after_steps(models()[2], choices, 6, threads, hash);
  }
  return hash;
}

}  // namespace

std::vector<std::string> bench_signature(int threads) {
  std::vector<std::string> lines;
  const auto add = [&](const std::string& kind, const std::string& name, std::uint64_t hash) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
    lines.push_back(kind + " " + name + " " + digits);
  };
  for (const Kind& kind : Registry<Kind>::all())
    for (const Plugin* plugin : kind.plugins())
      if (kind.name == "optimizer") add(kind.name, plugin->name, of_optimizer(plugin->name, threads));
      else if (kind.name != "task") add(kind.name, plugin->name, of_contestant(kind.name, *plugin, threads));
  return lines;
}

}  // namespace ladder::lab
