#include "drawn.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

using namespace ladder;
using namespace ladder::tasks;

// ---- every registered task ----

TEST_CASE("tasks: each describes itself and draws valid sequences") {
  for (const TaskPlugin& kind : Registry<TaskPlugin>::all())
    for (const char* context : {"24", "auto"}) {
      CAPTURE(kind.name);
      CAPTURE(context);
      CHECK(kind.rule != "");
      CHECK(kind.source != "");
      for (const std::string& name : kind.reads) CHECK(Registry<Setting>::find(name) != nullptr);

      const auto task = task_with({{"task", kind.name}, {"context", context}});
      CHECK(task->vocabulary() >= 2);
      CHECK(task->complexity_bits() > 0);
      CHECK(task->chance() > 0);
      CHECK(task->chance() < task->best_possible());
      CHECK(task->best_possible() <= 1);
      CHECK((task->holdout() == "hash" || task->holdout().starts_with("none (")));
      for (const Split split : {Split::training, Split::evaluation})
        for (std::uint64_t index = 0; index < 200; ++index) {
          const Sequence s = drawn(*task, 3, split, index);
          const std::size_t length = static_cast<std::size_t>(task->context());
          REQUIRE(s.tokens.size() == length);
          REQUIRE(s.targets.size() == length);
          REQUIRE(*std::min_element(s.tokens.begin(), s.tokens.end()) >= 0);
          REQUIRE(*std::max_element(s.tokens.begin(), s.tokens.end()) < task->vocabulary());
          REQUIRE(*std::min_element(s.targets.begin(), s.targets.end()) >= -1);
          REQUIRE(*std::max_element(s.targets.begin(), s.targets.end()) >= 0);
          REQUIRE(*std::max_element(s.targets.begin(), s.targets.end()) < task->vocabulary());
          for (std::size_t t = 0; t + 1 < length; ++t)
            if (task->next_token() && s.targets[t] >= 0) REQUIRE(s.targets[t] == s.tokens[t + 1]);
        }
    }
}

TEST_CASE("tasks: a draw is a pure function of seed, split and index") {
  for (const TaskPlugin& kind : Registry<TaskPlugin>::all()) {
    CAPTURE(kind.name);
    const auto task = task_with({{"task", kind.name}}), same = task_with({{"task", kind.name}});
    Sequence reused;
    std::set<std::vector<int>> seen;
    for (const std::uint64_t seed : {4, 5})
      for (const Split split : {Split::training, Split::evaluation})
        for (const std::uint64_t index : {9, 1, 7}) {
          task->draw(seed, split, index, reused);
          const Sequence fresh = drawn(*same, seed, split, index);
          CHECK(reused.tokens == fresh.tokens);
          CHECK(reused.targets == fresh.targets);
          seen.insert(reused.tokens);
        }
    CHECK(seen.size() > 6);  // each of the three matters
  }
}

TEST_CASE("tasks: evaluation never sees a trained sequence, and sees an eighth of them") {
  for (const TaskPlugin& kind : Registry<TaskPlugin>::all()) {
    CAPTURE(kind.name);
    const auto task = task_with({{"task", kind.name}});
    if (task->holdout() != "hash") continue;
    std::set<std::vector<int>> trained, evaluated, both;
    for (std::uint64_t index = 0; index < 40000; ++index) {
      trained.insert(drawn(*task, 1, Split::training, index).tokens);
      evaluated.insert(drawn(*task, 2, Split::evaluation, index).tokens);
    }
    std::set_intersection(trained.begin(), trained.end(), evaluated.begin(), evaluated.end(),
                          std::inserter(both, both.end()));
    CHECK(both.empty());
    // Where a condition is a whole sequence and there are few enough for all of them to come up:
    if (kind.name != "nt" && kind.name != "copy") continue;
    const double share =
        double(evaluated.size()) / static_cast<double>(trained.size() + evaluated.size());
    CHECK(std::abs(share - 0.125) < 0.02);
  }
}

// ---- nt ----

static void check_nt(const Sequence& s, int base, int largest, int delay, int cue) {
  const int length = static_cast<int>(s.tokens.size());
  for (int t = 0; t < length; ++t) {
    REQUIRE((s.targets[t] >= 0) == (t + 1 >= cue + largest));
    if (s.targets[t] >= 0)
      REQUIRE(s.targets[t] == (s.tokens[t] + s.tokens[t + 1 - delay]) % base);
    if (t + 1 < length && s.targets[t] >= 0) REQUIRE(s.tokens[t + 1] == s.targets[t]);
    if (t >= cue) REQUIRE(s.tokens[t] < base);
  }
}

