// Attention: probabilities against a plain reference, and the properties that define a score. What holds for the whole model is tested on the whole model.
#include "ladder/base/random.h"
#include "ladder/nn/attention.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "ladder/nn/transformer.h"

namespace ladder {

using namespace nn;
namespace {

using Numbers = std::vector<double>;

// One attention operation on inputs of its own.
template <class T>
struct Bench {
  Graph<T> graph;
  Tensor<T> query, key, value, out;
  Mixed<T> mixed;
  AttentionOptions options;
  int context;

  // Inputs with size 0.25 .. 1 and any sign; z is then far from 0 and from overflow.
  Bench(const Score& score, int context, int head_size, AttentionOptions o)
      : query(input(o.batch * context, o.heads * head_size, "query")),
        key(input(o.batch * context, o.heads * head_size, "key")),
        value(input(o.batch * context, o.heads * head_size, "value")),
        mixed(attention(graph, score.form, query, key, value, o)),
        options(o),
        context(context) {
    out = mixed.out;
  }

  Tensor<T> input(int rows, int cols, const char* name) {
    const Tensor<T> x = graph.leaf(rows, cols, true);
    const Random random(5, name);
    for (std::size_t i = 0; i < x.size(); ++i)  // the same for float and double
      x.value()[i] = static_cast<T>(static_cast<float>(
          (0.25 + 0.75 * random.uniform(i)) * (random.bits(i, 1) % 2 ? 1 : -1)));
    return x;
  }

  // Also the products z that the score saw, if asked for.
  std::vector<T> probabilities(std::vector<T>* products = nullptr) {
    graph.forward();
    std::vector<T> p(static_cast<std::size_t>(options.batch) * options.heads * context * context);
    if (products) products->resize(p.size());
    const std::size_t map = static_cast<std::size_t>(context) * context;
    for (int b = 0; b < options.batch; ++b)
      for (int h = 0; h < options.heads; ++h) {
        const std::size_t at = (b * options.heads + h) * map;
        mixed.look.maps({.sequence = b, .head = h, .begin = 0, .end = context,
                         .probabilities = p.data() + at,
                         .products = products ? products->data() + at : nullptr});
      }
    return p;
  }

