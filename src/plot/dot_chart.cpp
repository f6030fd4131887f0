#include <algorithm>
#include <cmath>

#include "ladder/base/text.h"
#include "plot/chart_parts.h"

namespace ladder::plot {

namespace {

constexpr double margin = 12, label_size = 11.5, tick_size = 10, name_size = 10;
constexpr double facet_gap = 22, widest_name = 330;

struct Layout {
  double names;       // width of the categories' names
  double facet_width;
  double row;         // height of a category
  double left, top, width, height;
  double rows_height;

  double x(std::size_t facet) const {
    return left + static_cast<double>(facet) * (facet_width + facet_gap);
  }
};

std::vector<const Series*> all_series(const DotChart& chart) {
  std::vector<const std::vector<Series>*> facets;
  for (const DotFacet& facet : chart.facets) facets.push_back(&facet.series);
  return legend_entries(facets);
}

// Whether marks are named beside them.
bool named_directly(const DotChart& chart) {
  return std::any_of(chart.facets.begin(), chart.facets.end(),
                     [](const DotFacet& facet) { return facet.series.size() > longest_legend; });
}

std::vector<const Series*> entries_of(const DotChart& chart) {
  return named_directly(chart) ? std::vector<const Series*>{} : all_series(chart);
}

constexpr double mark_name_size = 8;
double names_width(const DotChart& chart) {
  if (!named_directly(chart)) return 0;
  double width = 0;
  for (const Series* series : all_series(chart))
    width = std::max(width, text_width(series->name, mark_name_size));
  return std::min(width, 130.0) + 8;
}

Layout laid_out(const DotChart& chart) {
  Layout at;
  at.names = 40;
  for (const std::string& name : chart.categories)
    at.names = std::max(at.names, text_width(name, name_size));
  at.names = std::min(at.names, widest_name);
  std::size_t most = 1;
  for (const DotFacet& facet : chart.facets) most = std::max(most, facet.series.size());
  at.row = 9 + (named_directly(chart) ? 10 : 8) * static_cast<double>(most);
  at.width = 780;
  at.left = margin + at.names + 12;
  const double facets = static_cast<double>(std::max<std::size_t>(chart.facets.size(), 1));
  at.facet_width = (at.width - at.left - margin - 6 - facet_gap * (facets - 1)) / facets;
  at.top = margin + 24 + heading_height(chart.subtitle) +
           legend_height(entries_of(chart), at.width - 2 * margin) + 18 + 16;
  at.rows_height = at.row * static_cast<double>(chart.categories.size());
  at.height = at.top + at.rows_height + 44 + note_height(chart.note, at.width);
  return at;
}

std::vector<double> shown(const DotFacet& facet) {
  std::vector<double> values;
  for (const Series& series : facet.series)
    for (const Point& point : series.points)
      for (const double x : {point.x, point.low, point.high}) values.push_back(x);
  if (facet.reference) values.push_back(*facet.reference);
  return values;
}

void draw_rows(Svg& svg, const DotChart& chart, const Layout& at) {
  for (std::size_t i = 0; i < chart.categories.size(); ++i) {
    const double top = at.top + static_cast<double>(i) * at.row;
    if (i % 2 == 0)
      svg.rectangle({margin, top}, at.width - 2 * margin - 6, at.row, R"(fill="#f4f4f4")");
    svg.text({at.left - 10, top + 0.5 * at.row + 3.5},
             fit_text(chart.categories[i], name_size, at.names), {name_size, "end"});
  }
  // It may be long, and there is nothing beside it.
  svg.text({margin, at.top - 21},
           fit_text(chart.category_label, label_size, at.width - 2 * margin), {label_size});
}

void draw_series(Svg& svg, const Series& series, double offset, const Layout& at, const Scale& x,
                 double names) {
  svg.begin_series(series.group.empty() ? series.name : series.group);
  const std::string look = std::string("stroke-width=\"1.3\" stroke=\"") +
                           series_colour(series.style) + "\"";
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    const Point& point = series.points[i];
    if (!std::isfinite(point.x)) continue;
    const double y = at.top + (static_cast<double>(i) + 0.5) * at.row + offset;
    if (std::isfinite(point.low) && std::isfinite(point.high))
      svg.line({x(point.low), y}, {x(point.high), y}, look);
    const bool told = !point.about.empty() || !point.row.empty();
    if (told) svg.begin_mark(point.about, point.row);
    draw_marker(svg, {x(point.x), y}, series.style, point.hollow, 0.9);
    if (told) svg.end_group();
    if (names > 0)
      svg.text({x.to + 4, y + 3}, fit_text(series.name, mark_name_size, names - 6),
               {mark_name_size, "start", series_colour(series.style)});
  }
  svg.end_group();
}

void draw_facet(Svg& svg, const DotFacet& facet, const Layout& at, std::size_t place, double names) {
  const double left = at.x(place), bottom = at.top + at.rows_height;
  const Scale x = fitted_scale(facet.axis, shown(facet), left, left + at.facet_width - names);
  for (const Tick& tick : fitting_ticks(facet.axis, x, Along::width, tick_size)) {
    svg.line({tick.at, at.top}, {tick.at, bottom + 4}, R"(stroke="#d9d9d9" stroke-width="0.8")");
    svg.text({tick.at, bottom + 15}, tick.text, {tick_size, "middle"});
    svg.text({tick.at, at.top - 5}, tick.text, {tick_size, "middle"});  // long charts are read from both ends
  }
  if (facet.reference)
    svg.line({x(*facet.reference), at.top}, {x(*facet.reference), bottom},
             R"(stroke="#555555" stroke-width="1")");
  svg.rectangle({left, at.top}, at.facet_width - names, at.rows_height,
                R"(fill="none" stroke="#555555" stroke-width="0.8")");
  svg.text({left + 0.5 * at.facet_width, bottom + 33},
           fit_text(facet.axis.label, label_size, at.facet_width + facet_gap - 4),
           {label_size, "middle"});
  const double middle = 0.5 * static_cast<double>(facet.series.size() - 1);
  for (std::size_t i = 0; i < facet.series.size(); ++i)
    draw_series(svg, facet.series[i], (names > 0 ? 10 : 8) * (static_cast<double>(i) - middle), at, x, names);
}

}  // namespace

std::string to_svg(const DotChart& chart) {
  const Layout at = laid_out(chart);
  Svg svg(at.width, at.height, chart.title, join({chart.subtitle, chart.note}, ". "));
  const double wide = at.width - 2 * margin;
  draw_heading(svg, chart.title, chart.subtitle, {margin, margin}, wide);
  draw_legend(svg, entries_of(chart), {margin, margin + 22 + heading_height(chart.subtitle)}, wide);
  draw_rows(svg, chart, at);
  for (std::size_t facet = 0; facet < chart.facets.size(); ++facet)
    draw_facet(svg, chart.facets[facet], at, facet, names_width(chart));
  draw_note(svg, chart.note, at.width, at.height);
  return svg.finish();
}

}  // namespace ladder::plot
