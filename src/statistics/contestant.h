// The contestant of a run: what the program compares.
#pragma once

#include <string>
#include <vector>

#include "base/table.h"

namespace ladder::statistics {

// The columns of runs.csv that make a contestant; a file may lack some of them.
inline constexpr const char* contestant_columns[] = {"mixer", "score", "pattern"};

struct Contestants {
  Table runs;                       // with the column `contestant`, before the results
  std::vector<std::string> columns;  // that are told by the contestant's name
};

// Names the contestant of every run from mixer, score and pattern: "ea", "ea window", "cosformer".
// A setting that only some contestants have, and that one of them has in several values, belongs to
// the name, too: "ea window 4", "ea window 8". Throws a failure if there is no column to name it from.
Contestants name_contestants(const Table& runs, const std::string& first_result_column);

}  // namespace ladder::statistics
