// The random part of a task's sequence, and its hold-out: evaluation starts from conditions that
// training never starts from.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ladder/base/random.h"
#include "ladder/tasks/task.h"

namespace ladder::tasks {

// The random numbers of one sequence, drawn in turn.
class Draws {
 public:
  Draws(std::uint64_t seed, Split split, std::uint64_t index);

  Split split() const { return split_; }
  std::uint64_t bits() { return random_.bits(index_, next_++); }
  double uniform() { return random_.uniform(index_, next_++); }  // on [0, 1)
  int below(int count) { return random_.below(count, index_, next_++); }  // on {0 .. count-1}

 private:
  Random random_;
  Split split_;
  std::uint64_t index_;
  std::uint32_t next_ = 0;
};

// A hash, the same for every seed, gives one condition in eight to evaluation and the others to
// training. Below `enough` conditions nothing is held out: too few would be left on either side.
class HoldOut {
 public:
  static constexpr int enough = 512;

  explicit HoldOut(double conditions) : conditions_(conditions) {}  // how many; may be infinite

  std::string words() const;  // as Task::holdout
  // Whether a sequence of the split may have this condition; if not, draw another.
  bool admits(Split split, int variant, std::span<const int> tokens) const;

 private:
  double conditions_;
};

// An initial condition is one of `variants` rules and `length` tokens in 0 .. base-1, all uniform.
class InitialConditions {
 public:
  InitialConditions(int variants, int base, int length);

  std::string holdout() const { return hold_out_.words(); }
  int length() const { return length_; }

  // Fills tokens[length] and returns the variant.
  int draw(Draws& draws, std::span<int> tokens) const;

 private:
  int variants_, base_, length_;
  HoldOut hold_out_;
};

}  // namespace ladder::tasks
