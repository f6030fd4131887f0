// What a climb has found, as tables, in words and as a picture. The same climb gives the same bytes.
#pragma once

#include <filesystem>
#include <string>

#include "base/table.h"
#include "climb/live.h"

namespace ladder::climb {

struct ClimbReport {
  // climb: a row a contestant; rungs: a row a contestant and rung that was searched; pairs: a row a
  // pair. Undefined values are empty.
  Table climb, rungs, pairs;
  std::string words;    // for a terminal
  std::string picture;  // SVG
  std::string page;     // HTML that needs nothing else
};

ClimbReport make_report(const Plan& plan, const Contest& contest, const Ground& ground, bool finished);

// climb.csv, rungs.csv, pairs.csv, climb.svg, climb.html. Throws a failure.
void write_report(const ClimbReport& report, const std::filesystem::path& directory);

}  // namespace ladder::climb
