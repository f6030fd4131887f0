// The picture of a climb: contestants across, rungs up.
#pragma once

#include <string>
#include <vector>

#include "statistics/statistics.h"

namespace ladder::climb {

struct Bar {
  double share = statistics::not_defined;  // NaN: not tried
  statistics::Interval interval = {};
  bool hollow = false;  // not tried on fresh seeds
};

struct Column {
  std::string name;
  int frontier = -1;      // row
  std::vector<Bar> bars;  // by rung
};

// SVG. `rungs` from the lowest to the highest.
std::string draw(const std::string& title, const std::string& subtitle, const std::string& caption,
                 const std::vector<std::string>& rungs, const std::vector<Column>& columns);

}  // namespace ladder::climb
