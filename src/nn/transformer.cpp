#include "ladder/nn/transformer.h"

#include <cmath>

#include "ladder/base/math.h"
#include "ladder/tensor/random.h"

namespace ladder {

// ---- settings -----------------------------------------------------------------------------------

static std::function<std::vector<std::string>()> among(std::vector<std::string> names) {
  return [=] { return names; };
}

static const char* const recipe = "ladder recipe";

static const RegisteredSettings settings({
    {"score", Group::model, Type::choice, "ea", "attention score", "the question of this program",
     0, 0, [] { return Registry<Score>::names(); }},
    {"position", Group::model, Type::choice, "learned", "how positions enter", recipe, 0, 0,
     among({"none", "learned", "sinusoidal", "rope", "alibi"})},
    {"norm", Group::model, Type::choice, "post", "where the layer norms stand", recipe, 0, 0,
     among({"pre", "post", "none"})},
    {"embedding", Group::model, Type::choice, "onehot",
     "token embedding: onehot (unit vectors, not trained; needs vocabulary <= d_model) or learned",
     recipe, 0, 0, among({"onehot", "learned"})},
    {"scale", Group::model, Type::toggle, "off", "divide query.key by sqrt(head size)", recipe},
    {"embedding_scale", Group::model, Type::real, "1", "factor on the (initial) embedding", recipe,
     0, 1e6},
    {"position_std", Group::model, Type::real, "0.02",
     "standard deviation of initial learned positions", "GPT-2", 0, 1e6, nullptr, nullptr, nullptr,
     [](const Settings& s) { return s.text("position") == "learned"; },
     [] { return std::string("position = learned"); }},
    {"qk_gain", Group::model, Type::real, "1", "factor on initial query and key weights", recipe, 0,
     1e6},
    {"activation", Group::model, Type::choice, "gelu", "of the mlp (gelu: tanh approximation)",
     recipe, 0, 0, among({"gelu", "relu", "tanh"})},
    {"layers", Group::model, Type::integer, "1", "transformer blocks", recipe, 1, 256},
    {"heads", Group::model, Type::integer, "4", "attention heads; must divide d_model", recipe, 1,
     1024},
    {"d_model", Group::model, Type::integer, "32", "width of the residual stream", recipe, 1, 65536},
    {"mlp_ratio", Group::model, Type::integer, "4", "hidden width of the mlp / d_model", recipe, 1,
     64},
    {"loss", Group::model, Type::choice, "cross_entropy",
     "mean over targets of cross-entropy or of the squared distance to the one-hot target", recipe,
     0, 0, among({"cross_entropy", "squared"})},
});

static Position position_of(const std::string& name) {
  if (name == "learned") return Position::learned;
  if (name == "sinusoidal") return Position::sinusoidal;
  if (name == "rope") return Position::rope;
  if (name == "alibi") return Position::alibi;
  return Position::none;
}

static Norm norm_of(const std::string& name) {
  return name == "pre" ? Norm::pre : name == "post" ? Norm::post : Norm::none;
}

static Activation activation_of(const std::string& name) {
  return name == "gelu" ? Activation::gelu : name == "relu" ? Activation::relu : Activation::tanh;
}

ModelConfig model_config(const Settings& s, int vocabulary, int context) {
  const int heads = s.integer("heads"), d_model = s.integer("d_model");
  if (d_model % heads != 0)
    throw s.invalid("heads", "a divisor of d_model = " + std::to_string(d_model));
  if (s.text("position") == "rope" && d_model / heads % 2 != 0)
    throw s.invalid("position", "another one: rope needs an even head size, and d_model / heads = " +
                                    std::to_string(d_model / heads));
  const bool learned = s.text("embedding") == "learned";
  if (!learned && vocabulary > d_model)
    throw s.invalid("d_model", "at least the vocabulary, " + std::to_string(vocabulary) +
                                   ", with embedding = onehot (or set embedding = learned)");
  return {vocabulary, context, &Registry<Score>::get(s.text("score")),
          position_of(s.text("position")), norm_of(s.text("norm")), learned, s.toggle("scale"),
          s.real("embedding_scale"), s.real("position_std"), s.real("qk_gain"),
          activation_of(s.text("activation")), s.text("loss") == "squared", s.integer("layers"),
          heads, d_model, s.integer("mlp_ratio")};
}

// ---- parameters ---------------------------------------------------------------------------------

static std::string block(int i) { return "blocks." + std::to_string(i) + "."; }

template <class T>
Parameters<T>::Parameters(const ModelConfig& c) {
  const int d = c.d_model, hidden = d * c.mlp_ratio;
  const auto linear = [&](const std::string& name, int out, int in) {
    add(name + ".weight", {out, in});
    add(name + ".bias", {out});
  };
  const auto norm = [&](const std::string& name) {
    add(name + ".weight", {d});
    add(name + ".bias", {d});
  };
  if (c.learned_embedding) add("embed.weight", {c.vocabulary, d});
  if (c.position == Position::learned) add("position.weight", {c.context, d});
  for (int i = 0; i < c.layers; ++i) {
    // Query, key and value side by side, so that one matrix product serves the three.
    for (const char* part : {"weight", "bias"})
      for (const char* name : {"query", "key", "value"})
        add(block(i) + "attn." + name + "." + part,
            *part == 'w' ? std::vector<int>{d, d} : std::vector<int>{d});
    linear(block(i) + "attn.out", d, d);
    if (c.norm != Norm::none) norm(block(i) + "norm1"), norm(block(i) + "norm2");
    linear(block(i) + "mlp.up", hidden, d);
    linear(block(i) + "mlp.down", d, hidden);
  }
  if (c.norm != Norm::none) norm("final_norm");
  linear("head", c.vocabulary, d);
}

template <class T>
void Parameters<T>::add(std::string name, std::vector<int> shape) {
  std::size_t size = 1;
  for (const int n : shape) size *= static_cast<std::size_t>(n);
  entries_.push_back({std::move(name), std::move(shape), values_.size(), size});
  values_.resize(values_.size() + size);
}

template <class T>
const typename Parameters<T>::Entry& Parameters<T>::entry(const std::string& name) const {
  for (const Entry& entry : entries_)
    if (entry.name == name) return entry;
  throw failure("the model has no parameter '" + name + "'");
}

template <class T>
void Parameters<T>::initialise(const ModelConfig& c, std::uint64_t seed) {
  int fan_in = 1;  // of the linear layer: its bias follows its weight
  for (const Entry& e : entries_) {
    const Random random(seed, "initial " + e.name);
    const auto has = [&](const char* part) { return e.name.find(part) != std::string::npos; };
    const bool weight = e.name.ends_with(".weight");
    T* value = values_.data() + e.offset;
    const auto fill = [&](auto f) {
      for (std::size_t i = 0; i < e.size; ++i) value[i] = static_cast<T>(f(i));
    };
    if (has("norm")) {
      fill([&](std::size_t) { return weight ? 1.0 : 0.0; });
    } else if (e.name == "embed.weight") {
      fill([&](std::size_t i) { return c.embedding_scale * random.normal(i); });
    } else if (e.name == "position.weight") {
      fill([&](std::size_t i) { return c.position_std * random.normal(i); });
    } else {
      if (weight) fan_in = e.shape[1];
      const double gain = weight && (has(".query.") || has(".key.")) ? c.qk_gain : 1;
      const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
      fill([&](std::size_t i) { return gain * bound * (2 * random.uniform(i) - 1); });
    }
  }
}

template class Parameters<float>;
template class Parameters<double>;

// ---- the network --------------------------------------------------------------------------------

namespace {

// Takes parameters from the store to the graph, by name.
template <class T>
struct Recorder {
  const ModelConfig& config;
  Parameters<T>& parameters;
  Graph<T>& graph;

