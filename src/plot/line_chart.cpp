#include <algorithm>
#include <cmath>

#include "ladder/base/text.h"
#include "plot/chart_parts.h"

namespace ladder::plot {

namespace {

constexpr double margin = 12, label_size = 11.5, tick_size = 10;

// All measures of one picture, worked out before anything is drawn.
struct Layout {
  std::size_t columns, rows;
  double facet_width, facet_height;  // of the plotting area
  double left, top;                  // corner of the first plotting area
  double gap_x, gap_y;               // between plotting areas; gap_y holds the facets' titles
  double facet_title_size;
  double width, height;
  std::vector<std::vector<std::string>> titles;  // wrapped

  double x(std::size_t facet) const {
    return left + static_cast<double>(facet % columns) * (facet_width + gap_x);
  }
  double y(std::size_t facet) const {
    const std::size_t row = facet / columns;
    return top + static_cast<double>(row) * (facet_height + gap_y);
  }
};

// About square, with full rows where that can be had.
std::size_t chosen_columns(std::size_t facets) {
  if (facets <= 3) return std::max<std::size_t>(facets, 1);
  if (facets == 4) return 2;
  const std::size_t most = facets <= 9 ? 3 : facets <= 16 ? 4 : facets <= 25 ? 5 : 6;
  for (std::size_t columns = most; columns >= 3; --columns)
    if (facets % columns == 0) return columns;
  return most;
}

// What a title cannot be broken within: a facet should be as wide.
double widest_piece(const LineChart& chart, double size) {
  double width = 0;
  for (const Facet& facet : chart.facets)
    for (const std::string& line : wrap_text(facet.title, size, 1, 1e9))
      width = std::max(width, text_width(line, size));
  return width;
}

std::vector<const Series*> all_series(const LineChart& chart) {
  std::vector<const std::vector<Series>*> facets;
  for (const Facet& facet : chart.facets) facets.push_back(&facet.series);
  return legend_entries(facets);
}

// Whether lines are named at their ends.
bool named_directly(const LineChart& chart) { return all_series(chart).size() > longest_legend + 1; }

std::vector<const Series*> entries_of(const LineChart& chart) {
  return named_directly(chart) ? std::vector<const Series*>{} : all_series(chart);
}

constexpr double name_size = 9, name_line = 11;

double names_width(const LineChart& chart) {
  if (!named_directly(chart)) return 0;
  double width = 0;
  for (const Series* series : all_series(chart)) width = std::max(width, text_width(series->name, name_size));
  return std::min(width, 150.0) + 16;
}

// The values that an axis must show.
std::vector<double> xs(const LineChart& chart) {
  std::vector<double> values;
  for (const Facet& facet : chart.facets)
    for (const Series& series : facet.series)
      for (const Point& point : series.points) values.push_back(point.x);
  return values;
}

std::vector<double> ys(const LineChart& chart) {
  std::vector<double> values;
  for (const Facet& facet : chart.facets)
    for (const Series& series : facet.series)
      for (const Point& point : series.points)
        for (const double y : {point.y, point.low, point.high}) values.push_back(y);
  return values;
}

double widest(const std::vector<Tick>& ticks) {
  double width = 0;
  for (const Tick& tick : ticks) width = std::max(width, text_width(tick.text, tick_size));
  return width;
}

Layout laid_out(const LineChart& chart) {
  Layout at;
  const std::size_t count = std::max<std::size_t>(chart.facets.size(), 1);
  at.columns = chart.columns ? std::min(chart.columns, count) : chosen_columns(count);
  const double names = names_width(chart);
  if (names > 0) at.columns = std::min<std::size_t>(at.columns, 2);
  at.gap_x = 20 + names;
  at.width = count == 1 ? 640 : 780;
  const Scale y = fitted_scale(chart.y, ys(chart), 165, 0);
  at.left = margin + 20 + widest(fitting_ticks(chart.y, y, Along::height, tick_size)) + 8;
  const double room = at.width - at.left - margin - 6 - names + at.gap_x;
  while (at.columns > 1 && room / static_cast<double>(at.columns) - at.gap_x <
                               widest_piece(chart, 10))
    --at.columns;
  at.facet_width = room / static_cast<double>(at.columns) - at.gap_x;
  at.rows = (count + at.columns - 1) / at.columns;
  at.facet_height = count == 1 ? 300 : at.columns == 2 ? 200 : at.columns <= 3 ? 165 : 105;
  if (names > 0)
    at.facet_height = std::max(at.facet_height, name_line * static_cast<double>(all_series(chart).size()));
  at.facet_title_size = at.columns <= 3 ? 11 : 10;

  std::size_t lines = 0;
  for (const Facet& facet : chart.facets) {
    at.titles.push_back(facet.title.empty()
                            ? std::vector<std::string>{}
                            : wrap_text(facet.title, at.facet_title_size, at.facet_width));
    lines = std::max(lines, at.titles.back().size());
  }
  const double titles = static_cast<double>(lines) * (at.facet_title_size + 2.5);
  at.gap_y = titles + 14;
  at.top = margin + 22 + heading_height(chart.subtitle) + legend_height(entries_of(chart), at.width - at.left - margin) + titles + 8;
  at.height = at.top + static_cast<double>(at.rows) * (at.facet_height + at.gap_y) - at.gap_y + 46 +
              note_height(chart.note, at.width);
  return at;
}

// Runs of points that are there: a missing one interrupts its line.
std::vector<std::vector<Point>> pieces(const Series& series) {
  std::vector<std::vector<Point>> found(1);
  for (const Point& point : series.points) {
    if (std::isfinite(point.y)) found.back().push_back(point);
    else if (!found.back().empty()) found.emplace_back();
  }
  return found;
}

void draw_band(Svg& svg, const std::vector<Point>& points, std::size_t style, const Scale& x,
               const Scale& y) {
  std::vector<Place> outline, back;
  for (const Point& point : points)
    if (std::isfinite(point.low) && std::isfinite(point.high)) {
      outline.emplace_back(x(point.x), y(point.high));
      back.emplace_back(x(point.x), y(point.low));
    }
  if (outline.size() < 2) return;
  outline.insert(outline.end(), back.rbegin(), back.rend());
  svg.polygon(outline, "stroke=\"none\" fill-opacity=\"0.18\" fill=\"" +
                           std::string(series_colour(style)) + "\"");
}

void draw_whiskers(Svg& svg, const Series& series, const Scale& x, const Scale& y) {
  const std::string look = std::string("stroke-width=\"1\" stroke=\"") +
                           series_colour(series.style) + "\"";
  for (const Point& point : series.points)
    if (std::isfinite(point.y) && std::isfinite(point.low) && point.high > point.low)
      svg.line({x(point.x), y(point.low)}, {x(point.x), y(point.high)}, look);
}

void draw_markers(Svg& svg, const Series& series, std::size_t turn, const Scale& x, const Scale& y,
                  bool small) {
  // Long series carry some markers only, at other points than the series before.
  const std::size_t every = series.connected ? series.points.size() / (small ? 10 : 24) + 1 : 1;
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    const Point& point = series.points[i];
    if (!std::isfinite(point.y) || (every > 1 && (i + turn * every / 2) % every)) continue;
    const Place at{x(point.x), y(point.y)};
    const bool told = !point.about.empty() || !point.row.empty();
    if (told) svg.begin_mark(point.about, point.row);
    draw_marker(svg, at, series.style, point.hollow || point.beyond, small ? 0.8 : 1);
    if (point.beyond) draw_arrow_up(svg, at, series.style);
    if (told) svg.end_group();
  }
}

void draw_frame(Svg& svg, const Layout& at, std::size_t facet, const std::vector<Tick>& x_ticks,
                const std::vector<Tick>& y_ticks) {
  const double left = at.x(facet), top = at.y(facet), bottom = top + at.facet_height;
  for (const Tick& tick : y_ticks) {
    svg.line({left, top + tick.at}, {left + at.facet_width, top + tick.at},
             R"(stroke="#e4e4e4" stroke-width="0.8")");
    if (facet % at.columns == 0)
      svg.text({left - 6, top + tick.at + 3.5}, tick.text, {tick_size, "end"});
  }
  const bool lowest = facet + at.columns >= at.titles.size();
  for (const Tick& tick : x_ticks) {
    svg.line({left + tick.at, bottom}, {left + tick.at, bottom + 4},
             R"(stroke="#555555" stroke-width="0.8")");
    if (lowest) svg.text({left + tick.at, bottom + 15}, tick.text, {tick_size, "middle"});
  }
  svg.rectangle({left, top}, at.facet_width, at.facet_height,
                R"(fill="none" stroke="#555555" stroke-width="0.8")");
  double y = top - 5;
  for (auto line = at.titles[facet].rbegin(); line != at.titles[facet].rend(); ++line) {
    svg.text({left + 0.5 * at.facet_width, y}, *line, {at.facet_title_size, "middle"});
    y -= at.facet_title_size + 2.5;
  }
}

void draw_series(Svg& svg, const Facet& facet, const Scale& x, const Scale& y, bool small) {
  const auto begin = [&](const Series& series) {
    svg.begin_series(series.group.empty() ? series.name : series.group);
  };
  for (const Series& series : facet.series)
    if (series.connected) {
      begin(series);
      for (const auto& piece : pieces(series)) draw_band(svg, piece, series.style, x, y);
      svg.end_group();
    }
  // The dashed first series is drawn last: where lines coincide, the others show in its gaps.
  for (auto series = facet.series.rbegin(); series != facet.series.rend(); ++series) {
    begin(*series);
    if (!series->connected) draw_whiskers(svg, *series, x, y);
    for (const auto& piece : pieces(*series)) {
      std::vector<Place> places;
      for (const Point& point : piece) places.emplace_back(x(point.x), y(point.y));
      if (series->connected && places.size() > 1) svg.polyline(places, stroke(series->style));
    }
    svg.end_group();
  }
  for (std::size_t i = 0; i < facet.series.size(); ++i) {
    begin(facet.series[i]);
    draw_markers(svg, facet.series[i], i, x, y, small);
    svg.end_group();
  }
}

// At the ends of the lines, moved apart so that none covers another.
void draw_names(Svg& svg, const Facet& facet, const Scale& x, const Scale& y, double width) {
  std::vector<std::pair<double, const Series*>> ends;  // where they should stand
  for (const Series& series : facet.series)
    for (auto point = series.points.rbegin(); point != series.points.rend(); ++point)
      if (std::isfinite(point->y)) {
        ends.emplace_back(y(point->y), &series);
        break;
      }
  std::stable_sort(ends.begin(), ends.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<double> at;
  for (const auto& [wanted, series] : ends)
    at.push_back(at.empty() ? std::max(wanted, y.to + 4) : std::max(wanted, at.back() + name_line));
  double lowest = y.from + 3;
  for (std::size_t i = at.size(); i-- > 0; lowest = at[i] - name_line) at[i] = std::min(at[i], lowest);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const Series& series = *ends[i].second;
    svg.begin_series(series.group.empty() ? series.name : series.group);
    svg.line({x.to, ends[i].first}, {x.to + 8, at[i]},
             std::string("stroke-width=\"0.8\" stroke=\"") + series_colour(series.style) + "\"");
    svg.text({x.to + 10, at[i] + 3}, fit_text(series.name, name_size, width - 12),
             {name_size, "start", series_colour(series.style)});
    svg.end_group();
  }
}

}  // namespace

std::string to_svg(const LineChart& chart) {
  const Layout at = laid_out(chart);
  Svg svg(at.width, at.height, chart.title, join({chart.subtitle, chart.note}, ". "));
  const double wide = at.width - at.left - margin;
  draw_heading(svg, chart.title, chart.subtitle, {at.left, margin}, wide);
  draw_legend(svg, entries_of(chart), {at.left, margin + 20 + heading_height(chart.subtitle)}, wide);

  const Scale x = fitted_scale(chart.x, xs(chart), 0, at.facet_width);
  const Scale y = fitted_scale(chart.y, ys(chart), at.facet_height, 0);
  const auto x_ticks = fitting_ticks(chart.x, x, Along::width, tick_size);
  const auto y_ticks = fitting_ticks(chart.y, y, Along::height, tick_size);
  for (std::size_t facet = 0; facet < chart.facets.size(); ++facet) {
    draw_frame(svg, at, facet, x_ticks, y_ticks);
    Scale facet_x = x, facet_y = y;
    facet_x.from += at.x(facet), facet_x.to += at.x(facet);
    facet_y.from += at.y(facet), facet_y.to += at.y(facet);
    draw_series(svg, chart.facets[facet], facet_x, facet_y, at.columns > 3);
    if (named_directly(chart)) draw_names(svg, chart.facets[facet], facet_x, facet_y, names_width(chart));
  }

  const double bottom = at.height - note_height(chart.note, at.width);
  const double across = static_cast<double>(at.columns) * (at.facet_width + at.gap_x) - at.gap_x;
  svg.text({at.left + 0.5 * across, bottom - margin},
           fit_text(chart.x.label, label_size, across), {label_size, "middle"});
  const double down = bottom - 46 - at.top;
  svg.text({margin + 6, at.top + 0.5 * down}, fit_text(chart.y.label, label_size, down + 40),
           {label_size, "middle", "#222222", false, true});
  draw_note(svg, chart.note, at.width, at.height);
  return svg.finish();
}

}  // namespace ladder::plot
