// What is compared: a contestant is what a model mixes tokens with, and is known by a few words.
#pragma once

#include <string>
#include <vector>

#include "base/table.h"

namespace ladder::statistics {

// "ea", "ea window", "cosformer". The usual mixer and pattern, or none, are not said.
std::string contestant_name(const std::string& mixer, const std::string& score,
                            const std::string& pattern);

// The contestant of each row: its column `contestant` if there is one, else named by what varies
// among the columns mixer, score and pattern. An empty cell is a setting that does not apply; a
// column that is not there (older files) holds what is usual.
std::vector<std::string> contestants(const Table& table);

// Whether a column of runs.csv has its part in the contestant's name already.
bool names_contestant(const std::string& column);

}  // namespace ladder::statistics
