// The laws of mqar, induction, selective_copy, parity, cycle and iarc, in plain code.
#include "drawn.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

using namespace ladder;
using namespace ladder::tasks;

// Accuracy of the best guess that knows the position and nothing of the input: by counting.
static double simulated_chance(const Task& task, int sequences) {
  std::vector<std::map<int, int>> counts(task.context());
  for (int i = 0; i < sequences; ++i) {
    const Sequence s = drawn(task, 9, Split::training, i);
    for (int t = 0; t < task.context(); ++t)
      if (s.targets[t] >= 0) ++counts[t][s.targets[t]];
  }
  double right = 0, all = 0;
  for (const auto& at : counts) {
    int most = 0;
    for (const auto& [token, count] : at) most = std::max(most, count), all += count;
    right += most;
  }
  return right / all;
}

TEST_CASE("tasks: chance is what the best blind guess gets") {
  const std::vector<Choices> cases = {{{"task", "parity"}},
                                      {{"task", "cycle"}, {"base", "5"}},
                                      {{"task", "cycle"}, {"base", "2"}, {"largest_step", "3"}},
                                      {{"task", "selective_copy"}, {"base", "4"}},
                                      {{"task", "mqar"}, {"vocabulary", "26"}},
                                      {{"task", "induction"}, {"base", "4"}},
                                      {{"task", "iarc"}, {"base", "4"}},
                                      {{"task", "copy"}, {"base", "4"}}};
  for (const Choices& choices : cases) {
    CAPTURE(choices[0].second);
    const auto task = task_with(choices);
    // the largest of a few counts is a little above the mean
    CHECK(simulated_chance(*task, 8000) == doctest::Approx(task->chance()).epsilon(0.12));
    CHECK(simulated_chance(*task, 8000) > task->chance() - 0.01);
  }
}

// ---- mqar ----

static void check_mqar(const Sequence& s, int vocabulary, int pairs, int passes, bool noise) {
  const int block = 2 * pairs, end = block * passes;
  std::map<int, int> value_of, place_of;
  std::set<int> values;
  for (int i = 0; i < pairs; ++i) {
    const int key = s.tokens[2 * i], value = s.tokens[2 * i + 1];
    REQUIRE((key >= 1 && key < vocabulary / 2));
    REQUIRE((value >= vocabulary / 2 && value < vocabulary));
    REQUIRE(value_of.emplace(key, value).second);  // without replacement
    REQUIRE(values.insert(value).second);
  }
  for (int t = block; t < end; ++t) REQUIRE(s.tokens[t] == s.tokens[t - block]);
  for (int t = 0; t < static_cast<int>(s.tokens.size()); ++t) {
    if (s.targets[t] < 0) {
      if (t >= end && !noise) REQUIRE(s.tokens[t] == 0);
      continue;
    }
    REQUIRE(t >= end);
    REQUIRE((t - end) % 2 == 0);
    REQUIRE(value_of.contains(s.tokens[t]));
    REQUIRE(s.targets[t] == value_of[s.tokens[t]]);  // so a dictionary is right everywhere
    REQUIRE(place_of.emplace(s.tokens[t], t).second);  // every key once
  }
  REQUIRE(static_cast<int>(place_of.size()) == pairs);
}

TEST_CASE("mqar: pairs, passes, then every key once with its value as target") {
  for (const char* noise : {"on", "off"})
    for (const auto& [vocabulary, pairs, passes, context] :
         {std::array{32, 4, 1, 24}, {12, 1, 1, 4}, {40, 3, 4, 38}, {128, 16, 1, 64}}) {
      const auto task = task_with({{"task", "mqar"},
                                   {"vocabulary", std::to_string(vocabulary)},
                                   {"pairs", std::to_string(pairs)},
                                   {"passes", std::to_string(passes)},
                                   {"context", std::to_string(context)},
                                   {"random_non_queries", noise}});
      const int values = vocabulary - vocabulary / 2;
      CHECK(task->vocabulary() == vocabulary);
      CHECK(task->complexity_bits() == doctest::Approx(pairs * std::log2(values)));
      CHECK(task->chance() == doctest::Approx(1.0 / values));
      CHECK(task->best_possible() == 1);
      for (const Split split : {Split::training, Split::evaluation})
        for (int i = 0; i < 200; ++i)
          check_mqar(drawn(*task, 2, split, i), vocabulary, pairs, passes, std::string(noise) == "on");
    }
}

