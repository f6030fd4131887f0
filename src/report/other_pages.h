// Pages of directories that hold no sweep, and the index over several.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ladder::report {

// Whether the directory has bench.csv or geometry.csv.
bool has_other_results(const std::filesystem::path& directory);

// report.html of such a directory: its tables, pictures and texts. Throws a failure.
void write_other_page(const std::filesystem::path& directory);

struct IndexEntry {
  std::filesystem::path directory;
  std::vector<std::string> findings;
};
// index.html in `folder`, with a link to each report and what it found. Throws a failure.
void write_index(const std::filesystem::path& folder, const std::vector<IndexEntry>& entries);

}  // namespace ladder::report
