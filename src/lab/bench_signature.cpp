#include <bit>
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

namespace {

using Choices = std::vector<std::pair<std::string, std::string>>;  // setting, value

// Sizes that fill no vector, and several passes a lane.
Settings odd_settings(const Choices& choices) {
  static const Choices sizes = {{"base", "7"},    {"context", "13"}, {"d_model", "18"},
                                {"heads", "3"},   {"layers", "2"},   {"mlp_ratio", "3"},
                                {"batch", "12"},  {"micro_batch", "3"}, {"clip", "1"}};
  Settings settings;
  for (const auto& [key, value] : sizes) settings.set(key, value, "bench");
  for (const auto& [key, value] : choices) settings.set(key, value, "bench");
  settings.resolve();
  return settings;
}

std::vector<Settings> odd_models() {
  std::vector<Settings> models;
  for (const char* norm : {"pre", "post", "none"})
    for (const std::string& position : Registry<Setting>::get("position").known())
      for (const char* score : {"dpa", "ea"})
        models.push_back(odd_settings({{"norm", norm}, {"position", position}, {"score", score}}));
  for (const Score& score : Registry<Score>::all())
    for (const OptimizerPlugin& optimizer : Registry<OptimizerPlugin>::all())
      models.push_back(odd_settings({{"score", score.name}, {"optimizer", optimizer.name},
                                     {"embedding", "learned"}, {"scale", "on"}}));
  for (const std::string& activation : Registry<Setting>::get("activation").known())
    for (const std::string& loss : Registry<Setting>::get("loss").known())
      models.push_back(odd_settings({{"activation", activation}, {"loss", loss}}));
  return models;
}

std::uint64_t after_steps(const Settings& settings, int steps, int threads, std::uint64_t start) {
  Trainer trainer(settings, threads);
  for (int step = 0; step < steps; ++step) trainer.step();
  return fingerprint(trainer.parameters().values(), start);
}

}  // namespace

std::uint64_t bench_signature(int threads) {
  std::uint64_t signature = 0xcbf29ce484222325u;
  for (const char* score : {"dpa", "ea"})
    for (const char* shape : {"S", "M"})
      signature = after_steps(bench_settings(bench_shape(shape), score), 3, threads, signature);
  for (const Settings& model : odd_models())
    signature = after_steps(model, 3, threads, signature);
  return signature;
}

}  // namespace ladder::lab