TEST_CASE("mqar: keys and values are uniform, slots follow the power law") {
  const auto task = task_with({{"task", "mqar"}, {"pairs", "1"}, {"context", "24"}});
  const int n = 40000;
  std::map<int, int> slots, keys, values, noise;
  for (int i = 0; i < n; ++i) {
    const Sequence s = drawn(*task, 1, Split::training, i);
    ++keys[s.tokens[0]], ++values[s.tokens[1]];
    const auto asked = std::find_if(s.targets.begin(), s.targets.end(), [](int t) { return t >= 0; });
    ++slots[static_cast<int>(asked - s.targets.begin() - 2) / 2];
    ++noise[s.tokens[3]];
  }
  CHECK(keys.size() == 15);
  CHECK(values.size() == 16);
  CHECK(noise.size() == 32);
  for (const auto& [token, count] : noise) CHECK(std::abs(count - n / 32.0) < 5 * std::sqrt(n / 32.0));
  double total = 0;
  for (int g = 0; g < 11; ++g) total += std::pow(g + 1, -0.99);
  for (int g = 0; g < 11; ++g) {
    const double expected = n * std::pow(g + 1, -0.99) / total;
    CHECK(std::abs(slots[g] - expected) < 5 * std::sqrt(expected));
  }
  CHECK(slots[0] / double(slots[1]) == doctest::Approx(std::pow(2, 0.99)).epsilon(0.06));
}

TEST_CASE("mqar: slots of several keys are drawn one after the other, without replacement") {
  const auto task = task_with({{"task", "mqar"}, {"vocabulary", "16"}, {"pairs", "2"}, {"context", "10"},
                               {"random_non_queries", "off"}, {"power_a", "0.5"}});
  const double w[] = {1, std::sqrt(1 / 2.0), std::sqrt(1 / 3.0)};
  const double total = w[0] + w[1] + w[2];
  std::map<std::pair<int, int>, int> places;
  const int n = 30000;
  for (int i = 0; i < n; ++i) {
    const Sequence s = drawn(*task, 1, Split::training, i);
    std::array<int, 2> at{};
    for (int slot = 0; slot < 3; ++slot)
      for (int key = 0; key < 2; ++key)
        if (s.tokens[4 + 2 * slot] == s.tokens[2 * key]) at[key] = slot;
    ++places[{at[0], at[1]}];
  }
  for (int first = 0; first < 3; ++first)
    for (int second = 0; second < 3; ++second) {
      const double expected = first == second ? 0 : n * w[first] / total * w[second] / (total - w[first]);
      const int found = places[{first, second}];
      CHECK(std::abs(found - expected) <= 5 * std::sqrt(expected));
    }
}

TEST_CASE("mqar: a map of evaluation is never one of training; too few are not held out") {
  const auto small = task_with({{"task", "mqar"}, {"vocabulary", "12"}, {"pairs", "1"}, {"context", "6"}});
  CHECK(small->holdout() == "none (only 30 initial conditions)");
  const auto task = task_with({{"task", "mqar"}, {"vocabulary", "12"}, {"pairs", "2"}, {"context", "8"}});
  CHECK(task->holdout() == "hash");  // 5·4 · 6·5
  std::set<std::vector<int>> maps[2];
  for (int i = 0; i < 20000; ++i)
    for (const Split split : {Split::training, Split::evaluation}) {
      const Sequence s = drawn(*task, 3, split, i);
      maps[split == Split::evaluation].insert({s.tokens.begin(), s.tokens.begin() + 4});
    }
  CHECK(maps[0].size() + maps[1].size() == 600);
  for (const auto& map : maps[1]) CHECK_FALSE(maps[0].contains(map));
}

TEST_CASE("mqar: settings that do not fit together are usage errors") {
  const auto message = [](Choices choices) {
    choices.emplace_back("task", "mqar");
    return usage_message(choices);
  };
  CHECK(message({{"context", "23"}}) == "test:1: key 'context': got '23', expected an even number with task = mqar");
  CHECK(message({{"vocabulary", "24"}}) == "test:1: key 'vocabulary': got '24', expected more than context = 24");
  CHECK(message({{"vocabulary", "26"}, {"pairs", "6"}}) == "");
  CHECK(message({{"vocabulary", "26"}, {"pairs", "7"}}).starts_with(
      "default: key 'context': got '24', expected at least 28,"));
  CHECK(message({{"vocabulary", "5"}, {"pairs", "2"}, {"context", "4"}}).starts_with("test:1: key 'context'"));
}

