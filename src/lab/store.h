// A directory of results while one process works in it: the lock, the log, the tables that are made
// from it, and what is kept of unfinished runs.
//
//   runs.log, runs-2of5.log      finished runs (run_log.h): what must not be lost
//   runs.csv, curves.csv         made from all logs
//   experiment.txt               the last experiment; earlier, other ones: experiment.1.txt, ...
//   unfinished/KEY.safetensors   where a run goes on (train/checkpoint.h); KEY.csv: its curve so far
//   .lock                        who works here
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/lock.h"
#include "base/version.h"
#include "lab/run_log.h"

namespace ladder::lab {

class Store {
 public:
  enum class Old { join, move_aside };  // what is done with results that are there
  enum class Of { runs, climb };        // trainings of a climb are no sweep, nor the other way round

  // Makes the directory. Throws a failure if another process works there (parts of one sweep may
  // work at once), if a log is damaged, or if there are results without a log or of the other sort.
  Store(std::filesystem::path directory, Shard shard, Old old, std::ostream& notes, Of of = Of::runs);

  const std::filesystem::path& directory() const { return directory_; }
  const FinishedRuns& finished() const { return finished_; }

  // On disk when it returns. Tries for write_patience(); then throws a failure. `version`: of the
  // program that made the run.
  void append(const RunRow& row, const std::string& version = ladder::version());

  // runs.csv and curves.csv: the finished ones of `runs` first, with their numbers there, then all
  // others. Returns these rows.
  std::vector<RunRow> write_tables(const std::vector<RunKey>& runs);
  void write_experiment(const std::string& text);

  // While a part of a sweep holds this, no other part renews what is made from all of them.
  Lock tables_lock() const { return Lock::wait(directory_ / ".tables.lock"); }

  std::filesystem::path checkpoint(const RunKey& key) const;
  std::filesystem::path unfinished_curve(const RunKey& key) const;
  void remove_unfinished(const RunKey& key) const;
  void forget_unfinished() const;  // of all runs

 private:
  std::vector<Lock> lock();
  std::ostream& notes_;
  std::filesystem::path directory_;
  Shard shard_;
  std::vector<Lock> locks_;
  FinishedRuns finished_;
  std::vector<RunLog> log_;  // one, once the directory is known to be ours
  std::string experiment_;
};

// The results that a command would replace or mix with its own, by name; empty: none are there.
std::string results_in(const std::filesystem::path& directory);
// Moves the directory aside if it has such, and says where. Throws a failure if a process works there.
void move_results_aside(const std::filesystem::path& directory, std::ostream& notes);

// Whether the experiment.txt there is a climb's.
bool holds_climb(const std::filesystem::path& directory);

// A curve on disk while its run goes on: a row at each evaluation.
class CurveFile {
 public:
  CurveFile(std::filesystem::path path, std::size_t run) : path_(std::move(path)), run_(run) {}
  // What cannot be written is left out: the log will have it.
  void add(const std::vector<CurvePoint>& curve);

 private:
  std::filesystem::path path_;
  std::size_t run_;
  bool begun_ = false;
};

}  // namespace ladder::lab
