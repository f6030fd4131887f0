// The model: names, shapes and initial values of its parameters, and its gradient as a whole.
#include "ladder/nn/transformer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "ladder/base/random.h"
#include "ladder/nn/score.h"

namespace ladder {

using namespace nn;
namespace {


ModelConfig config_with(const Choices& choices, int vocabulary = 5, int context = 7) {
  Settings s;
  for (const auto& [key, value] : choices) s.set(key, value, "test:1");
  s.resolve();
  return model_config(s, vocabulary, context);
}

Parameters<float> initial(const Choices& choices, std::uint64_t seed = 0) {
  const ModelConfig config = config_with(choices);
  Parameters<float> parameters = declared_parameters<float>(config);
  parameters.initialise(seed);
  return parameters;
}

std::vector<float> values_of(const Parameters<float>& parameters, const std::string& name) {
  const auto& e = parameters.entry(name);
  const auto first = parameters.values().begin() + static_cast<std::ptrdiff_t>(e.offset);
  return {first, first + static_cast<std::ptrdiff_t>(e.size)};
}

float largest(const std::vector<float>& values) {
  float result = 0;
  for (const float x : values) result = std::max(result, std::fabs(x));
  return result;
}

double deviation(const std::vector<float>& values) {
  double square = 0;
  for (const float x : values) square += static_cast<double>(x) * x;
  return std::sqrt(square / static_cast<double>(values.size()));
}

// ---- names and shapes ----

using Shapes = std::map<std::string, std::vector<int>>;

// As checkpoints and reference cases name them.
Shapes expected_shapes(const ModelConfig& c) {
  const int d = c.d_model;
  Shapes shapes = {{"head.weight", {c.vocabulary, d}}, {"head.bias", {c.vocabulary}}};
  const auto norm = [&](const std::string& name) {
    if (c.norm == Norm::none) return;
    shapes[name + ".weight"] = {d};
    shapes[name + ".bias"] = {d};
  };
  norm("final_norm");
  if (c.learned_embedding) shapes["embed.weight"] = {c.vocabulary, d};
  if (c.position == Position::learned) shapes["position.weight"] = {c.context, d};
  for (int i = 0; i < c.layers; ++i) {
    const std::string block = "blocks." + std::to_string(i) + ".";
    norm(block + "norm1");
    norm(block + "norm2");
    for (const std::string name : {"query", "key", "value", "out"}) {
      shapes[block + "attn." + name + ".weight"] = {d, d};
      shapes[block + "attn." + name + ".bias"] = {d};
    }
    shapes[block + "mlp.up.weight"] = {c.mlp_ratio * d, d};
    shapes[block + "mlp.up.bias"] = {c.mlp_ratio * d};
    shapes[block + "mlp.down.weight"] = {d, c.mlp_ratio * d};
    shapes[block + "mlp.down.bias"] = {d};
  }
  return shapes;
}

TEST_CASE("parameters: names and shapes, with every option") {
  for (const std::string position : {"none", "learned", "sinusoidal", "rope", "alibi"})
    for (const std::string norm : {"pre", "post", "none"})
      for (const std::string embedding : {"onehot", "learned"})
        for (const std::string layers : {"1", "3"}) {
          CAPTURE(position);
          CAPTURE(norm);
          CAPTURE(embedding);
          CAPTURE(layers);
          const ModelConfig config = config_with({{"position", position},
                                                  {"norm", norm},
                                                  {"embedding", embedding},
                                                  {"layers", layers},
                                                  {"d_model", "12"},
                                                  {"heads", "3"},
                                                  {"mlp_ratio", "2"}});
          const Parameters<float> parameters = declared_parameters<float>(config);
          Shapes shapes;
          std::size_t end = 0;
          for (const auto& e : parameters.entries()) {
            CHECK(e.offset == end);  // one after the other, without gaps
            end = e.offset + e.size;
            std::size_t size = 1;
            for (const int n : e.shape) size *= static_cast<std::size_t>(n);
            CHECK(e.size == size);
            CHECK(shapes.emplace(e.name, e.shape).second);
          }
          CHECK(end == parameters.values().size());
          CHECK(shapes == expected_shapes(config));
        }
}

TEST_CASE("parameters: a mixer whose shapes are the context's says so") {
  for (const auto& plugin : Registry<MixerPlugin>::all()) {
    CAPTURE(plugin.name);
    Choices choices = plugin.tiny;
    choices.insert(choices.end(), {{"mixer", plugin.name}, {"position", "none"}});
    const ModelConfig here = config_with(choices), longer = config_with(choices, 5, 12);
    const auto shapes = [](const ModelConfig& config) {
      const Parameters<float> parameters = declared_parameters<float>(config);
      Shapes found;
      for (const auto& e : parameters.entries()) found[e.name] = e.shape;
      return found;
    };
    CHECK(here.mixers[0]->one_context() == (shapes(here) != shapes(longer)));
  }
}

TEST_CASE("parameters: asking for one that the model does not have is a failure") {
  const auto parameters = declared_parameters<float>(config_with({{"position", "none"}}));
  CHECK_THROWS_WITH_AS(parameters.entry("position.weight"),
                       "the model has no parameter 'position.weight'", Error);
}

// ---- initial values ----

TEST_CASE("initial values: linear weights and biases are uniform within 1 / sqrt(fan_in)") {
  const auto parameters = initial({{"layers", "2"}});
  for (const auto& e : parameters.entries()) {
    CAPTURE(e.name);
    if (e.name.find("norm") != std::string::npos || e.name == "position.weight") continue;
    const float bound = e.name.find("mlp.down") != std::string::npos ? 1 / std::sqrt(128.0f)
                                                                     : 1 / std::sqrt(32.0f);
    const auto values = values_of(parameters, e.name);
    CHECK(largest(values) <= bound);
    if (values.size() < 1000) continue;
    CHECK(largest(values) > 0.99 * bound);
    CHECK(deviation(values) == doctest::Approx(bound / std::sqrt(3)).epsilon(0.05));
    double sum = 0;
    for (const float x : values) sum += x;
    CHECK(std::fabs(sum / static_cast<double>(values.size())) < 0.1 * bound);
  }
}

TEST_CASE("initial values: norms are 1 and 0") {
  const auto parameters = initial({{"norm", "pre"}});
  for (const std::string name : {"blocks.0.norm1", "blocks.0.norm2", "final_norm"}) {
    CHECK(values_of(parameters, std::string(name) + ".weight") == std::vector<float>(32, 1));
    CHECK(values_of(parameters, std::string(name) + ".bias") == std::vector<float>(32, 0));
  }
}

TEST_CASE("initial values: learned positions and embeddings are normal, of the size asked for") {
  const Choices learned = {{"embedding", "learned"}, {"d_model", "256"}};
  const auto with = [&](const char* key, const char* value) {
    Choices choices = learned;
    choices.push_back({key, value});
    return initial(choices);
  };
  const auto preset = initial(learned);
  CHECK(deviation(values_of(preset, "embed.weight")) == doctest::Approx(1).epsilon(0.1));
  CHECK(deviation(values_of(preset, "position.weight")) == doctest::Approx(0.02).epsilon(0.1));
  CHECK(largest(values_of(preset, "embed.weight")) > 2);  // beyond any uniform of that deviation
  CHECK(deviation(values_of(with("embedding_scale", "7"), "embed.weight")) ==
        doctest::Approx(7).epsilon(0.1));
  CHECK(deviation(values_of(with("position_std", "3"), "position.weight")) ==
        doctest::Approx(3).epsilon(0.1));
  CHECK(largest(values_of(with("position_std", "0"), "position.weight")) == 0);
}

TEST_CASE("initial values: qk_gain is a factor on query and key weights only") {
  const auto one = initial({}), four = initial({{"qk_gain", "4"}});
  for (const auto& e : one.entries()) {
    CAPTURE(e.name);
    auto expected = values_of(one, e.name);
    if (e.name == "blocks.0.attn.query.weight" || e.name == "blocks.0.attn.key.weight")
      for (float& x : expected) x *= 4;  // a power of two: no rounding
    CHECK(values_of(four, e.name) == expected);
  }
}

TEST_CASE("initial values: the same for every score, others for another seed") {
  std::set<std::vector<float>> different;
  for (const Score& score : Registry<Score>::all())
    different.insert(initial({{"score", score.name}}, 5).values());
  CHECK(different.size() == 1);
  different.insert(initial({}, 6).values());
  CHECK(different.size() == 2);
}

TEST_CASE("initial values: a tensor's depend on its name, not on the tensors beside it") {
  const auto small = initial({}), large = initial({{"layers", "3"}, {"position", "none"}});
  CHECK(values_of(small, "blocks.0.mlp.up.weight") == values_of(large, "blocks.0.mlp.up.weight"));
  CHECK(values_of(small, "head.bias") == values_of(large, "head.bias"));
  CHECK(values_of(large, "blocks.1.mlp.up.weight") != values_of(large, "blocks.0.mlp.up.weight"));
  CHECK(values_of(small, "blocks.0.attn.query.weight") !=
        values_of(small, "blocks.0.attn.key.weight"));
}

// ---- the network ----

TEST_CASE("network: onehot is a learned embedding that is embedding_scale times the identity") {
  const ModelConfig onehot = config_with({{"embedding_scale", "3"}, {"layers", "2"}});
  const ModelConfig learned = config_with({{"embedding", "learned"}, {"layers", "2"}});
  auto a = declared_parameters<float>(onehot), b = declared_parameters<float>(learned);
  a.initialise(1);
  b.initialise(1);
  float* table = b.values().data() + b.entry("embed.weight").offset;
  std::fill_n(table, 5 * 32, 0.0f);
  for (int v = 0; v < 5; ++v) table[v * 32 + v] = 3;
  Network<float> first(onehot, a, 1), second(learned, b, 1);
  first.tokens = second.tokens = {0, 4, 1, 1, 2, 3, 0};
  first.graph.forward();
  second.graph.forward();
  CHECK(std::equal(first.logits.value(), first.logits.value() + first.logits.size(),
                   second.logits.value()));
}

// The gradient of all parameters against central differences, as check_gradient does.
double gradient_error(const ModelConfig& config) {
  auto parameters = declared_parameters<double>(config);
  parameters.initialise(2);
  const Random random(4, "shift");  // norms away from 1 and 0
  auto& x = parameters.values();
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += 0.1 * random.normal(i);
  Network<double> network(config, parameters, 2);
  for (std::size_t i = 0; i < network.tokens.size(); ++i) {
    network.tokens[i] = random.below(config.vocabulary, i, 1);
    network.targets.token[i] = random.below(config.vocabulary + 1, i, 2) - 1;  // -1: ignored
  }
  network.targets.weight = 0.1;
  std::vector<double> gradient(x.size());
  network.graph.bind_gradients(gradient.data());
  network.graph.forward();
  network.graph.backward();
  const auto loss_at = [&](double& place, double value) {
    const double before = place;
    place = value;
    network.graph.forward();
    place = before;
    return network.loss.value()[0];
  };
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto slope = [&](double h) {
      return (loss_at(x[i], x[i] + h) - loss_at(x[i], x[i] - h)) / (2 * h);
    };
    const double numeric = (4 * slope(5e-4) - slope(1e-3)) / 3;
    size = std::max(size, std::fabs(numeric));
    const double error = std::fabs(gradient[i] - numeric);
    if (!(error <= difference)) difference = error;
    if (std::isnan(error)) break;
  }
  return difference / size;
}

TEST_CASE("network: the gradient of every parameter agrees with finite differences") {
  // Smooth ones: differences across a kink of relu, or of a sum near epsilon, say nothing.
  for (const std::string score : {"dpa", "ea", "square"})
    for (const std::string position : {"none", "learned", "sinusoidal", "rope", "alibi"})
      for (const std::string norm : {"pre", "post", "none"}) {
        CAPTURE(score);
        CAPTURE(position);
        CAPTURE(norm);
        const bool other = std::string(norm) == "pre";  // the remaining options, in turn
        CHECK(gradient_error(config_with({{"score", score},
                                          {"position", position},
                                          {"norm", norm},
                                          {"embedding", other ? "learned" : "onehot"},
                                          {"loss", other ? "squared" : "cross_entropy"},
                                          {"activation", other ? "tanh" : "gelu"},
                                          {"scale", other ? "on" : "off"},
                                          {"heads", "2"},
                                          {"d_model", "4"},
                                          {"mlp_ratio", "2"}},
                                         3, 5)) <= 1e-6);
      }
}

// ---- settings that do not fit together ----

std::string usage_message(const Choices& choices, int vocabulary = 5) {
  try {
    config_with(choices, vocabulary);
  } catch (const Error& error) {
    return error.code() == ExitCode::usage ? error.what() : "";
  }
  return "";
}

TEST_CASE("model_config: what does not fit is told with the place where it was typed") {
  CHECK(usage_message({}) == "");
  CHECK(usage_message({{"heads", "5"}}) ==
        "test:1: key 'heads': got '5', expected a divisor of d_model = 32");
  CHECK(usage_message({{"heads", "3"}, {"d_model", "9"}}) == "");
  CHECK(usage_message({{"heads", "3"}, {"d_model", "9"}, {"position", "rope"}})
            .starts_with("test:1: key 'position': got 'rope', expected another one: rope needs an "
                         "even head size"));
  CHECK(usage_message({}, 32) == "");
  CHECK(usage_message({}, 33).starts_with(
      "default: key 'd_model': got '32', expected at least the vocabulary, 33"));
  CHECK(usage_message({{"embedding", "learned"}}, 33) == "");
}

}  // namespace
}  // namespace ladder