TEST_CASE("nt: follows its rule from as many random tokens as the delay") {
  for (const auto& pair : {std::pair{2, 1}, {8, 4}, {16, 12}, {5, 24}, {1024, 3}}) {
    const auto& base = pair.first;  // clang 14 captures no bindings
    const auto& delay = pair.second;
    CAPTURE(base);
    CAPTURE(delay);
    const auto task = task_with({{"base", std::to_string(base)}, {"delay", std::to_string(delay)}});
    CHECK(task->vocabulary() == base);
    CHECK(task->complexity_bits() == doctest::Approx(delay * std::log2(base)));
    CHECK(task->chance() == doctest::Approx(1.0 / base));
    for (std::uint64_t index = 0; index < 100; ++index)
      check_nt(drawn(*task, 0, Split::training, index), base, delay, delay, 0);
  }
}

TEST_CASE("nt: initial tokens are uniform, in both splits and at every place") {
  const int base = 7, delay = 6, n = 20000;
  const auto task = task_with({{"base", "7"}, {"delay", "6"}});
  for (const Split split : {Split::training, Split::evaluation})
    for (int place = 0; place < delay; ++place) {
      std::vector<int> histogram(base);
      for (std::uint64_t index = 0; index < n; ++index)
        ++histogram[drawn(*task, 1, split, index).tokens[place]];
      // Five standard errors; a split of 117649 conditions by hash is itself even to a few percent.
      for (const int hits : histogram)
        CHECK(std::abs(hits - n / base) < 5 * std::sqrt(n / base) + 0.03 * n / base);
    }
}

TEST_CASE("nt: several delays are drawn uniformly and cued by a token in front") {
  const int delays[] = {3, 12, 7};
  const auto task = task_with({{"delay", "3+12+7"}, {"base", "4"}});
  CHECK(task->vocabulary() == 4 + 3);
  CHECK(task->complexity_bits() == doctest::Approx(12 * 2 + std::log2(3)));
  CHECK(task->chance() == doctest::Approx(0.25));
  std::map<int, int> count;
  for (std::uint64_t index = 0; index < 3000; ++index) {
    const Sequence s = drawn(*task, 1, Split::training, index);
    REQUIRE(s.tokens.size() == 24);
    REQUIRE(s.tokens[0] >= 4);
    check_nt(s, 4, 12, delays[s.tokens[0] - 4], 1);
    ++count[s.tokens[0] - 4];
  }
  for (int i = 0; i < 3; ++i) CHECK(std::abs(count[i] - 1000) < 5 * std::sqrt(1000.0 * 2 / 3));
}

TEST_CASE("nt: without a cue the delay is left to be inferred") {
  const auto task = task_with({{"delay", "3+7"}, {"cue", "off"}});
  CHECK(task->vocabulary() == 8);
  int follows_3 = 0, follows_7 = 0;
  for (std::uint64_t index = 0; index < 400; ++index) {
    const Sequence s = drawn(*task, 1, Split::training, index);
    const auto& x = s.tokens;
    REQUIRE(x.size() == 24);
    bool is_3 = true, is_7 = true;
    for (std::size_t t = 0; t < x.size(); ++t) {
      REQUIRE((s.targets[t] >= 0) == (t + 1 >= 7));
      if (t < 7) continue;
      is_3 = is_3 && x[t] == (x[t - 1] + x[t - 3]) % 8;
      is_7 = is_7 && x[t] == (x[t - 1] + x[t - 7]) % 8;
    }
    REQUIRE((is_3 || is_7));
    follows_3 += is_3, follows_7 += is_7;
  }
  CHECK(follows_3 > 140);
  CHECK(follows_7 > 140);
}

TEST_CASE("nt: a single delay can have a cue too") {
  const auto task = task_with({{"delay", "4"}, {"cue", "on"}});
  CHECK(task->vocabulary() == 9);
  const Sequence s = drawn(*task, 1, Split::evaluation, 0);
  CHECK(s.tokens[0] == 8);
  check_nt(s, 8, 4, 4, 1);
}

TEST_CASE("nt: too few initial conditions are not held out, and the task says so") {
  CHECK(task_with({{"base", "2"}, {"delay", "4"}})->holdout() ==
        "none (only 16 initial conditions)");
  CHECK(task_with({{"base", "2"}, {"delay", "8"}})->holdout() ==
        "none (only 256 initial conditions)");
  CHECK(task_with({{"base", "2"}, {"delay", "7+8"}})->holdout() == "hash");  // 2 * 256
  CHECK(task_with({{"base", "2"}, {"delay", "9"}})->holdout() == "hash");
  CHECK(task_with({{"base", "1024"}, {"delay", "4096"}, {"context", "auto"}})->holdout() == "hash");
}

