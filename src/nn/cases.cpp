#include "nn/cases.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ladder/nn/attention.h"
#include "ladder/nn/mixer.h"

namespace ladder::nn {

// The presets, with the smallest useful sizes of the plug-in's own settings.
static Settings settings_of(const Plugin& plugin) {
  Settings settings;
  for (const auto& [name, value] : plugin.tiny) settings.set(name, value, plugin.name);
  settings.resolve();
  return settings;
}

// ---- attention ----

namespace {

// Attention by its formula; sizes are batch, heads, context, head size.
class PlainAttention {
 public:
  PlainAttention(const Score& score, const AttentionOptions& options, double parameter)
      : score_(score), o_(options), parameter_(parameter) {}

  Matrices operator()(const Matrices& in, const Sizes& n) const {
    const int heads = n[1], context = n[2], size = n[3];
    Matrix out(in[0].rows, in[0].cols);
    for (int b = 0; b < n[0]; ++b)
      for (int h = 0; h < heads; ++h) {
        const double slope = o_.decay == Decay::alibi ? std::pow(2, -8.0 * (h + 1) / heads) : 0;
        const Matrix q = head(in[0], n, b, h), k = head(in[1], n, b, h);
        for (int i = 0; i < context; ++i) {
          std::vector<int> keys = legal_keys(i);
          std::vector<double> z, bias;
          const auto look = [&] {
            z.clear(), bias.clear();
            for (const int j : keys) z.push_back(product(q, i, k, j)), bias.push_back(slope * (j - i));
          };
          look();
          if (o_.pattern->most_keys()) keep_largest(keys, z), look();
          const std::vector<double> p = score_.plain.row(z, bias, parameter_);
          for (std::size_t a = 0; a < keys.size(); ++a)
            for (int c = 0; c < size; ++c)
              out(b * context + i, h * size + c) += p[a] * in[2](b * context + keys[a], h * size + c);
        }
      }
    return {out};
  }

  std::vector<int> legal_keys(int query) const {
    std::vector<int> keys;
    for (int j = 0; j < query + score_.form.sees_itself; ++j)
      if (o_.pattern->legal(query, j)) keys.push_back(j);
    return keys;
  }

 private:
  // [context, size] of one head, rotated if need be.
  Matrix head(const Matrix& x, const Sizes& n, int b, int h) const {
    Matrix y(n[2], n[3]);
    for (int t = 0; t < y.rows; ++t)
      for (int c = 0; c < y.cols; ++c) {
        const double* row = &x.values[(b * n[2] + t) * x.cols + h * n[3]];
        const int half = n[3] / 2, pair = o_.rotation == Rotation::rope ? c % half : 0;
        const double angle = t * std::pow(10000.0, -2.0 * pair / n[3]);
        if (o_.rotation == Rotation::none) y(t, c) = row[c];
        else if (c < half) y(t, c) = row[pair] * std::cos(angle) - row[pair + half] * std::sin(angle);
        else y(t, c) = row[pair + half] * std::cos(angle) + row[pair] * std::sin(angle);
      }
    return y;
  }

  double product(const Matrix& q, int i, const Matrix& k, int j) const {
    double z = 0;
    for (int c = 0; c < q.cols; ++c)
      z += score_.form.of_distance ? (q(i, c) - k(j, c)) * (q(i, c) - k(j, c)) : q(i, c) * k(j, c);
    return o_.scale * z;
  }

