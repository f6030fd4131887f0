// Pages of directories that hold no sweep, and the index over several.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ladder::report {

enum class Results { none, sweep, climb, other };  // other: bench, geometry, replay, simulation
Results results_of(const std::filesystem::path& directory);

// The directory if it has results of its own; else its subfolders that have some, and theirs, by name.
std::vector<std::filesystem::path> result_directories(const std::filesystem::path& directory);

// report.html, in `out`, of a directory with other results: its tables, pictures and texts. Throws a failure.
void write_other_page(const std::filesystem::path& directory, const std::filesystem::path& out);

// What a climb has found, a sentence a verdict. Its page is its own: climb.html. Throws a failure if that
// is not there.
std::vector<std::string> climb_findings(const std::filesystem::path& directory);

struct IndexEntry {
  std::filesystem::path directory;
  std::vector<std::string> findings;
  std::string page = "report.html";
};
// index.html in `folder`, with a link to each report and what it found. Throws a failure.
void write_index(const std::filesystem::path& folder, const std::vector<IndexEntry>& entries);

}  // namespace ladder::report
