#include "tasks/cycles.h"

#include <string>
#include <vector>

#include "ladder/base/error.h"

namespace ladder::tasks {
namespace {

// base^delay.
std::uint32_t states_of(int base, int delay) {
  std::uint64_t states = 1;
  for (int i = 0; i < delay; ++i)
    if ((states *= static_cast<std::uint64_t>(base)) > most_states)
      throw failure("base " + std::to_string(base) + ", delay " + std::to_string(delay) + ": " +
                    std::to_string(base) + "^" + std::to_string(delay) +
                    " states are too many to walk, the limit is " + std::to_string(most_states));
  return static_cast<std::uint32_t>(states);
}

// Every state that is a multiple of this lies on a cycle, and no other does.
// Delay >= 2: the step is a bijection, as the token that it drops is the new token minus the one
// before, which stays: all states lie on cycles. Delay 1: the step doubles the one token mod base.
// With base = 2^v m, m odd, v steps lead to a multiple of 2^v, and those are permuted.
std::uint32_t spacing(int base, int delay) {
  return static_cast<std::uint32_t>(delay == 1 ? base & -base : 1);
}

}  // namespace

// A state is a number of `delay` digits in base `base`: the oldest token is the lowest digit, so
// that a step is one division.
Cycles find_cycles(int base, int delay) {
  const std::uint32_t states = states_of(base, delay), n = static_cast<std::uint32_t>(base);
  const std::uint32_t top = states / n;  // weight of the newest token
  Cycles cycles{.states = states, .transient = states, .count = {}};
  std::vector<bool> seen(states);
  for (std::uint32_t start = 0; start < states; start += spacing(base, delay)) {
    if (seen[start]) continue;
    std::uint32_t state = start, newest = start / top, length = 0;
    do {
      seen[state] = true;
      const std::uint32_t kept = state / n, oldest = state - kept * n;
      newest = (newest + oldest) % n;
      state = kept + newest * top;
      ++length;
    } while (state != start);
    ++cycles.count[length];
    cycles.transient -= length;
  }
  return cycles;
}

}  // namespace ladder::tasks
