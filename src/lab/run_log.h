// The log of finished runs: what must not be lost. runs.csv and curves.csv are made from it.
//
// A line a run, written at once and forced to the disk before the next run begins:
//
//   ladder1 CRC32 name=value TAB name=value ...
//
// CRC32: 8 hexadecimal digits, of all behind the space after them. The names are `run` (its number),
// the settings that it depends on, the results (as in runs.csv; empty ones are left out), `version`,
// the program's, and `curve`, "step:loss:accuracy ...". In values \t, \n, \r, \\ stand for those.
//
// A last line that has no end, or holds zero bytes, was being written when the power went: it is
// dropped and told. Whatever else is not as above is an error that names the line.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "lab/results.h"

namespace ladder::lab {

// Part `index` of `count` equal parts of the runs, for a sweep that is made by parts.
struct Shard {
  int index = 1, count = 1;  // 1 <= index <= count
};

struct LoggedRun {
  RunRow row;
  std::string version, place;  // of the program; "data/quick/runs.log:3"
};

// The line, with its end.
std::string sealed(const std::string& text);  // "ladder1 CRC32 TEXT"
std::string log_line(const RunRow& row, const std::string& version);

struct LogContent {
  std::vector<LoggedRun> runs;
  std::size_t sound = 0;  // bytes of whole lines
  std::string torn;       // what was dropped behind them, told to people; empty: nothing
};
// Throws a failure "ORIGIN:line: ...".
LogContent parse_log(std::string_view text, const std::string& origin);

// Runs by their key. Of one that failed and was made again, the later counts.
class FinishedRuns {
 public:
  // Throws a failure if it is there with other numbers: both cannot be right.
  void add(LoggedRun run);
  const LoggedRun* find(const RunKey& key) const;
  std::size_t size() const { return runs_.size(); }
  std::vector<const LoggedRun*> all() const;  // by number, then by key

 private:
  std::map<RunKey, LoggedRun> runs_;
};

// All logs of a directory, and what was dropped, told on `notes`.
FinishedRuns read_logs(const std::filesystem::path& directory, std::ostream& notes);
bool has_logs(const std::filesystem::path& directory);

// Appends to one log of a directory.
class RunLog {
 public:
  // Makes the file if need be; takes a torn last line away.
  RunLog(const std::filesystem::path& directory, Shard shard);

  // On disk when it returns. Throws a failure; the file is then as before. A directory that has
  // vanished is made again, with all that was appended to or read from this log.
  void append(const RunRow& row, const std::string& version);

  const std::filesystem::path& path() const { return path_; }

 private:
  void open(int flags);
  bool vanished() const;
  void write(std::string_view text);

  std::filesystem::path path_;
  Descriptor file_;
  std::string content_;  // of the file, whole lines
};

}  // namespace ladder::lab
