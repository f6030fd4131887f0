// Pictures of numbers as self-contained SVG. Series differ in colour, dash and marker at once, so
// they are told apart in print without colour and by colour-blind readers; shades of heat maps are
// ordered by lightness and the values stand in the cells. Text never overlaps text.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace ladder::plot {

inline constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

struct ChartAxis {
  std::string label;  // with its unit: "complexity (bits)"
  bool logarithmic = false;              // values must then be > 0
  std::optional<double> low = {}, high = {};  // else: what the data need
  std::vector<double> ticks = {};        // candidates; else: round numbers. Drawn where they fit
};

struct Point {
  double x, y;  // a point whose y is NaN is left out
  double low = no_value, high = no_value;  // the interval; NaN: none
  bool hollow = false;  // an unfilled marker: what it means is up to the caption
  bool beyond = false;  // an arrow up: the value is known to exceed y only. Hollow as well
  std::string about = {};  // told when the mark is pointed at
  std::string row = {};    // the row of a table that it shows
};

struct Series {
  std::string name;       // in the legend; the same name is the same series in every facet
  std::size_t style = 0;  // colour, dash and marker; reference_style: thin grey dots, no marker
  std::vector<Point> points = {};
  bool connected = true;
  std::string group = {};  // what it is switched on and off with; empty: its name
};
inline constexpr std::size_t reference_style = static_cast<std::size_t>(-1);
// With more series than this, each is named beside its line or mark: nobody reads a longer legend.
inline constexpr std::size_t longest_legend = 7;

struct Facet {
  std::string title;
  std::vector<Series> series = {};
};

// Facets with common axes. Intervals are bands around lines, whiskers at unconnected points.
struct LineChart {
  std::string title;
  std::string subtitle = {}, note = {};  // what was measured; what bands and marks mean
  ChartAxis x, y;
  std::vector<Facet> facets;
  std::size_t columns = 0;  // of facets; 0: chosen
};
std::string to_svg(const LineChart& chart);

enum class Shades { sequential /* light to dark */, diverging /* white in the middle */ };

struct HeatFacet {
  std::string title;
  std::vector<std::vector<double>> values = {};      // [row][column]; NaN: no value, see below
  std::vector<std::vector<std::string>> texts = {};  // in the cells; empty: the cells stay bare
  Shades shades = Shades::sequential;
  double low = 0, high = 1;   // values beyond are drawn as the end shades
  std::string scale_label = {};  // what the shades mean, with its unit
  bool low_is_dark = false;  // of sequential shades: dark is good
  std::vector<std::vector<std::string>> rows_behind = {};  // as texts: names of rows of a table
  bool blank = false;  // a cell without a value stays blank, instead of being crossed out
};

// Facets of one matrix shape. The first row is drawn at the top.
struct HeatMap {
  std::string title;
  std::string subtitle = {}, note = {};
  std::string row_label, column_label;
  std::vector<std::string> rows, columns;
  std::vector<HeatFacet> facets;
  std::size_t across = 1;  // facets beside each other; facets below each other share their shades
};
std::string to_svg(const HeatMap& chart);

// Categories down the page; each facet has a horizontal axis of its own and shows each series'
// value with whiskers in each category. points[i] of a series belongs to category i: its x is
// the value, low and high its interval, y is ignored (NaN x: left out).
struct DotFacet {
  ChartAxis axis;
  std::vector<Series> series = {};
  std::optional<double> reference = {};  // a vertical line
};
struct DotChart {
  std::string title;
  std::string subtitle = {}, note = {};
  std::string category_label;
  std::vector<std::string> categories;
  std::vector<DotFacet> facets;
};
std::string to_svg(const DotChart& chart);

// Round numbers 1, 2 or 5 times a power of ten within [low, high], at most `most` of them (>= 2).
std::vector<double> linear_ticks(double low, double high, std::size_t most);
// Powers of ten, or 1, 2, 5 times them, or powers of two where the range is short.
std::vector<double> logarithmic_ticks(double low, double high);
std::string tick_text(double value);

}  // namespace ladder::plot
