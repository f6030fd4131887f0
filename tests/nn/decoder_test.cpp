// Generation: a decoder tells what the whole network tells, bit for bit, for every contestant.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "../allocation_count.h"
#include "ladder/base/random.h"
#include "ladder/nn/optimizer.h"
#include "ladder/nn/pattern.h"
#include "ladder/nn/score.h"
#include "ladder/nn/transformer.h"

namespace ladder {

using namespace nn;
namespace {

struct Model {
  int context, batch;
  Choices choices;
};

// Fewer pairs of a sequence and a head than lanes, and more; one block of keys, and several.
const std::vector<Model> models = {
    {13, 2, {{"position", "learned"}, {"d_model", "18"}, {"heads", "3"}, {"layers", "2"}, {"norm", "post"}}},
    {37, 1, {{"position", "sinusoidal"}, {"d_model", "16"}, {"heads", "2"}, {"norm", "pre"}}},
    {20, 9, {{"position", "rope"}, {"d_model", "24"}, {"heads", "2"}, {"embedding", "learned"}}},
    {69, 7, {{"position", "alibi"}, {"d_model", "15"}, {"heads", "3"}, {"norm", "none"}, {"scale", "on"}}},
    {70, 3, {{"position", "rope"}, {"d_model", "16"}, {"heads", "1"}, {"scale", "on"}}}};

template <class T>
Parameters<T> parameters_of(const ModelConfig& config) {
  Parameters<T> parameters = declared_parameters<T>(config);
  parameters.initialise(3);
  return parameters;
}

template <class T>
void fill(std::vector<std::int32_t>& tokens, int vocabulary, const char* name) {
  const Random random(4, name);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = random.below(vocabulary, i, 0);
}

template <class T>
void check(const ModelConfig& config, const Model& model, const char* name) {
  constexpr int vocabulary = 7;
  Parameters<T> parameters = parameters_of<T>(config);
  Network<T> network(config, parameters, model.batch, false);
  Decoder<T> decoder(config, parameters, model.batch);
  for (const char* sequences : {"first", "second"}) {  // a decoder that restarts has forgotten the first
    fill<T>(network.tokens, vocabulary, sequences);
    network.graph.forward();
    decoder.restart();
    for (int t = 0; t < model.context; ++t) {
      std::vector<std::int32_t> tokens;
      for (int b = 0; b < model.batch; ++b) tokens.push_back(network.tokens[b * model.context + t]);
      const Tensor<T> logits = decoder.read(tokens);
      CAPTURE(name);
      CAPTURE(t);
      for (int b = 0; b < model.batch; ++b) {
        const T* const mine = logits.value() + b * logits.stride();
        const T* const whole = network.logits.value() + (b * model.context + t) * network.logits.stride();
        if (!config.mixers[0]->step_rounds()) REQUIRE(std::memcmp(mine, whole, vocabulary * sizeof(T)) == 0);
        else
          for (int c = 0; c < vocabulary; ++c)
            REQUIRE(std::abs(mine[c] - whole[c]) < (sizeof(T) == sizeof(float) ? 2e-4 : 1e-10));
      }
    }
  }
}

template <class P>
void check_all(const Choices& also = {}) {
  for (const P& plugin : Registry<P>::all())
    for (const Model& model : models) {
      Settings s;
      for (const auto& [key, value] : model.choices) s.set(key, value, "test");
      for (const auto& [key, value] : plugin.tiny) s.set(key, value, "test");
      for (const auto& [key, value] : also) s.set(key, value, "test");
      s.set(P::kind, plugin.name, "test");
      s.resolve();
      try {
        model_config(s, 7, model.context);
      } catch (const Error&) {  // a position that it cannot have
        continue;
      }
      const ModelConfig config = model_config(s, 7, model.context);
      check<float>(config, model, plugin.name.c_str());
      check<double>(config, model, plugin.name.c_str());
    }
}

TEST_CASE("decoder: what the whole network tells, bit for bit, for every score") { check_all<Score>(); }
TEST_CASE("decoder: for every pattern") { check_all<PatternPlugin>(); }
TEST_CASE("decoder: for every pattern, however many keys it lets see") {
  for (const char* many : {"8", "9", "12", "1000"})
    check_all<PatternPlugin>({{"top_k", many}, {"window", many}, {"stride", many}});
}
TEST_CASE("decoder: for every mixer") { check_all<MixerPlugin>(); }

TEST_CASE("decoder: after its first token it allocates nothing") {
  Settings s;
  s.set("position", "rope", "test");
  s.resolve();
  const ModelConfig config = model_config(s, 5, 200);
  Parameters<float> parameters = parameters_of<float>(config);
  Decoder<float> decoder(config, parameters, 2);
  const std::vector<std::int32_t> tokens = {2, 1};
  decoder.read(tokens);
  const long before = allocation_count();
  while (decoder.position() < 200) decoder.read(tokens);
  CHECK(allocation_count() == before);
}

TEST_CASE("decoder: score square in linear time, and what it carries does not grow") {
  for (const char* position : {"learned", "sinusoidal", "none"})
    for (const int context : {5, 40, 150}) {
      Settings s;
      for (const auto& [key, value] : Choices{{"score", "square"}, {"algorithm", "linear"}, {"scale", "on"},
                                              {"position", position}, {"d_model", "12"}, {"heads", "2"}})
        s.set(key, value, "test");
      s.resolve();
      const ModelConfig config = model_config(s, 7, context);
      REQUIRE(config.mixers[0]->step_rounds());
      check<float>(config, {context, 3, {}}, position);
      check<double>(config, {context, 3, {}}, position);
      CHECK(state_size(config) == 2 * 21 * (6 + 1));
    }
}

TEST_CASE("decoder: what combiner carries, for both plans") {
  const auto carried = [](const char* plan) {
    Settings s;
    for (const auto& [key, value] : Choices{{"mixer", "combiner"}, {"plan", plan}, {"d_model", "12"}, {"heads", "2"}})
      s.set(key, value, "test");
    if (std::string(plan) == "fixed") s.set("span", "4", "test");
    s.resolve();
    return state_size(model_config(s, 7, 22));
  };
  CHECK(carried("fixed") == 12 * (2 * 5 + 3 * 2));      // five blocks before, two tokens of the own
  CHECK(carried("logsparse") == 12 * (2 * 22 + 5));     // lengths 1, 2, 4, 8, 16
}

TEST_CASE("decoder: beyond the context there is nothing to read") {
  Settings s;
  s.resolve();
  const ModelConfig config = model_config(s, 5, 3);
  Parameters<float> parameters = parameters_of<float>(config);
  Decoder<float> decoder(config, parameters, 1);
  const std::vector<std::int32_t> token = {2};
  for (int t = 0; t < 3; ++t) decoder.read(token);
  CHECK(decoder.position() == 3);
  CHECK_THROWS_WITH_AS(decoder.read(token), "the model's context, 3, is full", Error);
  decoder.restart();
  CHECK(decoder.position() == 0);
  decoder.read(token);
}

}  // namespace
}  // namespace ladder
