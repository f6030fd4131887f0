// Results of several directories: the parts of one sweep, or several sweeps.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "lab/store.h"

namespace ladder::lab {

struct Merged {
  std::filesystem::path directory;
  std::size_t added = 0;             // runs that were not there before
  std::size_t runs = 0;              // all of them
  std::vector<std::string> missing;  // runs of the experiments that no directory has: "run 5, seed 3"
  int failed = 0;                    // runs that were not made for want of memory, ...
};

// Joins them in `out`, beside what is there. Rows are numbered as in the experiments; so the parts of
// a sweep give the files of the whole. Throws a failure that names both places if two directories
// have a run with other numbers. If stop_signal() says so it ends with what it has added till then.
Merged merge(const std::vector<std::filesystem::path>& directories, const std::filesystem::path& out,
             Store::Old old, std::ostream& notes);

// The runs of a directory without a log (an older version's), with the version that its provenance
// tells; of one with logs, these.
FinishedRuns read_results(const std::filesystem::path& directory, std::ostream& notes);

// "version X on machine Y", of all that provenance.txt beside the file tells; empty: it tells nothing.
std::string made_by(const std::filesystem::path& directory);

}  // namespace ladder::lab