  // Gradients of all inputs, given that of out.
  void backward(T dout) {
    graph.minimise(out);
    std::fill_n(out.grad(), out.size(), dout);
    graph.backward();
  }
};

// ---- a plain reference ----

// The weights as their papers write them. A score that is not listed is tested by its properties.
const std::map<std::string, double (*)(double)> formulas = {
    {"dpa", [](double z) { return std::exp(z); }},
    {"ea", [](double z) { return z * z / (1 + z * z); }},
    {"square", [](double z) { return z * z; }},
};

struct Reference {
  Numbers products, probabilities, out;
};

template <class T>
Reference reference(double (*weight)(double), double epsilon, const Bench<T>& bench) {
  const AttentionOptions& o = bench.options;
  const int n = bench.context, d = bench.query.cols(), e = d / o.heads;
  Reference result{{}, {}, Numbers(bench.out.size())};
  // Element `c` of head h at position t, rotated if need be.
  const auto at = [&](Tensor<T> x, int b, int h, int t, int c) -> double {
    const T* row = x.value() + (b * n + t) * d + h * e;
    if (o.rotation == Rotation::none) return row[c];
    const int pair = c % (e / 2);
    const double angle = t * std::pow(10000.0, -2.0 * pair / e);
    const double first = row[pair], second = row[pair + e / 2];
    return c < e / 2 ? first * std::cos(angle) - second * std::sin(angle)
                     : second * std::cos(angle) + first * std::sin(angle);
  };
  for (int b = 0; b < o.batch; ++b)
    for (int h = 0; h < o.heads; ++h)
      for (int i = 0; i < n; ++i) {
        Numbers w(n), products(n);
        double sum = epsilon;
        for (int j = 0; j < n; ++j) {
          if (j > i || (o.pattern && !o.pattern->legal(i, j))) continue;
          double z = 0;
          for (int c = 0; c < e; ++c) z += at(bench.query, b, h, i, c) * at(bench.key, b, h, j, c);
          products[j] = o.scale * z;
          w[j] = weight(products[j]);
          if (o.decay == Decay::alibi)
            w[j] *= std::exp(-std::pow(2.0, -8.0 * (h + 1) / o.heads) * std::abs(i - j));
          sum += w[j];
        }
        for (int j = 0; j < n; ++j) {
          result.products.push_back(products[j]);
          result.probabilities.push_back(w[j] / sum);
          for (int c = 0; c < e; ++c) {
            const std::size_t place = (b * n + j) * d + h * e + c;
            result.out[(b * n + i) * d + h * e + c] += w[j] / sum * bench.value.value()[place];
          }
        }
      }
  return result;
}

template <class T>
double largest_difference(const T* ours, const Numbers& expected) {
  double result = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::fabs(ours[i] - expected[i]);
    if (!(difference <= result)) result = difference;  // keeps a NaN
    if (std::isnan(difference)) return difference;
  }
  return result;
}

// Runs that begin late, end early, and leave gaps longer and shorter than a panel.
struct Far : Pattern {
  bool legal(int query, int key) const override { return query == key || (query - key) / 7 % 3 == 1; }
};
struct Near : Pattern {
  bool legal(int query, int key) const override { return query - key < 5; }
};
struct Sparse : Pattern {
  bool legal(int query, int key) const override { return query == key || key % 23 == 1; }
};
const Far far_keys;
const Near near_keys;
const Sparse sparse_keys;
const Pattern* const some_patterns[] = {nullptr, &far_keys, &near_keys, &sparse_keys};

template <class T>
void compare_with_reference(double tolerance) {
  for (const auto& pair : formulas) {
    const std::string& name = pair.first;  // clang 14 captures no bindings
    const Score* score = Registry<Score>::find(name);
    REQUIRE(score != nullptr);
    for (const int context : {1, 2, 5, 15, 16, 17, 33, 49, 70})
      for (const int head_size : {1, 3, 8, 21})
        for (const Pattern* pattern : some_patterns)
          for (const std::string position : {"none", "rope", "alibi"}) {
            AttentionOptions options{.batch = 2, .heads = 3, .scale = 0.6, .pattern = pattern};
            if (std::string(position) == "rope") options.rotation = Rotation::rope;
            if (std::string(position) == "alibi") options.decay = Decay::alibi;
            if (options.rotation == Rotation::rope && head_size % 2 != 0) continue;
            CAPTURE(name);
            CAPTURE(context);
            CAPTURE(head_size);
            CAPTURE(pattern);
            CAPTURE(position);
            Bench<T> bench(*score, context, head_size, options);
            std::vector<T> z;
            const auto p = bench.probabilities(&z);
            const Reference expected = reference(pair.second, score->form.normaliser.epsilon, bench);
            CHECK(largest_difference(z.data(), expected.products) <= tolerance);
            CHECK(largest_difference(p.data(), expected.probabilities) <= tolerance);
            CHECK(largest_difference(bench.out.value(), expected.out) <= tolerance);
          }
  }
}

TEST_CASE("attention: probabilities and output are those of a plain reference, in double") {
  compare_with_reference<double>(1e-13);
}
TEST_CASE("attention: probabilities and output are those of a plain reference, in float") {
  compare_with_reference<float>(1e-5);
}

// ---- rows ----

// Scores whose rows sum to 1 whatever z is; others may leave a part, or all, unspent.
const std::set<std::string> distributions = {"dpa", "ea", "square"};

TEST_CASE("attention: rows are distributions over the keys up to the query, where they promise to be") {
  for (const Score& score : Registry<Score>::all())
    for (const int context : {1, 7, 16, 40})
      for (const Decay decay : {Decay::none, Decay::alibi}) {
        CAPTURE(score.name);
        CAPTURE(context);
        if (decay == Decay::alibi && !score.form.decays) continue;
        Bench<float> bench(score, context, 4, {.batch = 2, .heads = 2, .decay = decay});
        const auto p = bench.probabilities();
        for (std::size_t row = 0; row < p.size() / context; ++row) {
          const int i = static_cast<int>(row % context);
          double sum = 0;
          for (int j = 0; j < context; ++j) {
            const float x = p[row * context + j];
            if (j > i) REQUIRE(x == 0);
            sum += x;
          }
          // epsilon takes a little from a row whose weights are small
          if (distributions.contains(score.name)) REQUIRE(sum == doctest::Approx(1).epsilon(1e-5));
          else REQUIRE(std::isfinite(sum));
        }
      }
}

TEST_CASE("attention: softmax does not overflow") {
  Bench<float> bench(Registry<Score>::get("dpa"), 20, 4, {.batch = 1, .heads = 1, .scale = 1e6});
  const auto p = bench.probabilities();
  double sum = 0;
  for (const float x : p) sum += x;
  CHECK(sum == doctest::Approx(20));
  bench.backward(1);
  const float* d = bench.query.grad();
  for (std::size_t i = 0; i < bench.query.size(); ++i) REQUIRE(std::isfinite(d[i]));
}

// ---- what defines EA ----

const std::vector<std::string> even_scores = {"ea", "square"};

template <class T>
void negate(T* x, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) x[i] = -x[i];
}