TEST_CASE("nt: settings that do not fit together are usage errors") {
  CHECK(usage_message({{"delay", "3+7+3"}}) ==
        "test:1: key 'delay': got '3+7+3', expected each delay once");
  CHECK(usage_message({{"delay", "30"}}) ==
        "default: key 'context': got '24', expected at least 30, or nothing is left to predict "
        "(auto always fits)");
  CHECK(usage_message({{"delay", "4+8"}, {"context", "8"}}).starts_with(
        "test:1: key 'context': got '8', expected at least 9,"));
  CHECK(task_with({{"delay", "8"}, {"context", "8"}})->context() == 8);
  CHECK(task_with({{"delay", "30"}, {"context", "auto"}})->context() == 60);
  CHECK(task_with({{"delay", "1"}, {"cue", "on"}, {"context", "auto"}})->context() == 2);
}

// The best predictor in plain code: for every prefix, the delays that agree with it foretell the next
// token, and the most frequent of what they say is right as often as it is said.
static double best_by_counting(int base, const std::vector<int>& delays, int context) {
  const int largest = *std::max_element(delays.begin(), delays.end());
  std::map<std::vector<int>, std::map<int, int>> following;  // prefix -> next token -> how often
  int conditions = 1;
  for (int i = 0; i < largest; ++i) conditions *= base;
  for (int condition = 0; condition < conditions; ++condition)
    for (const int delay : delays) {
      std::vector<int> x;
      for (int t = 0, digits = condition; t < largest; ++t, digits /= base) x.push_back(digits % base);
      while (static_cast<int>(x.size()) <= context) {
        const int next = (x.back() + x[x.size() - delay]) % base;
        ++following[x][next];
        x.push_back(next);
      }
    }
  double right = 0, all = 0;
  for (const auto& [prefix, counts] : following) {
    int most = 0;
    for (const auto& [token, count] : counts) most = std::max(most, count), all += count;
    right += most;
  }
  return right / all;
}

TEST_CASE("nt: the best possible accuracy is that of counting all sequences") {
  const auto best = [](const char* base, const char* delay, const char* context) {
    return task_with({{"base", base}, {"delay", delay}, {"context", context}, {"cue", "off"}})
        ->best_possible();
  };
  CHECK(best("2", "2+3", "9") == doctest::Approx(best_by_counting(2, {2, 3}, 9)));
  CHECK(best("3", "1+2+4", "8") == doctest::Approx(best_by_counting(3, {1, 2, 4}, 8)));
  CHECK(best("2", "6+1+3+5", "6") == doctest::Approx(best_by_counting(2, {6, 1, 3, 5}, 6)));
  // Too many to count: a sample, within a few standard errors of the whole.
  CHECK(std::abs(best("4", "3+7", "12") - best_by_counting(4, {3, 7}, 12)) < 0.003);
  CHECK(std::abs(best("8", "6+12", "24") - 0.962) < 0.002);
  CHECK(std::abs(best("8", "2+4+6+8+10+12", "24") - 0.931) < 0.002);
  CHECK(best("8", "12", "24") == 1);
  CHECK(task_with({{"delay", "6+12"}})->best_possible() == 1);  // cue on
}

// ---- copy ----

TEST_CASE("copy: repeats its block between delimiters") {
  const int block = 5, base = 6;
  const auto task = task_with({{"task", "copy"}, {"base", "6"}, {"delay", "5"}});
  CHECK(task->vocabulary() == base + 1);
  CHECK(task->complexity_bits() == doctest::Approx(block * std::log2(base)));
  CHECK(task->chance() == doctest::Approx(1.0 / base));
  std::set<int> symbols;
  for (std::uint64_t index = 0; index < 100; ++index) {
    const Sequence s = drawn(*task, 0, Split::training, index);
    for (int t = 0; t < 24; ++t) {
      REQUIRE((s.tokens[t] == base) == (t % (block + 1) == block));
      REQUIRE(s.tokens[t] == s.tokens[t % (block + 1)]);
      const bool asked = t >= block && (t + 1) % (block + 1) != block;
      REQUIRE(s.targets[t] == (asked ? s.tokens[(t + 1) % (block + 1)] : -1));
      symbols.insert(s.tokens[t]);
    }
  }
  CHECK(symbols.size() == base + 1);
}

TEST_CASE("copy: context and delays that do not fit are usage errors") {
  CHECK(task_with({{"task", "copy"}, {"delay", "9"}, {"context", "auto"}})->context() == 18);
  CHECK(task_with({{"task", "copy"}, {"delay", "9"}, {"context", "10"}})->context() == 10);
  CHECK(usage_message({{"task", "copy"}, {"delay", "9"}, {"context", "9"}}).starts_with(
        "test:1: key 'context': got '9', expected at least 10,"));
  CHECK(usage_message({{"task", "copy"}, {"delay", "3+4"}}) ==
        "test:1: key 'delay': got '3+4', expected the one length of the block");
  CHECK(task_with({{"task", "copy"}, {"base", "2"}, {"delay", "3"}})->holdout() ==
        "none (only 8 initial conditions)");
}