// ---- induction ----

TEST_CASE("induction: the end asks for what followed the mark") {
  const auto task = task_with({{"task", "induction"}, {"base", "5"}, {"context", "10"}});
  CHECK(task->vocabulary() == 6);
  CHECK(task->complexity_bits() == doctest::Approx(std::log2(8 * 5)));
  CHECK_FALSE(task->next_token());
  std::map<int, int> places, answers;
  const int n = 8000;
  for (int i = 0; i < n; ++i) {
    const Sequence s = drawn(*task, 1, Split::training, i);
    REQUIRE(std::count(s.tokens.begin(), s.tokens.end(), 5) == 2);
    REQUIRE(s.tokens[9] == 5);
    const auto place = std::find(s.tokens.begin(), s.tokens.end(), 5) - s.tokens.begin();
    REQUIRE(place <= 7);
    for (int t = 0; t < 9; ++t) REQUIRE(s.targets[t] == -1);
    REQUIRE(s.targets[9] == s.tokens[place + 1]);
    ++places[static_cast<int>(place)], ++answers[s.targets[9]];
  }
  for (int place = 0; place < 8; ++place) CHECK(std::abs(places[place] - n / 8) < 5 * std::sqrt(n / 8));
  for (int token = 0; token < 5; ++token) CHECK(std::abs(answers[token] - n / 5) < 5 * std::sqrt(n / 5));
  CHECK(usage_message({{"task", "induction"}, {"context", "2"}}) != "");
  CHECK(task_with({{"task", "induction"}, {"context", "3"}})->context() == 3);
}

// ---- selective_copy ----

TEST_CASE("selective_copy: the items among blanks, asked for in order; all places are as likely") {
  const auto task = task_with({{"task", "selective_copy"}, {"base", "6"}, {"items", "2"}, {"context", "7"}});
  CHECK(task->vocabulary() == 8);
  CHECK(task->complexity_bits() == doctest::Approx(2 * std::log2(6)));
  std::map<std::pair<int, int>, int> places;
  const int n = 10000;
  for (int i = 0; i < n; ++i) {
    const Sequence s = drawn(*task, 1, Split::training, i);
    std::vector<int> items, at;
    for (int t = 0; t < 5; ++t) {
      REQUIRE(s.targets[t] == -1);
      if (s.tokens[t] == 6) continue;
      items.push_back(s.tokens[t]), at.push_back(t);
    }
    REQUIRE(items.size() == 2);
    for (int k = 0; k < 2; ++k) {
      REQUIRE(items[k] < 6);
      REQUIRE(s.tokens[5 + k] == 7);
      REQUIRE(s.targets[5 + k] == items[k]);
    }
    ++places[{at[0], at[1]}];
  }
  CHECK(places.size() == 10);
  for (const auto& [at, count] : places) CHECK(std::abs(count - n / 10) < 5 * std::sqrt(n / 10));
  CHECK(usage_message({{"task", "selective_copy"}, {"items", "5"}, {"context", "9"}}) != "");
  CHECK(task_with({{"task", "selective_copy"}, {"items", "5"}, {"context", "10"}})->context() == 10);
}

TEST_CASE("selective_copy: items of evaluation are never those of training") {
  const auto task = task_with({{"task", "selective_copy"}, {"base", "8"}, {"items", "3"}});
  REQUIRE(task->holdout() == "hash");
  std::set<std::vector<int>> items[2];
  for (int i = 0; i < 12000; ++i)
    for (const Split split : {Split::training, Split::evaluation}) {
      const Sequence s = drawn(*task, 3, split, i);
      items[split == Split::evaluation].insert({s.targets.end() - 3, s.targets.end()});
    }
  CHECK(items[0].size() + items[1].size() == 512);
  for (const auto& item : items[1]) CHECK_FALSE(items[0].contains(item));
}

// ---- parity and cycle ----