  // `rows` rows starting at the named parameter; more rows than it has: its neighbours' too.
  Tensor<T> parameter(const std::string& name, int rows, int cols) {
    const auto& e = parameters.entry(name);
    return graph.parameter(parameters.values().data() + e.offset, rows, cols,
                           static_cast<std::ptrdiff_t>(e.offset));
  }
  Tensor<T> linear(const std::string& name, Tensor<T> x, int out, Activation f = Activation::none) {
    return ladder::linear(graph, x, parameter(name + ".weight", out, x.cols()),
                          parameter(name + ".bias", 1, out), f);
  }
  Tensor<T> norm(const std::string& name, Tensor<T> x, Tensor<T> residual = {}) {
    return layer_norm(graph, x, parameter(name + ".weight", 1, x.cols()),
                      parameter(name + ".bias", 1, x.cols()), residual);
  }

  // PE[t, 2i] = sin(t / 10000^(2i/d)), PE[t, 2i+1] = cos of the same   Vaswani et al. 2017
  Tensor<T> sinusoids() {
    Tensor<T> table = graph.leaf(config.context, config.d_model);
    for (int t = 0; t < config.context; ++t)
      for (int j = 0; j < config.d_model; ++j) {
        const double angle = t / math::pow(10000.0, (j - j % 2) / static_cast<double>(config.d_model));
        table.value()[t * config.d_model + j] = static_cast<T>(j % 2 ? math::cos(angle) : math::sin(angle));
      }
    return table;
  }

