#include "ladder/nn/transformer.h"

#include "ladder/base/math.h"
#include "ladder/base/named.h"

namespace ladder::nn {

// ---- settings -----------------------------------------------------------------------------------

static constexpr Named<Position> positions[] = {{"none", Position::none},
                                                {"learned", Position::learned},
                                                {"sinusoidal", Position::sinusoidal},
                                                {"rope", Position::rope},
                                                {"alibi", Position::alibi}};
static constexpr Named<Norm> norms[] = {
    {"pre", Norm::pre}, {"post", Norm::post}, {"none", Norm::none}};

static const char* const recipe = "ladder recipe";

static const RegisteredSettings settings(
    Group::model, "transformer",
    {Setting::choice("position", "learned", names_of(positions), "how positions enter", recipe),
     Setting::choice("norm", "post", names_of(norms), "where the layer norms stand", recipe),
     Setting::choice("embedding", "onehot", {"onehot", "learned"},
                     "token embedding: onehot (unit vectors, not trained; needs vocabulary <= "
                     "d_model) or learned",
                     recipe),
     Setting::real("embedding_scale", "1", 0, 1e6, "factor on the (initial) embedding", recipe),
     Setting::real("position_std", "0.02", 0, 1e6, "standard deviation of initial learned positions",
                   "GPT-2")
         .only_if([](const Settings& s) { return s.text("position") == "learned"; },
                  "position = learned"),
     Setting::choice("activation", "gelu", names_of(activations),
                     "of the mlp (gelu: tanh approximation)", recipe),
     Setting::integer("layers", "1", 1, 256, "transformer blocks", recipe),
     Setting::integer("d_model", "32", 1, 65536, "width of the residual stream", recipe),
     Setting::integer("mlp_ratio", "4", 1, 64, "hidden width of the mlp / d_model", recipe),
     Setting::choice("loss", "cross_entropy", {"cross_entropy", "squared"},
                     "mean over targets of cross-entropy or of the squared distance to the one-hot "
                     "target",
                     recipe)});

ModelConfig model_config(const Settings& s, int vocabulary, int context) {
  ModelConfig c{
      .vocabulary = vocabulary,
      .context = context,
      .position = value_of(positions, s.text("position")),
      .norm = value_of(norms, s.text("norm")),
      .learned_embedding = s.text("embedding") == "learned",
      .embedding_scale = s.real("embedding_scale"),
      .position_std = s.real("position_std"),
      .activation = value_of(activations, s.text("activation")),
      .squared_loss = s.text("loss") == "squared",
      .layers = s.integer("layers"),
      .heads = s.integer("heads"),
      .d_model = s.integer("d_model"),
      .mlp_ratio = s.integer("mlp_ratio"),
      .mixers = {},
  };
  if (c.d_model % c.heads != 0)
    throw s.invalid("heads", "a divisor of d_model = " + std::to_string(c.d_model));
  if (!c.learned_embedding && vocabulary > c.d_model)
    throw s.invalid("d_model", "at least the vocabulary, " + std::to_string(vocabulary) +
                                   ", with embedding = onehot (or set embedding = learned)");
  c.mixers = make_mixers(
      s, c.layers, {c.d_model, c.heads, context, s.text("position"), s.real("qk_gain")});
  return c;
}

double state_size(const ModelConfig& config) {
  double sum = 0;
  for (const auto& mixer : config.mixers) sum += mixer->state_size(config.context);
  return sum;
}

// ---- the model ----------------------------------------------------------------------------------

namespace {

// PE[t, 2i] = sin(t / 10000^(2i/d)), PE[t, 2i+1] = cos of the same   Vaswani et al. 2017
double sinusoid(int t, int j, int d) {
  const double angle = t / math::pow(10000.0, (j - j % 2) / static_cast<double>(d));
  return j % 2 ? math::cos(angle) : math::sin(angle);
}

// tokens [rows] -> [rows, d_model]
template <class T>
Tensor<T> embed(Recorder<T>& r, const ModelConfig& c, const std::int32_t* tokens) {
  const int rows = r.rows(), d = c.d_model;
  const Tensor<T> x =
      c.learned_embedding
          ? embedding(r.graph, tokens, rows,
                      r.parameter("embed.weight", {c.vocabulary, d}, Initial::normal(c.embedding_scale)))
          : one_hot(r.graph, tokens, rows, d, c.embedding_scale);
  const auto with = [&](Tensor<T> positions) {  // [context, d_model]
    return add(r.graph, x, r.position ? row_at(r.graph, positions, r.position) : positions);
  };
  if (c.position == Position::learned)
    return with(r.parameter("position.weight", {r.context, d}, Initial::normal(c.position_std)));
  if (c.position == Position::sinusoidal)
    return with(r.graph.constant(r.context, d, [d](std::size_t i) {
      return sinusoid(static_cast<int>(i / d), static_cast<int>(i % d), d);
    }));
  return x;
}

template <class T>
Tensor<T> mlp(Recorder<T>& r, const ModelConfig& c, const std::string& name, Tensor<T> x) {
  const Tensor<T> hidden = r.linear(name + "up", x, c.d_model * c.mlp_ratio, c.activation);
  return r.linear(name + "down", hidden, c.d_model);
}

template <class T>
Tensor<T> block(Recorder<T>& r, const ModelConfig& c, int i, Tensor<T> x, std::vector<Look<T>>& looks) {
  const std::string name = "blocks." + std::to_string(i) + ".";
  const auto mix = [&](Tensor<T> input) {
    if (r.position) return c.mixers[i]->record_step(r, name + "attn.", input);
    Mixed<T> mixed = c.mixers[i]->record(r, name + "attn.", input);
    looks.push_back(std::move(mixed.look));
    looks.back().input = input;
    return mixed.out;
  };
  const auto transform = [&](Tensor<T> input) { return mlp(r, c, name + "mlp.", input); };
  switch (c.norm) {
    case Norm::post:
      x = r.norm(name + "norm1", mix(x), x);
      return r.norm(name + "norm2", transform(x), x);
    case Norm::pre:
      x = add(r.graph, x, mix(r.norm(name + "norm1", x)));
      return add(r.graph, x, transform(r.norm(name + "norm2", x)));
    case Norm::none:
      x = add(r.graph, x, mix(x));
      return add(r.graph, x, transform(x));
  }
  throw failure("transformer: an unknown norm");
}

// tokens [rows] -> logits [rows, vocabulary]
template <class T>
Tensor<T> transformer(Recorder<T>& r, const ModelConfig& c, const std::int32_t* tokens,
                      std::vector<Look<T>>& looks) {
  Tensor<T> x = embed(r, c, tokens);
  for (int i = 0; i < c.layers; ++i) x = block(r, c, i, x, looks);
  if (c.norm != Norm::none) x = r.norm("final_norm", x);
  return r.linear("head", x, c.vocabulary);
}

}  // namespace

template <class T>
Parameters<T> declared_parameters(const ModelConfig& config) {
  Parameters<T> parameters;
  Graph<T> graph(Graph<T>::Purpose::declaring);
  Recorder<T> recorder(graph, parameters, 1, config.context);
  std::vector<Look<T>> looks;
  transformer<T>(recorder, config, nullptr, looks);
  return parameters;
}

template Parameters<float> declared_parameters(const ModelConfig&);
template Parameters<double> declared_parameters(const ModelConfig&);

template <class T>
Network<T>::Network(const ModelConfig& config, Parameters<T>& parameters, int batch,
                    bool with_gradients)
    : config(config),
      parameters(parameters),
      batch(batch),
      context(config.context),
      tokens(static_cast<std::size_t>(batch) * config.context),
      graph(with_gradients ? Graph<T>::Purpose::training : Graph<T>::Purpose::inference) {
  targets.token.assign(tokens.size(), -1);
  Recorder<T> recorder(graph, parameters, batch, context);
  logits = transformer(recorder, config, tokens.data(), looks);
  loss = task_loss = config.squared_loss ? squared_loss(graph, logits, targets)
                                         : cross_entropy(graph, logits, targets);
  for (const Tensor<T>& more : recorder.losses()) loss = add(graph, loss, more);
  if (with_gradients) graph.minimise(loss);
}

template struct Network<float>;
template struct Network<double>;

template <class T>
Decoder<T>::Decoder(const ModelConfig& config, Parameters<T>& parameters, int batch)
    : config_(config), tokens_(batch) {
  Recorder<T> recorder(graph_, parameters, batch, config.context, &position_);
  std::vector<Look<T>> nothing;
  logits_ = transformer(recorder, config_, tokens_.data(), nothing);
}

template <class T>
Tensor<T> Decoder<T>::read(std::span<const std::int32_t> tokens) {
  if (position() == config_.context)
    throw failure("the model's context, " + std::to_string(config_.context) + ", is full");
  std::copy_n(tokens.begin(), tokens_.size(), tokens_.begin());
  ++position_;
  graph_.forward(position_ == 0 ? Graph<T>::Weights::new_ones : Graph<T>::Weights::same);
  return logits_;
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace ladder::nn
