// The pictures of a report: which ones there are follows from which settings vary.
#pragma once

#include <string>
#include <vector>

#include "base/table.h"
#include "statistics/analysis.h"

namespace ladder::report {

using namespace statistics;

struct Picture {
  std::string name;     // of its file, without .svg
  std::string caption;  // what is drawn and how it was worked out
  std::string svg;
  std::string fold = {};  // on the page: folded away under this heading; empty: shown
};

// Where there is a ladder: accuracy and steps to solve against complexity, a facet for each value of
// the first setting that it depends on. Where two settings span
// a plane (base and delay; else the first two numeric ones): heat maps. Where a single number
// varies: lines against it. Where several settings vary: the mean difference by the value of each.
// Always: every rung's accuracy and difference as dots, and the learning curves. `curves`: columns
// run, step, accuracy, with the numbers of the runs analysed; may have no rows. `against`, if not
// empty: a measured column of `runs` to draw all rungs against.
std::vector<Picture> make_pictures(const Analysis& analysis, const Table& runs, const Table& curves,
                                   const std::string& against);

}  // namespace ladder::report
