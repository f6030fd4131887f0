// What a climb is about, from its file: an experiment file with three kinds of lines more.
//
//   contestants: score = dpa ea                      what is compared; several lines: all of them
//   contestants: (mixer, kernel) = (linear, elu)
//   rungs: (base, delay) = (8, 8) (8, 16)            from the lowest to the highest
//   search: learning_rate = 3e-4..3e-2 log           recipes to choose from (space.h)
//
// All else has one value. `steps` are those of a whole training; a rung may have its own.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "climb/policy.h"
#include "climb/space.h"
#include "lab/experiment.h"

namespace ladder::climb {

struct Plan {
  std::string name;  // the file's, without folder and ending
  Assignments common;  // what the file and the flags set for all
  Settings base;       // the same, not resolved
  std::vector<Assignments> contestants, rungs, recipes;
  Space space;
  Rules rules;
  bool extend = true;
  std::vector<std::pair<int, int>> pairs;  // of contestants
  std::uint64_t first_seed = 0;  // of tuning seeds
  std::set<std::string> notes;  // for the user: what has no effect

  std::string contestant_name(int contestant) const;  // "ea", "ea window"
  std::string rung_name(int rung) const;              // "base 8, delay 12"
  // By number: of `recipes`, or one that lies beyond one of them (space.h), numbered behind them.
  Assignments recipe(int number) const;
  std::vector<int> beyond(int recipe) const;
  std::string edges_of(int recipe) const;  // what it says for people; empty: it lies within
  Settings settings(const Trial& trial) const;        // of the training, resolved
  std::filesystem::path directory() const;  // of the results
  std::string resolved() const;  // the text of a file without includes that means the same
};

// Throws a usage error, led by file:line, for whatever does not belong or cannot be trained.
Plan read_plan(const std::filesystem::path& path, const std::vector<lab::Override>& flags);

}  // namespace ladder::climb
