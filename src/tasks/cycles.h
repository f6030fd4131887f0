// The exact attractors of the NT rule x[t] = (x[t-1] + x[t-delay]) mod base.
#pragma once

#include <cstdint>
#include <map>

namespace ladder::tasks {

struct Cycles {
  std::uint64_t states = 0;     // base^delay
  std::uint64_t transient = 0;  // states on no cycle: none but for delay 1 and an even base
  std::map<std::uint64_t, std::uint64_t> count;  // cycle length -> number of such cycles
};

// More states than this are not walked: one bit of memory for each, a few seconds in all.
inline constexpr std::uint64_t most_states = std::uint64_t{1} << 28;

// Walks all base^delay states; base >= 2, delay >= 1. Throws a failure above most_states.
Cycles find_cycles(int base, int delay);

}  // namespace ladder::tasks
