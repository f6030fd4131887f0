// Makes the runs of an experiment, in parallel, and keeps their results on disk.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "lab/experiment.h"
#include "lab/store.h"

namespace ladder::lab {

struct SweepOptions {
  Shard shard = {};
  Store::Old old = Store::Old::join;
  bool retry_failed = true;  // makes runs again that failed (not those that diverged)
};

struct Sweep {
  std::vector<RunRow> rows;          // of runs.csv
  std::vector<std::string> varying;  // the keys that the experiment varies
  std::filesystem::path directory;   // where the results are
  std::size_t planned = 0;           // runs of this shard
  std::size_t kept = 0, made = 0;    // of these: finished before, and now
  int failed = 0, diverged = 0;      // of these
  int threads = 1;                   // that made them
  int signal = 0;                    // that stopped it; 0: none
  std::shared_ptr<Store> store;      // keeps the directory's lock
};

// The runs of a shard: their numbers and settings. All are checked: throws a usage error, before
// any training, if the settings of one do not fit together. Runs that differ only in settings without
// effect there are one run. Settings that were given but have no effect are told on `notes`.
std::vector<RunRow> planned_runs(const Experiment& experiment, Shard shard, std::ostream& notes);

// Throws a usage error, with what differs, if a run of `runs` is one of `finished` with a setting
// changed, rather than a new seed, rung or contestant.
void require_joinable(const std::vector<RunRow>& runs, const FinishedRuns& finished);

// The number of runs at a time, at most `wanted`, that there is memory for, if each needs `memory` bytes;
// tells it on `out`. Throws a failure if one alone has too little.
int threads_for(double memory, int wanted, std::ostream& out);

// Trains those that are not finished yet, longest first, each in one thread of `threads`; tells the
// progress on `progress`. A finished run is in the log before the next one begins, and in runs.csv
// and curves.csv soon; a run that fails becomes a row and is counted. Stops at the next step when
// stop_signal() says so. Throws a failure before any training if the directory cannot be written or
// is in use, and later if a result cannot be written for write_patience().
Sweep sweep(const Experiment& experiment, const SweepOptions& options, std::ostream& progress,
            bool terminal);

}  // namespace ladder::lab
