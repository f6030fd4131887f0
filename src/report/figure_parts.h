// What the pictures of a report are put together from.
#pragma once

#include <functional>

#include "plot/chart.h"
#include "report/figures.h"

namespace ladder::report {

using namespace plot;

// More facets than this would be too small to read; the caption says what is left out.
inline constexpr std::size_t most_facets = 48;

// Some rungs, drawn in one facet.
struct Group {
  std::string title;
  std::vector<std::size_t> rungs;
};
// The rungs that agree in `keys`, in the natural order of their values. No key: one group of all.
std::vector<Group> grouped(const Analysis& analysis, const std::vector<std::string>& keys);

// Distinct values of a key, in natural order.
std::vector<std::string> values_of(const Analysis& analysis, const std::string& key);
bool numeric(const Analysis& analysis, const std::string& key);
// The rung keys without some of them.
std::vector<std::string> other_keys(const Analysis& analysis, const std::vector<std::string>& keys);

// The horizontal place of rungs.
struct Abscissa {
  ChartAxis axis;
  std::string name;  // in titles: "complexity"
  std::function<double(const Rung&)> of;
};
Abscissa complexity(const Analysis& analysis);
Abscissa setting(const Analysis& analysis, const std::string& key);

// All charts lack what they have in common: subtitle and note.
LineChart accuracy_chart(const Analysis& analysis, const Abscissa& x, std::vector<Group> groups);
LineChart steps_chart(const Analysis& analysis, const Abscissa& x, std::vector<Group> groups);

// Over the plane of two keys, one line of facets for each value of the other keys.
HeatMap accuracy_heat(const Analysis& analysis, const std::string& row_key,
                      const std::string& column_key);
HeatMap steps_heat(const Analysis& analysis, const std::string& row_key,
                   const std::string& column_key);
inline constexpr std::size_t most_heat_lines = 8;

// "nt, 12 seeds, sgd, 2000 steps": what all pictures of a report have in common.
std::string setup_of(const Analysis& analysis, const Table& runs);
// Colour, dash and marker of a contestant: dpa and ea have theirs in every report, the others by order.
std::size_t style_of(const Analysis& analysis, std::size_t contestant);
// The row of the tables that a mark shows: of a contestant at a rung, or of its difference there.
std::string row_of(const Analysis& analysis, std::size_t rung, std::size_t contestant, bool difference = false);

bool any_solved(const Analysis& analysis);

}  // namespace ladder::report