TEST_CASE("parity: of all bits up to each") {
  const auto task = task_with({{"task", "parity"}, {"context", "40"}});
  CHECK(task->vocabulary() == 2);
  CHECK(task->complexity_bits() == 40);
  CHECK(task->chance() == 0.5);
  int ones = 0;
  for (int i = 0; i < 500; ++i) {
    const Sequence s = drawn(*task, 1, Split::evaluation, i);
    for (int t = 0; t < 40; ++t) {
      const int sum = std::accumulate(s.tokens.begin(), s.tokens.begin() + t + 1, 0);
      REQUIRE(s.targets[t] == sum % 2);
      ones += s.tokens[t];
    }
  }
  CHECK(std::abs(ones - 10000) < 5 * std::sqrt(5000));
  CHECK(task_with({{"task", "parity"}, {"context", "8"}})->holdout() == "none (only 256 initial conditions)");
  CHECK(task->holdout() == "hash");
}

TEST_CASE("cycle: the place after each step") {
  for (const auto& [base, largest] : {std::pair{5, 1}, {2, 1}, {7, 3}, {3, 4}}) {
    const auto task = task_with({{"task", "cycle"}, {"base", std::to_string(base)},
                                 {"largest_step", std::to_string(largest)}, {"context", "20"}});
    CHECK(task->vocabulary() == std::max(base, 2 * largest + 1));
    CHECK(task->complexity_bits() == doctest::Approx(20 * std::log2(base)));
    std::set<int> steps, places;
    for (int i = 0; i < 200; ++i) {
      const Sequence s = drawn(*task, 1, Split::training, i);
      int sum = 0;
      for (int t = 0; t < 20; ++t) {
        const int step = s.tokens[t] - largest;
        sum += step;
        REQUIRE(s.targets[t] == ((sum % base) + base) % base);
        steps.insert(step), places.insert(s.targets[t]);
      }
    }
    CHECK(static_cast<int>(steps.size()) == 2 * largest + 1);
    CHECK(*steps.begin() == -largest);
    CHECK(static_cast<int>(places.size()) == base);
  }
}

// ---- iarc ----

// Reads the sequence by the rules, as a predictor that sees all of it up to t would.
static void check_iarc(const Sequence& s, int base, std::map<int, int>& controls, int& switches, int& symbols) {
  std::vector<int> seen, before;  // symbols so far; those before the last control token
  int rule = 0, rule_before = 0, since = 0;
  for (int t = 0; t < static_cast<int>(s.tokens.size()); ++t) {
    const int token = s.tokens[t];
    if (token >= base) {
      REQUIRE(t >= 4);
      rule_before = rule, rule = token - base, before = seen, since = 0;
      ++controls[rule];
    } else seen.push_back(token), ++since;
    REQUIRE((t != 4 || token >= base));
    if (t > 4 && s.tokens[t - 1] >= base) REQUIRE(token < base);
    if (t > 5 && s.tokens[t - 1] < base) ++symbols, switches += token >= base;
    if (t < 4) REQUIRE(s.targets[t] == -1);
    if (s.targets[t] < 0) continue;
    const int n = static_cast<int>(seen.size()), length = static_cast<int>(before.size());
    const int x = seen[n - 1], y = seen[n - 2], said = token >= base ? 0 : since;
    const int expected[] = {x + 1, x + y, before[length - 1 - said % length], x + 2 + rule_before};
    REQUIRE(s.targets[t] == expected[rule] % base);
  }
}

TEST_CASE("iarc: every symbol follows from those before it, by the control token's rule") {
  const int base = 7;
  const auto task = task_with({{"task", "iarc"}, {"base", "7"}, {"context", "60"}});
  CHECK(task->vocabulary() == 11);
  CHECK(task->next_token());
  CHECK(task->best_possible() == 1);
  std::map<int, int> controls;
  int switches = 0, symbols = 0;
  for (int i = 0; i < 1000; ++i)
    check_iarc(drawn(*task, 1, Split::training, i), base, controls, switches, symbols);
  CHECK(switches / double(symbols) == doctest::Approx(0.125).epsilon(0.03));
  const int all = controls[0] + controls[1] + controls[2] + controls[3];
  for (int rule = 0; rule < 4; ++rule) CHECK(std::abs(controls[rule] - all / 4) < 5 * std::sqrt(all / 4));
}
