#include "tasks/cycles.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "ladder/base/error.h"

using namespace ladder;
using namespace ladder::tasks;

using Count = std::map<std::uint64_t, std::uint64_t>;

// x^tau + x + 1 is primitive over GF(2) for these: all states but 0 are on one cycle.
TEST_CASE("cycles: base 2 with a primitive polynomial has one fixed point and one full cycle") {
  for (const int delay : {2, 3, 4, 6, 7, 15, 22}) {
    CAPTURE(delay);
    const std::uint64_t states = std::uint64_t{1} << delay;
    const Cycles cycles = find_cycles(2, delay);
    CHECK(cycles.states == states);
    CHECK(cycles.transient == 0);
    CHECK(cycles.count == Count{{1, 1}, {states - 1, 1}});
  }
}

TEST_CASE("cycles: every state is on exactly one cycle from delay 2 on") {
  for (const auto& pair :
       {std::pair{2, 5}, {2, 8}, {3, 7}, {4, 5}, {6, 4}, {10, 3}, {1024, 2}}) {
    const auto& base = pair.first;  // clang 14 captures no bindings
    const auto& delay = pair.second;
    CAPTURE(base);
    CAPTURE(delay);
    const Cycles cycles = find_cycles(base, delay);
    std::uint64_t on_cycles = 0;
    for (const auto& [length, count] : cycles.count) on_cycles += length * count;
    CHECK(on_cycles == static_cast<std::uint64_t>(std::llround(std::pow(base, delay))));
    CHECK(cycles.transient == 0);
  }
}

static std::vector<int> step(std::vector<int> x, int base) {
  const int next = (x.back() + x.front()) % base;
  x.erase(x.begin());
  x.push_back(next);
  return x;
}

// From every state, on its own: how long until it returns, if ever.
static Cycles naive_cycles(int base, int delay) {
  Cycles cycles;
  cycles.states = static_cast<std::uint64_t>(std::llround(std::pow(base, delay)));
  Count states_with;
  for (std::uint64_t number = 0; number < cycles.states; ++number) {
    std::vector<int> start;
    for (std::uint64_t rest = number; static_cast<int>(start.size()) < delay;
         rest /= static_cast<std::uint64_t>(base))
      start.push_back(static_cast<int>(rest % static_cast<std::uint64_t>(base)));
    std::vector<int> state = step(start, base);
    std::uint64_t length = 1;
    for (; state != start && length <= cycles.states; ++length) state = step(state, base);
    if (state == start) ++states_with[length];
    else ++cycles.transient;
  }
  for (const auto& [length, states] : states_with) cycles.count[length] = states / length;
  return cycles;
}

TEST_CASE("cycles: as found by a walk from every state") {
  for (const auto& pair :
       {std::pair{2, 1}, {3, 1}, {6, 1}, {12, 1}, {2, 5}, {3, 3}, {4, 3}, {5, 2}, {6, 2}}) {
    const auto& base = pair.first;  // clang 14 captures no bindings
    const auto& delay = pair.second;
    CAPTURE(base);
    CAPTURE(delay);
    const Cycles found = find_cycles(base, delay), expected = naive_cycles(base, delay);
    CHECK(found.states == expected.states);
    CHECK(found.transient == expected.transient);
    CHECK(found.count == expected.count);
  }
}

TEST_CASE("cycles: too many states are refused") {
  CHECK_THROWS_WITH_AS(find_cycles(8, 12),
                       "base 8, delay 12: 8^12 states are too many to walk, the limit is 268435456",
                       Error);
  CHECK_THROWS_AS(find_cycles(1024, 4096), Error);
}
