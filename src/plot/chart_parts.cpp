#include "plot/chart_parts.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ladder/base/text.h"

namespace ladder::plot {

double Scale::operator()(double value) const {
  value = std::clamp(value, low, high);
  const double share = logarithmic ? std::log(value / low) / std::log(high / low)
                                   : (value - low) / (high - low);
  return from + share * (to - from);
}

Scale fitted_scale(const ChartAxis& axis, const std::vector<double>& values, double from, double to) {
  double low = INFINITY, high = -INFINITY;
  for (const double value : values)
    if (std::isfinite(value) && (!axis.logarithmic || value > 0)) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  if (low > high) low = high = 1;  // no data
  // Room around the data, and a range even if they are all equal.
  const double spread = low == 0 ? 1 : 0.1 * std::fabs(low);
  const double room = high == low ? spread : 0.04 * (high - low);
  const double factor = high == low ? 1.5 : std::pow(high / low, 0.04);
  Scale scale{axis.logarithmic ? low / factor : low - room,
              axis.logarithmic ? high * factor : high + room, axis.logarithmic, from, to};
  if (axis.low) scale.low = *axis.low;
  if (axis.high) scale.high = *axis.high;
  if (!(scale.high > scale.low)) scale.high = scale.low + 1;
  return scale;
}

std::string tick_text(double value) {
  if (std::fabs(value) >= 1e-4) value = std::round(value * 1e9) / 1e9;
  if (value == 0) return "0";
  const bool plain = std::fabs(value) < 1e6 && std::fabs(value) >= 1e-4;
  std::string text = plain && value == std::round(value) ? fixed(std::fabs(value), 0)
                                                         : to_text(std::fabs(value));
  return (value < 0 ? "−" : "") + text;
}

std::vector<double> linear_ticks(double low, double high, std::size_t most) {
  const double slack = 1e-9 * (high - low);
  double unit = std::pow(10.0, std::floor(std::log10((high - low) / 50)));
  while (true) {
    for (const double step : {unit, 2 * unit, 5 * unit}) {
      const double first = std::ceil((low - slack) / step);
      const double last = std::floor((high + slack) / step);
      if (last - first + 1 > static_cast<double>(std::max<std::size_t>(most, 2))) continue;
      std::vector<double> ticks;
      for (double i = first; i <= last; ++i) ticks.push_back(i * step);
      return ticks;
    }
    unit *= 10;
  }
}

std::vector<double> logarithmic_ticks(double low, double high) {
  std::vector<double> ticks;
  const double range = high / low, slack = 1 + 1e-9;
  if (range <= 64) {
    double tick = std::exp2(std::ceil(std::log2(low / slack)));
    for (; tick <= high * slack; tick *= 2) ticks.push_back(tick);
    return ticks;
  }
  const int first = static_cast<int>(std::floor(std::log10(low)));
  for (int power = first; std::pow(10.0, power) <= high * slack; ++power)
    for (const double step : {1.0, 2.0, 5.0}) {
      const double tick = step * std::pow(10.0, power);
      if (tick * slack >= low && tick <= high * slack && (step == 1 || range <= 1000))
        ticks.push_back(tick);
    }
  return ticks;
}

static double extent(const std::string& text, Along along, double size) {
  return along == Along::width ? text_width(text, size) + 6 : 1.5 * size;
}

// The labels from the first on that keep clear of the one before.
static std::vector<Tick> thinned(const std::vector<double>& values, const Scale& scale,
                                 Along along, double size) {
  std::vector<Tick> ticks;
  const double slack = 1e-9 * (scale.high - scale.low);
  for (const double value : values) {
    if (!(value >= scale.low - slack && value <= scale.high + slack)) continue;
    Tick tick{scale(value), tick_text(value)};
    const bool clear =
        ticks.empty() || std::fabs(tick.at - ticks.back().at) >=
                             0.5 * (extent(tick.text, along, size) +
                                    extent(ticks.back().text, along, size));
    if (clear) ticks.push_back(std::move(tick));
  }
  return ticks;
}

std::vector<Tick> fitting_ticks(const ChartAxis& axis, const Scale& scale, Along along, double size) {
  if (!axis.ticks.empty()) return thinned(axis.ticks, scale, along, size);
  if (axis.logarithmic)
    return thinned(logarithmic_ticks(scale.low, scale.high), scale, along, size);
  // Fewer and fewer round numbers, until thinning has nothing left to do: even steps look best.
  for (std::size_t most = 8; most > 2; --most) {
    const auto values = linear_ticks(scale.low, scale.high, most);
    auto ticks = thinned(values, scale, along, size);
    if (ticks.size() == values.size()) return ticks;
  }
  return thinned(linear_ticks(scale.low, scale.high, 2), scale, along, size);
}

static constexpr std::array colours = {"#D55E00", "#0072B2", "#009E73", "#CC79A7",
                                       "#E69F00", "#56B4E9", "#000000"};
static constexpr std::array dashes = {"7 3", "", "2 2.5", "9 3 2 3", "12 3", "5 2 1 2 1 2", "1 3"};

const char* series_colour(std::size_t style) {
  return style == reference_style ? "#777777" : colours[style % colours.size()];
}

// Beyond the last colour, colours come again with other dashes and shapes.
static std::size_t shifted(std::size_t style, std::size_t by) {
  return style + by * (style / colours.size());
}

std::string stroke(std::size_t style) {
  const std::string dash =
      style == reference_style ? "1.5 3" : dashes[shifted(style, 1) % dashes.size()];
  return std::string("fill=\"none\" stroke-linejoin=\"round\" stroke=\"") + series_colour(style) +
         "\" stroke-width=\"" + (style == reference_style ? "1.2" : "1.8") + "\"" +
         (dash.empty() ? "" : " stroke-dasharray=\"" + dash + "\"");
}

// A regular shape by its corners' directions in units of the radius.
static std::vector<Place> shape(Place at, double radius, std::size_t style) {
  static const std::vector<std::vector<Place>> shapes = {
      {{-0.9, -0.9}, {0.9, -0.9}, {0.9, 0.9}, {-0.9, 0.9}},     // square
      {},                                                       // circle
      {{0, -1.15}, {1.1, 0.85}, {-1.1, 0.85}},                  // triangle
      {{0, -1.3}, {1.3, 0}, {0, 1.3}, {-1.3, 0}},               // diamond
      {{0, 1.15}, {1.1, -0.85}, {-1.1, -0.85}},                 // triangle, down
      {{-0.4, -1.2}, {0.4, -1.2}, {0.4, -0.4}, {1.2, -0.4}, {1.2, 0.4}, {0.4, 0.4},
       {0.4, 1.2}, {-0.4, 1.2}, {-0.4, 0.4}, {-1.2, 0.4}, {-1.2, -0.4}, {-0.4, -0.4}},  // plus
      {{0, -1.2}, {1.15, -0.35}, {0.7, 1}, {-0.7, 1}, {-1.15, -0.35}}};                 // pentagon
  std::vector<Place> corners;
  for (const auto& [x, y] : shapes[shifted(style, 3) % shapes.size()])
    corners.emplace_back(at.first + radius * x, at.second + radius * y);
  return corners;
}

void draw_marker(Svg& svg, Place at, std::size_t style, bool hollow, double scale) {
  if (style == reference_style) return;
  const double radius = scale * (style == 0 ? 3.6 : 3.1);  // the first lies under the others
  const std::string colour = series_colour(style);
  const std::string look = "fill=\"" + (hollow ? "#ffffff" : colour) + "\" stroke=\"" +
                           (hollow ? colour : "#ffffff") + "\" stroke-width=\"" +
                           (hollow ? "1.4" : "0.5") + "\"";
  const auto corners = shape(at, radius, style);
  if (corners.empty()) return svg.circle(at, radius, look);
  svg.polygon(corners, look);
}

void draw_arrow_up(Svg& svg, Place at, std::size_t style) {
  const std::string look = std::string("stroke-width=\"1.4\" fill=\"none\" stroke=\"") +
                           series_colour(style) + "\"";
  const auto [x, y] = at;
  svg.line({x, y - 4}, {x, y - 11}, look);
  svg.polyline({{x - 2.5, y - 8}, {x, y - 11}, {x + 2.5, y - 8}}, look);
}

// ---- around the picture ----

static constexpr double title_size = 13, subtitle_size = 10.5, note_size = 9, note_line = 12;

static std::vector<std::string> note_lines(const std::string& note, double width) {
  std::vector<std::string> lines;
  for (const std::string& word : split_words(note)) {
    if (lines.empty() || text_width(lines.back() + " " + word, note_size) > width) lines.push_back(word);
    else lines.back() += " " + word;
  }
  return lines;
}

double heading_height(const std::string& subtitle) { return subtitle.empty() ? 0 : 15; }

double note_height(const std::string& note, double width) {
  const auto lines = note_lines(note, width - 24);
  return lines.empty() ? 0 : static_cast<double>(lines.size()) * note_line + 8;
}

void draw_heading(Svg& svg, const std::string& title, const std::string& subtitle, Place corner,
                  double width) {
  const auto [x, y] = corner;
  svg.text({x, y + 10}, fit_text(title, title_size, width), {title_size, "start", "#000000", true});
  if (!subtitle.empty())
    svg.text({x, y + 25}, fit_text(subtitle, subtitle_size, width), {subtitle_size, "start", "#444444"});
}

void draw_note(Svg& svg, const std::string& note, double width, double height) {
  double y = height - note_height(note, width) + note_line;
  for (const std::string& line : note_lines(note, width - 24)) {
    svg.text({12, y}, line, {note_size, "start", "#444444"});
    y += note_line;
  }
}

std::vector<const Series*> legend_entries(const std::vector<const std::vector<Series>*>& facets) {
  std::vector<const Series*> entries;
  for (const auto* facet : facets)
    for (const Series& series : *facet)
      if (!series.name.empty() &&
          std::none_of(entries.begin(), entries.end(),
                       [&](const Series* entry) { return entry->name == series.name; }))
        entries.push_back(&series);
  return entries;
}

static constexpr double legend_size = 11, legend_line = 18, legend_sample = 32;

static double entry_width(const Series& series, double width) {
  return legend_sample + std::min(text_width(series.name, legend_size), width - legend_sample) + 18;
}

// Where each entry starts, relative to the legend's corner.
static std::vector<Place> legend_places(const std::vector<const Series*>& entries, double width) {
  std::vector<Place> places;
  double x = 0, y = 0;
  for (const Series* entry : entries) {
    const double wide = entry_width(*entry, width);
    if (x > 0 && x + wide > width + 18) {
      x = 0;
      y += legend_line;
    }
    places.emplace_back(x, y);
    x += wide;
  }
  return places;
}

double legend_height(const std::vector<const Series*>& entries, double width) {
  return entries.empty() ? 0 : legend_places(entries, width).back().second + legend_line;
}

double draw_legend(Svg& svg, const std::vector<const Series*>& entries, Place top_left,
                   double width) {
  const auto places = legend_places(entries, width);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Series& entry = *entries[i];
    const double x = top_left.first + places[i].first;
    const double y = top_left.second + places[i].second + 0.5 * legend_line;
    svg.begin_series(entry.group.empty() ? entry.name : entry.group);
    if (entry.connected) svg.line({x, y}, {x + 26, y}, stroke(entry.style));
    draw_marker(svg, {x + 13, y}, entry.style, false);
    svg.text({x + legend_sample, y + 4},
             fit_text(entry.name, legend_size, width - legend_sample), {legend_size});
    svg.end_group();
  }
  return legend_height(entries, width);
}

}  // namespace ladder::plot
