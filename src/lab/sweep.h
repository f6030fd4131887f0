// Makes the runs of an experiment, in parallel, and keeps their results on disk.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "lab/experiment.h"
#include "lab/results.h"

namespace ladder::lab {

// Part `index` of `count` equal parts of the runs, for a sweep that is made by parts.
struct Shard {
  int index = 1, count = 1;  // 1 <= index <= count
};

struct Sweep {
  std::vector<RunRow> rows;          // in the order of the experiment
  std::vector<std::string> varying;  // the keys that it varies
  std::filesystem::path directory;   // where the results are
  int failed = 0;
};

// The runs of a shard: their numbers and settings. All are checked: throws a usage error, before
// any training, if the settings of one do not fit together. Settings that were given but have no
// effect in any run are told on `notes`.
std::vector<RunRow> planned_runs(const Experiment& experiment, Shard shard, std::ostream& notes);

// Trains them, longest first, each in one thread of `threads`; tells the progress on `progress`.
// Writes runs.csv, curves.csv and experiment.txt to the directory: whole files only, renewed while
// it works. Throws a failure before any training if that cannot be written. A run that fails
// becomes a row and is counted.
Sweep sweep(const Experiment& experiment, Shard shard, std::ostream& progress, bool terminal);

}  // namespace ladder::lab
