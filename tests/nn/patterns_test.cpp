// Patterns: which pairs are legal, that nothing else has an influence, and how topk chooses.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../allocation_count.h"
#include "ladder/base/random.h"
#include "ladder/nn/attention.h"

namespace ladder {

using namespace nn;
namespace {

std::shared_ptr<const Pattern> made(const std::string& name, const Choices& choices = {}) {
  Settings s;
  s.set("pattern", name, "test");
  for (const auto& [key, value] : choices) s.set(key, value, "test");
  s.resolve();
  return make_pattern(s);
}

int legal_pairs(const Pattern& pattern, int context) {
  int count = 0;
  for (int i = 0; i < context; ++i)
    for (int j = 0; j <= i; ++j) count += pattern.legal(i, j);
  return count;
}

TEST_CASE("patterns: legal pairs of 16 tokens") {
  CHECK(legal_pairs(*made("full"), 16) == 136);
  CHECK(legal_pairs(*made("window", {{"window", "4"}}), 16) == 58);
  CHECK(legal_pairs(*made("strided", {{"stride", "4"}}), 16) == 82);
  CHECK(legal_pairs(*made("fixed", {{"stride", "4"}}), 16) == 64);
  CHECK(legal_pairs(*made("chain"), 16) == 31);
}

TEST_CASE("patterns: runs of keys are the legal ones, and a token sees itself") {
  for (const PatternPlugin& plugin : Registry<PatternPlugin>::all())
    for (const std::string size : {"1", "2", "3", "7", "100"}) {
      Choices choices;
      for (const std::string key : {"window", "stride", "top_k"}) choices.emplace_back(key, size);
      const auto pattern = made(plugin.name, choices);
      CAPTURE(plugin.name);
      CAPTURE(size);
      for (int i = 0; i < 40; ++i) {
        REQUIRE(pattern->legal(i, i));
        std::vector<int> legal, runs;
        for (int j = 0; j <= i; ++j)
          if (pattern->legal(i, j)) legal.push_back(j);
        for (auto keys = pattern->next(i, 0); keys.begin < keys.end; keys = pattern->next(i, keys.end)) {
          REQUIRE(keys.end <= i + 1);
          for (int j = keys.begin; j < keys.end; ++j) runs.push_back(j);
        }
        REQUIRE(runs == legal);
      }
    }
}

// One head on inputs of its own; all in double.
struct Bench {
  Graph<double> graph;
  Tensor<double> query, key, value;
  Mixed<double> mixed;
  int context;

  Bench(const std::string& score, const Pattern& pattern, int context, bool alibi = false)
      : query(input(context, "query")),
        key(input(context, "key")),
        value(input(context, "value")),
        mixed(attention(graph, Registry<Score>::get(score).form, query, key, value,
                        {.batch = 1, .heads = 1, .pattern = &pattern,
                         .decay = alibi ? Decay::alibi : Decay::none})),
        context(context) {
    graph.minimise(mixed.out);
  }

  Tensor<double> input(int context, const char* name) {
    const Tensor<double> x = graph.leaf(context, 3, true);
    const Random random(7, name);
    for (std::size_t i = 0; i < x.size(); ++i) x.value()[i] = random.normal(i);
    return x;
  }

  struct Maps {
    std::vector<double> p, z;
    std::vector<std::uint8_t> legal;
  };
  Maps maps() const {
    const std::size_t all = static_cast<std::size_t>(context) * context;
    Maps m{std::vector<double>(all), std::vector<double>(all), std::vector<std::uint8_t>(all)};
    mixed.look.maps({.sequence = 0, .head = 0, .begin = 0, .end = context, .probabilities = m.p.data(),
                     .products = m.z.data(), .legal = m.legal.data()});
    return m;
  }
};

TEST_CASE("patterns: an illegal key has no influence on a query, for every score") {
  constexpr int context = 37;
  for (const Score& score : Registry<Score>::all())
    for (const std::string name : {"window", "strided", "fixed", "chain"}) {
      const auto pattern = made(name);
      Bench bench(score.name, *pattern, context);
      CAPTURE(score.name);
      CAPTURE(name);
      bench.graph.forward();
      const std::vector<double> before(bench.mixed.out.value(), bench.mixed.out.value() + 3 * context);
      constexpr int changed = 9;
      for (int c = 0; c < 3; ++c) bench.key.value()[3 * changed + c] *= -1e200;
      bench.graph.forward();
      for (int i = 0; i < context; ++i)
        if (i < changed || !pattern->legal(i, changed))
          REQUIRE(std::memcmp(&before[3 * i], bench.mixed.out.value() + 3 * i, 3 * sizeof(double)) == 0);
    }
}

// What topk shall go by, from the products of all pairs.
double order(const std::string& score, double z, int distance, bool alibi) {
  const double m = alibi ? 1.0 / 256 : 0;  // of the only head
  if (score == "cog") return std::fabs(z);
  if (score == "ea") return z * z / (1 + z * z) * std::exp(-m * distance);
  if (score == "square") return z * z * std::exp(-m * distance);
  return z - m * distance;
}

TEST_CASE("topk: the keys of largest weight, the earlier of equal ones; weights as if no others existed") {
  constexpr int context = 45;
  for (const std::string score : {"dpa", "ea", "square", "softmax1", "sparsemax", "entmax15", "softpick", "cog",
                                  "stickbreaking"})
    for (const int most : {1, 3, 20, 100})
      for (const bool alibi : {false, true}) {
        const Score& plugin = Registry<Score>::get(score);
        if (alibi && !plugin.form.decays) continue;
        CAPTURE(score);
        CAPTURE(most);
        CAPTURE(alibi);
        const auto full = made("full"), topk = made("topk", {{"top_k", std::to_string(most)}});
        Bench all(score, *full, context, alibi), some(score, *topk, context, alibi);
        for (Bench* b : {&all, &some})  // many equal keys
          for (int j = 0; j < context; ++j)
            for (int c = 0; c < 3 && j % 4; ++c) b->key.value()[3 * j + c] = b->key.value()[c];
        all.graph.forward(), some.graph.forward();
        const auto a = all.maps(), s = some.maps();
        const bool itself = plugin.form.sees_itself;
        for (int i = 0; i < context; ++i) {
          std::vector<int> keys;
          for (int j = 0; j < i + itself; ++j) keys.push_back(j);
          std::stable_sort(keys.begin(), keys.end(), [&](int x, int y) {
            return order(score, a.z[i * context + x], i - x, alibi) >
                   order(score, a.z[i * context + y], i - y, alibi);
          });
          std::vector<std::uint8_t> expected(context);
          for (int r = 0; r < std::min<int>(most, keys.size()); ++r) expected[keys[r]] = 1;
          for (int j = 0; j < context; ++j) REQUIRE(s.legal[i * context + j] == expected[j]);
        }
        for (int i = 0; i < context; ++i)
          for (int j = 0; j < context; ++j)
            if (!s.legal[i * context + j]) REQUIRE(s.p[i * context + j] == 0);
      }
}

TEST_CASE("topk: nothing is allocated after recording") {
  const auto topk = made("topk", {{"top_k", "5"}});
  Bench bench("dpa", *topk, 70);
  bench.graph.forward(), bench.graph.backward();  // the thread's workspace
  const auto before = allocation_count();
  for (int step = 0; step < 3; ++step) {
    for (std::size_t i = 0; i < bench.key.size(); ++i) bench.key.value()[i] *= -1.5;
    bench.graph.forward(), bench.graph.backward();
  }
  CHECK(allocation_count() == before);
}

}  // namespace
}  // namespace ladder