  void keep_largest(std::vector<int>& keys, const std::vector<double>& z) const {
    std::vector<std::size_t> order(keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto first = [&](std::size_t a, std::size_t b) {
      return score_.plain.order(z[a], parameter_) > score_.plain.order(z[b], parameter_);
    };
    std::stable_sort(order.begin(), order.end(), first);
    order.resize(std::min(order.size(), static_cast<std::size_t>(o_.pattern->most_keys())));
    std::sort(order.begin(), order.end());
    std::vector<int> kept;
    for (const std::size_t a : order) kept.push_back(keys[a]);
    keys = kept;
  }

  const Score& score_;
  const AttentionOptions o_;
  const double parameter_;
};

}  // namespace

static OperationCase attention_case(const std::string& name, const Score& score, const PatternPlugin& plugin,
                                    Sizes sizes, AttentionOptions o, Sizes timed = {}) {
  const Settings settings = settings_of(score);
  const std::shared_ptr<const Pattern> pattern = plugin.make(settings_of(plugin));
  const auto parameter = [=, &score](int context) {
    return score.form.parameter ? score.form.parameter(settings, context) : 0;
  };
  const auto options = [=](const Sizes& n) {
    AttentionOptions all = o;
    all.batch = n[0], all.heads = n[1], all.pattern = pattern.get(), all.parameter = parameter(n[2]);
    return all;
  };
  OperationCase card = {
      .name = "attention_" + name,
      .sizes = std::move(sizes),
      .timed = std::move(timed),
      .inputs = [](const Sizes& n) {
        const CaseInput x = {n[0] * n[2], n[1] * n[3], 0.7};
        return CaseInputs{x, x, x};
      },
      .multiply_adds = [=, &score](const Sizes& n) {  // of the legal pairs; topk compares all, then mixes
        const PlainAttention plain(score, options(n), 0);
        double pairs = 0;
        for (int i = 0; i < n[2]; ++i) {
          const double keys = static_cast<double>(plain.legal_keys(i).size());
          const int most = pattern->most_keys();
          pairs += most ? keys + 2 * std::min<double>(keys, most) : 2 * keys;
        }
        return pairs * n[0] * n[1] * n[3];
      }};
  if (score.plain.row)
    card.plain = [=, &score](const Matrices& in, const Sizes& n) {
      return PlainAttention(score, options(n), parameter(n[2]))(in, n);
    };
  return operation_case(std::move(card), [=, &score](auto& graph, const auto& in, const Sizes& n) {
    return attention(graph, score.form, in[0], in[1], in[2], options(n)).out;
  });
}

static void add_attention_cases(std::vector<OperationCase>& cases) {
  const Sizes timed = {32, 4, 128, 32};  // 4096 tokens of 128 numbers
  const auto& full = Registry<PatternPlugin>::get("full");
  for (const Score& score : Registry<Score>::all()) {
    const auto add = [&](const std::string& way, Sizes sizes, AttentionOptions o, Sizes time = {}) {
      cases.push_back(attention_case(score.name + "_" + way, score, full, std::move(sizes), o, std::move(time)));
    };
    add("causal", {2, 2, 11, 3}, {}, timed);
    add("scaled", {1, 2, 5, 2}, {.scale = 0.5});
    add("rope", {1, 2, 9, 4}, {.scale = 0.7, .rotation = Rotation::rope});
    if (score.form.decays) add("alibi", {2, 2, 9, 2}, {.decay = Decay::alibi});
    add("long", {1, 1, 37, 2}, {});  // several panels of queries
    for (const PatternPlugin& pattern : Registry<PatternPlugin>::all())
      if (&pattern != &full)
        cases.push_back(attention_case(score.name + "_" + pattern.name, score, pattern, {1, 2, 19, 2}, {},
                                       score.name == "dpa" ? timed : Sizes{}));
  }
}

// ---- mixers ----

template <class T>
static Parameters<T> declared(const Mixer& mixer, const Sizes& n) {
  Parameters<T> parameters;
  Graph<T> graph(Graph<T>::Purpose::declaring);
  Recorder<T> recorder(graph, parameters, n[0], n[1]);
  mixer.record(recorder, "mixer.", graph.leaf(n[0] * n[1], n[2]));
  return parameters;
}

// A whole mixer, with its linear maps; sizes are batch, context, d_model. It has no plain computation,
// the operations that it is made of have.
static OperationCase mixer_case(const MixerPlugin& plugin) {
  Settings settings = settings_of(plugin);
  const auto make = [=, &plugin](const Sizes& n) {
    return plugin.make(settings, {.d_model = n[2], .heads = 2, .context = n[1], .position = "none", .qk_gain = 1});
  };
  return operation_case(
      {.name = "mixer_" + plugin.name,
       .sizes = {2, 11, 8},
       .timed = {32, 128, 128},
       .inputs = [](const Sizes& n) { return CaseInputs{{n[0] * n[1], n[2]}}; },
       .multiply_adds = [=](const Sizes& n) {  // of the linear maps, about: one a parameter and token
         const double parameters = static_cast<double>(declared<float>(*make(n), n).values().size());
         return n[0] * (n[1] * parameters + make(n)->multiply_adds(n[1]));
       },
       .tolerance = 1e-4},
      [=](auto& graph, auto& in, const Sizes& n) {
        using T = std::remove_cvref_t<decltype(*in[0].value())>;
        struct Kept {  // by the graph
          Parameters<T> parameters;
          std::vector<T> gradient;
        };
        const auto kept = std::make_shared<Kept>();
        kept->parameters = declared<T>(*make(n), n);
        kept->parameters.initialise(1);
        kept->gradient.resize(kept->parameters.values().size());
        Recorder<T> recorder(graph, kept->parameters, n[0], n[1]);
        const Tensor<T> out = make(n)->record(recorder, "mixer.", in[0]).out;
        for (const auto& e : kept->parameters.entries())
          in.push_back(graph.parameter(kept->parameters.values().data() + e.offset,
                                       e.shape.size() > 1 ? e.shape[0] : 1, e.shape.back(),
                                       static_cast<std::ptrdiff_t>(e.offset)));
        graph.bind_gradients(kept->gradient.data());
        graph.record({}, {}, [kept] {}, [](Writes) {});
        return out;
      });
}

std::vector<OperationCase> all_cases() {
  std::vector<OperationCase> cases = Registry<OperationCase>::all();
  add_attention_cases(cases);
  for (const MixerPlugin& mixer : Registry<MixerPlugin>::all()) cases.push_back(mixer_case(mixer));
  return cases;
}

}  // namespace ladder::nn