TEST_CASE("attention: ea and square do not see the sign of a key, bit for bit; dpa does") {
  for (const Rotation rotation : {Rotation::none, Rotation::rope})
    for (const Score& score : Registry<Score>::all()) {
      CAPTURE(score.name);
      Bench<float> bench(score, 21, 4, {.batch = 2, .heads = 2, .rotation = rotation});
      const auto p = bench.probabilities();
      negate(bench.key.value(), bench.key.size());
      const bool same = bench.probabilities() == p;
      if (std::find(even_scores.begin(), even_scores.end(), score.name) != even_scores.end())
        CHECK(same);
      if (score.name == "dpa") CHECK_FALSE(same);
    }
}

TEST_CASE("attention: ea and square give no weight to an orthogonal key") {
  for (const std::string& name : even_scores) {
    CAPTURE(name);
    Bench<float> bench(Registry<Score>::get(name), 20, 2, {.batch = 1, .heads = 1});
    for (int t = 0; t < 20; ++t) {  // queries along x; every third key along y
      bench.query.value()[2 * t + 1] = 0;
      if (t % 3 == 0) bench.key.value()[2 * t] = 0;
    }
    const auto p = bench.probabilities();
    for (int i = 0; i < 20; ++i)
      for (int j = 0; j <= i; ++j) CHECK((p[i * 20 + j] == 0) == (j % 3 == 0));
  }
}

template <class T>
void check_orthogonal_rows(const Score& score, Decay decay) {
  Bench<T> bench(score, 20, 2, {.batch = 2, .heads = 1, .decay = decay});
  for (int t = 0; t < 40; ++t) bench.query.value()[2 * t + 1] = bench.key.value()[2 * t] = 0;
  for (const T x : bench.probabilities()) REQUIRE(x == 0);
  for (std::size_t i = 0; i < bench.out.size(); ++i) REQUIRE(bench.out.value()[i] == 0);
  bench.backward(3);
  for (const auto& x : {bench.query, bench.key, bench.value})
    for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(x.grad()[i] == 0);  // nor NaN
}

TEST_CASE("attention: a row of orthogonal keys has zero weights and zero gradients") {
  for (const std::string& name : even_scores)
    for (const Decay decay : {Decay::none, Decay::alibi}) {
      CAPTURE(name);
      check_orthogonal_rows<float>(Registry<Score>::get(name), decay);
      check_orthogonal_rows<double>(Registry<Score>::get(name), decay);
    }
}

TEST_CASE("attention: weights are finite for every score, however large z is") {
  for (const Score& score : Registry<Score>::all()) {
    CAPTURE(score.name);
    // z about 1e15: beyond what a run reaches before it fails, and its square is finite
    Bench<float> bench(score, 9, 2, {.batch = 1, .heads = 1, .scale = 1e15});
    for (const float x : bench.probabilities()) REQUIRE(std::isfinite(x));
    bench.backward(1);
    for (std::size_t i = 0; i < bench.key.size(); ++i) REQUIRE(std::isfinite(bench.key.grad()[i]));
  }
}

TEST_CASE("attention: what does not fit is refused") {
  Graph<double> graph;
  const auto x = graph.leaf(4, 6, true), narrow = graph.leaf(4, 5, true);
  const Score& score = Registry<Score>::get("ea");
  CHECK_THROWS_AS(attention(graph, score.form, x, x, x, {.batch = 1, .heads = 4}), Error);
  CHECK_THROWS_AS(attention(graph, score.form, x, narrow, x, {.batch = 1, .heads = 1}), Error);
  CHECK_THROWS_AS(attention(graph, score.form, x, x, x, {.batch = 1, .heads = 2, .rotation = Rotation::rope}), Error);
}

// ---- the whole model ----

struct Model {
  ModelConfig config;
  Parameters<float> parameters;