  Tensor<T> embed(const std::vector<std::int32_t>& tokens) {
    const int rows = static_cast<int>(tokens.size()), d = config.d_model;
    const Tensor<T> x =
        config.learned_embedding
            ? embedding(graph, tokens.data(), rows, parameter("embed.weight", config.vocabulary, d))
            : one_hot(graph, tokens.data(), rows, d, config.embedding_scale);
    if (config.position == Position::learned)
      return add(graph, x, parameter("position.weight", config.context, d));
    if (config.position == Position::sinusoidal) return add(graph, x, sinusoids());
    return x;
  }

  Tensor<T> attend(int i, Tensor<T> x, int batch, std::vector<Attention<T>>& recorded) {
    const int d = config.d_model;
    // [rows, 3d]: the parameters of query, key and value are neighbours
    const Tensor<T> qkv = ladder::linear(graph, x, parameter(block(i) + "attn.query.weight", 3 * d, d),
                                         parameter(block(i) + "attn.query.bias", 1, 3 * d));
    const auto parts = split(graph, qkv, 3);
    AttentionOptions options{batch, config.heads};
    if (config.scaled) options.scale = 1 / std::sqrt(static_cast<double>(d) / config.heads);
    if (config.position == Position::rope) options.rotation = Rotation::rope;
    if (config.position == Position::alibi) options.decay = Decay::alibi;
    recorded.push_back(attention(graph, *config.score, parts[0], parts[1], parts[2], options));
    return linear(block(i) + "attn.out", recorded.back().out, d);
  }

  Tensor<T> mlp(int i, Tensor<T> x) {
    const int d = config.d_model;
    const Tensor<T> hidden =
        linear(block(i) + "mlp.up", x, d * config.mlp_ratio, config.activation);
    return linear(block(i) + "mlp.down", hidden, d);
  }

  Tensor<T> transform(int i, Tensor<T> x, int batch, std::vector<Attention<T>>& recorded) {
    const std::string norm1 = block(i) + "norm1", norm2 = block(i) + "norm2";
    switch (config.norm) {
      case Norm::post:
        x = norm(norm1, attend(i, x, batch, recorded), x);
        return norm(norm2, mlp(i, x), x);
      case Norm::pre:
        x = add(graph, x, attend(i, norm(norm1, x), batch, recorded));
        return add(graph, x, mlp(i, norm(norm2, x)));
      case Norm::none:
        x = add(graph, x, attend(i, x, batch, recorded));
        return add(graph, x, mlp(i, x));
    }
    return x;
  }
};

}  // namespace

template <class T>
Network<T>::Network(const ModelConfig& config, Parameters<T>& parameters, int batch,
                    bool with_gradients)
    : batch(batch),
      context(config.context),
      tokens(static_cast<std::size_t>(batch) * config.context),
      graph(with_gradients) {
  targets.token.assign(tokens.size(), -1);
  Recorder<T> recorder{config, parameters, graph};
  Tensor<T> x = recorder.embed(tokens);
  for (int i = 0; i < config.layers; ++i) x = recorder.transform(i, x, batch, attention);
  if (config.norm != Norm::none) x = recorder.norm("final_norm", x);
  logits = recorder.linear("head", x, config.vocabulary);
  loss = config.squared_loss ? squared_loss(graph, logits, targets)
                             : cross_entropy(graph, logits, targets);
  if (with_gradients) graph.minimise(loss);
}

template struct Network<float>;
template struct Network<double>;

}  // namespace ladder
