// The report beside the results of a sweep.
#pragma once

#include <filesystem>
#include <string>

namespace ladder::cli {

// Writes what `ladder report` makes of the directory, and takes away the pictures of an earlier report
// that are not in this one. Returns the headline. Throws a failure.
std::string write_sweep_report(const std::filesystem::path& directory, const std::string& title);

}  // namespace ladder::cli