  Model(const std::string& score, const std::string& position, const std::string& norm, int context,
        int vocabulary = 6)
      : config(configured(score, position, norm, context, vocabulary)),
        parameters(declared_parameters<float>(config)) {
    parameters.initialise(3);
  }

  static ModelConfig configured(const std::string& score, const std::string& position,
                                const std::string& norm, int context, int vocabulary) {
    Settings s;
    const std::pair<const char*, std::string> chosen[] = {
        {"score", score}, {"position", position}, {"norm", norm},    {"embedding", "learned"},
        {"layers", "2"},  {"heads", "3"},         {"d_model", "12"}, {"mlp_ratio", "2"}};
    for (const auto& [key, value] : chosen) s.set(key, value, "test");
    s.resolve();
    return model_config(s, vocabulary, context);
  }

  // Logits [batch·context, vocabulary] of the tokens.
  std::vector<float> logits(const std::vector<std::int32_t>& tokens) {
    const int batch = static_cast<int>(tokens.size()) / config.context;
    Network<float> network(config, parameters, batch, false);
    network.tokens = tokens;
    network.graph.forward();
    return {network.logits.value(), network.logits.value() + network.logits.size()};
  }
};

std::vector<std::int32_t> random_tokens(int count) {
  const Random random(9, "tokens");
  std::vector<std::int32_t> tokens(count);
  for (int i = 0; i < count; ++i) tokens[i] = random.below(6, i);
  return tokens;
}

using Name = const std::string&;

template <class F>
void for_each_model(F f) {
  for (const Score& score : Registry<Score>::all())
    for (const std::string position : {"none", "learned", "sinusoidal", "rope", "alibi"})
      for (const std::string norm : {"pre", "post", "none"}) {
        if (position == "alibi" && !score.form.decays) continue;
        CAPTURE(score.name);
        CAPTURE(position);
        CAPTURE(norm);
        f(score.name, position, norm);
      }
}

bool same_bits(const float* a, const float* b, std::size_t count) {
  return std::memcmp(a, b, count * sizeof(float)) == 0;
}

TEST_CASE("model: a later token does not change earlier outputs by a single bit") {
  for_each_model([](Name score, Name position, Name norm) {
    for (const int context : {6, 37}) {  // one panel of queries, and several
      Model model(score, position, norm, context);
      const auto tokens = random_tokens(2 * context);
      const auto before = model.logits(tokens);
      for (const int from : {1, context / 2, context - 1}) {
        CAPTURE(context);
        CAPTURE(from);
        auto changed = tokens;  // of the first sequence
        for (int t = from; t < context; ++t) changed[t] = (changed[t] + 1) % 6;
        const auto after = model.logits(changed);
        const std::size_t kept = static_cast<std::size_t>(from) * 6, sequence = context * 6;
        CHECK(same_bits(before.data(), after.data(), kept));
        CHECK_FALSE(same_bits(before.data() + kept, after.data() + kept, 6));
        CHECK(same_bits(before.data() + sequence, after.data() + sequence, sequence));
      }
    }
  });
}

TEST_CASE("model: a sequence has the same bits in a batch of any size") {
  for_each_model([](Name score, Name position, Name norm) {
    Model model(score, position, norm, 19);
    const auto tokens = random_tokens(5 * 19);
    const auto all = model.logits(tokens);
    for (const int batch : {1, 2, 3}) {
      CAPTURE(batch);
      const auto some = model.logits({tokens.begin(), tokens.begin() + batch * 19});
      CHECK(same_bits(all.data(), some.data(), some.size()));
    }
    const auto last = model.logits({tokens.end() - 19, tokens.end()});
    CHECK(same_bits(all.data() + 4 * 19 * 6, last.data(), last.size()));
  });
}

TEST_CASE("model: with ea and square, keys of the other sign give the same bits") {
  for_each_model([](Name score, Name position, Name norm) {
    if (std::find(even_scores.begin(), even_scores.end(), score) == even_scores.end()) return;
    Model model(score, position, norm, 19);
    const auto tokens = random_tokens(2 * 19);
    const auto before = model.logits(tokens);
    for (const auto& e : model.parameters.entries())
      if (e.name.find(".key.") != std::string::npos)
        negate(model.parameters.values().data() + e.offset, e.size);
    const auto after = model.logits(tokens);
    CHECK(same_bits(before.data(), after.data(), after.size()));
  });
}

}  // namespace
}  // namespace ladder
