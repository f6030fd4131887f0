// What the kinds of charts have in common: scales, ticks, and the looks of a series.
#pragma once

#include <string>
#include <vector>

#include "plot/chart.h"
#include "plot/svg.h"

namespace ladder::plot {

// From values to user units.
struct Scale {
  double low, high;
  bool logarithmic;
  double from, to;
  double operator()(double value) const;  // values beyond the range are drawn at its end
};

// Room for all of `values` and the axis' own limits.
Scale fitted_scale(const ChartAxis& axis, const std::vector<double>& values, double from, double to);

struct Tick {
  double at;  // user units
  std::string text;
};
// As many labels as fit; `along` says what of a label lies along the axis: its width or its height.
enum class Along { width, height };
std::vector<Tick> fitting_ticks(const ChartAxis& axis, const Scale& scale, Along along, double size);

// The looks. Colours: Okabe & Ito 2008, Color universal design; the yellow is left out, being too
// light for lines.
const char* series_colour(std::size_t style);
std::string stroke(std::size_t style);  // line attributes
void draw_marker(Svg& svg, Place at, std::size_t style, bool hollow, double scale = 1);
void draw_arrow_up(Svg& svg, Place at, std::size_t style);

// The title, the subtitle, and the note at the lower edge.
double heading_height(const std::string& subtitle);
double note_height(const std::string& note, double width);
void draw_heading(Svg& svg, const std::string& title, const std::string& subtitle, Place corner,
                  double width);
void draw_note(Svg& svg, const std::string& note, double width, double height);

// Every series once, by name, in the order of appearance.
std::vector<const Series*> legend_entries(const std::vector<const std::vector<Series>*>& facets);
// Draws the entries side by side, wrapped at `width`, from `top` down. Returns the height used.
double draw_legend(Svg& svg, const std::vector<const Series*>& entries, Place top_left,
                   double width);
double legend_height(const std::vector<const Series*>& entries, double width);

}  // namespace ladder::plot
