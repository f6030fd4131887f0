// The random part of a task's sequence, and its hold-out: evaluation starts from conditions that
// training never starts from.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ladder/tasks/task.h"

namespace ladder::tasks {

// An initial condition is one of `variants` rules and `length` tokens in 0 .. base-1, all uniform.
// A hash, the same for every seed, gives one condition in eight to evaluation and the others to
// training. Below `enough` conditions nothing is held out: too few would be left on either side.
class InitialConditions {
 public:
  static constexpr int enough = 512;

  InitialConditions(int variants, int base, int length);

  std::string holdout() const;  // as Task::holdout
  int length() const { return length_; }

  // Fills tokens[length] and returns the variant: a pure function of seed, split and index.
  int draw(std::uint64_t seed, Split split, std::uint64_t index, std::span<int> tokens) const;

 private:
  int variants_, base_, length_;
  double count_;  // of all conditions; may be infinite
};

}  // namespace ladder::tasks
