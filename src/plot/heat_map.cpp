#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "ladder/base/text.h"
#include "plot/chart_parts.h"

namespace ladder::plot {

namespace {

constexpr double margin = 12, label_size = 11.5, facet_size = 11, cell_size = 10;
constexpr double bar_height = 9, bar_room = 40;  // the shades' bar, with its numbers and label

using Colour = std::array<double, 3>;

// Lightness falls evenly (sequential) or to both sides (diverging): anchors after ColorBrewer's
// YlGnBu and PuOr (Harrower & Brewer 2003), which are safe for colour-blind readers and in grey.
const std::vector<Colour> sequential = {{255, 255, 229}, {199, 233, 180}, {65, 182, 196},
                                        {34, 94, 168},   {8, 29, 88}};
const std::vector<Colour> diverging = {{127, 59, 8},    {224, 130, 20},  {253, 200, 130},
                                       {247, 247, 247}, {188, 183, 220}, {128, 115, 172},
                                       {45, 0, 75}};

Colour shade(const HeatFacet& facet, double share) {
  const auto& anchors = facet.shades == Shades::sequential ? sequential : diverging;
  if (facet.low_is_dark) share = 1 - share;
  const double at = std::clamp(share, 0.0, 1.0) * static_cast<double>(anchors.size() - 1);
  const std::size_t below = std::min(static_cast<std::size_t>(at), anchors.size() - 2);
  Colour colour;
  for (int i = 0; i < 3; ++i)
    colour[i] = anchors[below][i] +
                (at - static_cast<double>(below)) * (anchors[below + 1][i] - anchors[below][i]);
  return colour;
}

std::string fill(const Colour& colour) {
  char text[24];
  std::snprintf(text, sizeof text, "fill=\"#%02x%02x%02x\"", static_cast<unsigned>(std::lround(colour[0])),
                static_cast<unsigned>(std::lround(colour[1])), static_cast<unsigned>(std::lround(colour[2])));
  return text;
}

// Black or white, whichever contrasts more (WCAG 2's relative luminance, with a gamma of 2).
const char* ink_on(const Colour& c) {
  const double luminance = 0.2126 * c[0] * c[0] + 0.7152 * c[1] * c[1] + 0.0722 * c[2] * c[2];
  return luminance > 0.18 * 255 * 255 ? "#111111" : "#ffffff";
}

double widest(const std::vector<std::string>& texts, double size) {
  double width = 0;
  for (const std::string& text : texts) width = std::max(width, text_width(text, size));
  return width;
}

struct Layout {
  double cell_width, cell_height;
  double matrix_width, matrix_height;
  double row_names;     // the room that the rows' names take, left of a matrix
  double step_x, step_y;  // from one facet to the next
  double left, top;     // corner of the first matrix
  double width, height;
  std::vector<std::vector<std::string>> titles;
  bool bare;            // no texts: cells may be small
};

double text_lines(const std::vector<std::vector<std::string>>& titles) {
  std::size_t lines = 1;
  for (const auto& title : titles) lines = std::max(lines, title.size());
  return static_cast<double>(lines);
}

Layout laid_out(const HeatMap& chart) {
  Layout at;
  double cell = 0;
  at.bare = true;
  for (const HeatFacet& facet : chart.facets)
    for (const auto& row : facet.texts) {
      cell = std::max(cell, widest(row, cell_size) + 8);
      at.bare = false;
    }
  const double columns = static_cast<double>(std::max<std::size_t>(chart.columns.size(), 1));
  const double rows = static_cast<double>(std::max<std::size_t>(chart.rows.size(), 1));
  at.cell_width = at.bare ? std::clamp(260 / columns, 4.0, 20.0)
                          : std::max({cell, widest(chart.columns, cell_size) + 6, 150 / columns});
  at.cell_height = at.bare ? at.cell_width : 26;
  at.matrix_width = columns * at.cell_width;
  at.matrix_height = rows * at.cell_height;
  at.row_names = widest(chart.rows, cell_size) + 10;

  for (const HeatFacet& facet : chart.facets)
    at.titles.push_back(wrap_text(facet.title, facet_size, at.matrix_width));
  const double titles = text_lines(at.titles) * (facet_size + 3);
  const std::size_t count = std::max<std::size_t>(chart.facets.size(), 1);
  const double across = static_cast<double>(std::min(chart.across, count));
  const double down = std::ceil(static_cast<double>(count) / static_cast<double>(chart.across));
  at.step_x = at.matrix_width + at.row_names + 24;
  at.step_y = at.matrix_height + 16 + titles + 14;
  at.left = margin + 18 + at.row_names;
  at.top = margin + 26 + heading_height(chart.subtitle) + titles;
  at.width = at.left + (across - 1) * at.step_x + at.matrix_width + margin + 8;
  at.width = std::max(at.width, std::min(2 * margin + std::max(text_width(chart.title, 13), text_width(chart.subtitle, 10.5)), 780.0));
  at.height = at.top + (down - 1) * at.step_y + at.matrix_height + 16 + 20 + bar_room + margin +
              note_height(chart.note, at.width);
  return at;
}

// A cell without a value is crossed out: no shade could be mistaken for it.
void draw_empty(Svg& svg, Place corner, double width, double height) {
  const auto [x, y] = corner;
  svg.rectangle(corner, width, height, R"(fill="#ffffff" stroke="#bbbbbb" stroke-width="0.6")");
  svg.line({x, y + height}, {x + width, y}, R"(stroke="#bbbbbb" stroke-width="0.6")");
  svg.line({x, y}, {x + width, y + height}, R"(stroke="#bbbbbb" stroke-width="0.6")");
}

// Small cells without a text or a row behind them are one element for each of 64 shades: more could not
// be told apart.
void draw_matrix(Svg& svg, const HeatFacet& facet, const Layout& at, Place corner) {
  constexpr int shades = 64;
  const bool plain = at.bare && facet.rows_behind.empty();
  std::map<int, std::vector<Place>> plain_cells;  // by shade
  for (std::size_t r = 0; r < facet.values.size(); ++r)
    for (std::size_t c = 0; c < facet.values[r].size(); ++c) {
      const double x = corner.first + static_cast<double>(c) * at.cell_width;
      const double y = corner.second + static_cast<double>(r) * at.cell_height;
      const double share = (facet.values[r][c] - facet.low) / (facet.high - facet.low);
      if (std::isnan(share)) {
        if (!facet.blank) draw_empty(svg, {x, y}, at.cell_width, at.cell_height);
        continue;
      }
      if (plain) {
        plain_cells[static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * shades))].push_back({x, y});
        continue;
      }
      const Colour colour = shade(facet, share);
      const bool told = r < facet.rows_behind.size() && !facet.rows_behind[r][c].empty();
      if (told) svg.begin_mark("", facet.rows_behind[r][c]);
      svg.rectangle({x, y}, at.cell_width, at.cell_height,
                    fill(colour) + (at.bare ? "" : R"( stroke="#ffffff" stroke-width="0.8")"));
      if (!facet.texts.empty())
        svg.text({x + 0.5 * at.cell_width, y + 0.5 * at.cell_height + 3.5}, facet.texts[r][c],
                 {cell_size, "middle", ink_on(colour)});
      if (told) svg.end_group();
    }
  for (const auto& [level, places] : plain_cells)
    svg.rectangles(places, at.cell_width, at.cell_height, fill(shade(facet, level / double{shades})));
}

// Names along an edge, only as many as keep clear of each other.
void draw_names(Svg& svg, const HeatMap& chart, const Layout& at, Place corner) {
  const double gap = widest(chart.columns, cell_size) + 5;
  const auto every = [](double needed, double step) {
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(needed / step - 1e-9)));
  };
  for (std::size_t c = 0; c < chart.columns.size(); c += every(gap, at.cell_width))
    svg.text({corner.first + (static_cast<double>(c) + 0.5) * at.cell_width,
              corner.second + at.matrix_height + 13},
             chart.columns[c], {cell_size, "middle"});
  for (std::size_t r = 0; r < chart.rows.size(); r += every(1.3 * cell_size, at.cell_height))
    svg.text({corner.first - 6,
              corner.second + (static_cast<double>(r) + 0.5) * at.cell_height + 3.5},
             chart.rows[r], {cell_size, "end"});
}

void draw_bar(Svg& svg, const HeatFacet& facet, const Layout& at, Place corner) {
  const auto [x, y] = corner;
  const double width = at.matrix_width;
  constexpr int steps = 40;
  for (int i = 0; i < steps; ++i) {
    const std::string look = fill(shade(facet, (i + 0.5) / steps));
    svg.rectangle({x + width * i / steps, y}, width / steps + 0.4, bar_height,
                  look + R"( shape-rendering="crispEdges")");  // no seams
  }
  const Scale scale{facet.low, facet.high, false, 0, width};
  ChartAxis axis;
  if (facet.shades == Shades::diverging)
    axis.ticks = {facet.low, 0.5 * (facet.low + facet.high), facet.high};
  for (const Tick& tick : fitting_ticks(axis, scale, Along::width, cell_size))
    svg.text({x + tick.at, y + bar_height + 11}, tick.text, {cell_size, "middle"});
  svg.text({x + 0.5 * width, y + bar_height + 26},
           fit_text(facet.scale_label, cell_size, width + at.row_names), {cell_size, "middle"});
}

}  // namespace

std::string to_svg(const HeatMap& chart) {
  const Layout at = laid_out(chart);
  Svg svg(at.width, at.height, chart.title, join({chart.subtitle, chart.note}, ". "));
  draw_heading(svg, chart.title, chart.subtitle, {margin, margin}, at.width - 2 * margin);
  for (std::size_t i = 0; i < chart.facets.size(); ++i) {
    const std::size_t column = i % chart.across, row = i / chart.across;
    const Place corner{at.left + static_cast<double>(column) * at.step_x, at.top + static_cast<double>(row) * at.step_y};
    double y = corner.second - 6;
    for (auto line = at.titles[i].rbegin(); line != at.titles[i].rend(); ++line) {
      svg.text({corner.first + 0.5 * at.matrix_width, y}, *line, {facet_size, "middle"});
      y -= facet_size + 3;
    }
    draw_matrix(svg, chart.facets[i], at, corner);
    draw_names(svg, chart, at, corner);
    if (i % chart.across == 0)
      svg.text({margin + 8, corner.second + 0.5 * at.matrix_height},
               fit_text(chart.row_label, label_size, at.step_y - 10),
               {label_size, "middle", "#222222", false, true});
    if (i + chart.across < chart.facets.size()) continue;
    // The lowest of its column.
    const double below = corner.second + at.matrix_height + 31;
    svg.text({corner.first + 0.5 * at.matrix_width, below},
             fit_text(chart.column_label, label_size, at.matrix_width + at.row_names),
             {label_size, "middle"});
    draw_bar(svg, chart.facets[i], at, {corner.first, below + 12});
  }
  draw_note(svg, chart.note, at.width, at.height);
  return svg.finish();
}

}  // namespace ladder::plot
