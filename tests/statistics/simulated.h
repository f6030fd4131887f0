// What the simulations of intervals and verdicts share: random numbers, and what chance allows.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "ladder/base/random.h"
#include "statistics/statistics.h"

namespace ladder::statistics {

class Dice {
 public:
  explicit Dice(const char* stream) : random_(statistics_seed, stream) {}
  double uniform() { return (static_cast<double>(random_.bits(next_++, 0) >> 11) + 0.5) * 0x1p-53; }
  double normal() { return std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform()); }
  bool happens(double probability) { return uniform() < probability; }

 private:
  Random random_;
  std::uint64_t next_ = 0;
};

// The most of so many trials that happen, but for one time in a thousand, where each does with `probability`.
inline int most_by_chance(int trials, double probability) {
  double term = std::exp(trials * std::log1p(-probability)), below = term;
  int count = 0;
  while (below < 0.999) {
    term *= (trials - count) * probability / ((count + 1) * (1 - probability));
    below += term;
    ++count;
  }
  return count;
}

}  // namespace ladder::statistics
