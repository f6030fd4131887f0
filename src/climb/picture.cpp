#include "climb/picture.h"

#include <algorithm>
#include <cmath>

#include "plot/chart_parts.h"
#include "plot/svg.h"

namespace ladder::climb {

using namespace plot;

static constexpr double row_height = 26, gap = 22, top = 76, size = 11;
static constexpr double usual_width = 560, widest = 780;  // contestants that do not fit go below
static constexpr double least_bar_width = 84, most_bar_width = 170;

// A bar as long as the share of seeds solved, its interval across, on a light ground that says "all".
static void draw_bar(Svg& svg, const Bar& bar, Place corner, double bar_width, std::size_t style) {
  if (std::isnan(bar.share)) return;
  const double x = corner.first, y = corner.second + 6, height = row_height - 12;
  svg.rectangle({x, y}, bar_width, height, R"(fill="#f0f0f0")");
  const std::string colour = series_colour(style);
  const double length = std::max(1.5, bar.share * bar_width);
  svg.rectangle({x, y}, length, height,
                bar.hollow ? "fill=\"none\" stroke=\"" + colour + "\" stroke-dasharray=\"3 2\""
                           : "fill=\"" + colour + "\"");
  if (std::isnan(bar.interval.low)) return;
  const double middle = y + height / 2, low = x + bar.interval.low * bar_width,
               high = x + bar.interval.high * bar_width;
  const std::string line = R"(stroke="#222222" stroke-width="1.2")";
  svg.line({low, middle}, {high, middle}, line);
  svg.line({low, middle - 3}, {low, middle + 3}, line);
  svg.line({high, middle - 3}, {high, middle + 3}, line);
}

std::string draw(const std::string& title, const std::string& subtitle, const std::string& caption,
                 const std::vector<std::string>& rungs, const std::vector<Column>& columns) {
  double left = 0;
  for (const std::string& rung : rungs) left = std::max(left, text_width(rung, size));
  left += 24;
  const double fitting = std::max(1.0, std::floor((widest - left - 12) / (least_bar_width + gap)));
  const std::size_t across = std::min(columns.size(), static_cast<std::size_t>(fitting));
  const std::size_t bands = (columns.size() + across - 1) / across;
  const double count = static_cast<double>(across);
  const double bar_width = std::clamp((usual_width - left - 12) / count - gap, least_bar_width, most_bar_width);
  const double width = std::max(usual_width, left + count * (bar_width + gap) + 12);
  const auto lines = wrap_text(caption, size, width - 24, width - 24, " ");
  const double band_height = row_height * static_cast<double>(rungs.size());
  const auto band_bottom = [&](std::size_t band) {
    return top + band_height + static_cast<double>(band) * (band_height + 40);
  };
  const double bottom = band_bottom(bands - 1);
  Svg svg(width, bottom + 20 + 15 * static_cast<double>(lines.size()), title);
  svg.text({12, 20}, title, {.size = 13, .bold = true});
  svg.text({12, 38}, fit_text(subtitle, size, width - 24), {.colour = "#555555"});
  const auto row = [&](std::size_t band, std::size_t rung) {
    return band_bottom(band) - row_height * static_cast<double>(rung + 1);
  };
  for (std::size_t band = 0; band < bands; ++band)
    for (std::size_t rung = 0; rung < rungs.size(); ++rung) {
      const double y = row(band, rung);
      svg.text({left - 12, y + row_height / 2 + 4}, rungs[rung], {.anchor = "end"});
      svg.line({left - 6, y + row_height}, {width - 12, y + row_height}, R"(stroke="#dddddd")");
    }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    const std::size_t band = i / across;
    const double x = left + static_cast<double>(i % across) * (bar_width + gap);
    svg.text({x, band_bottom(band) - band_height - 10}, fit_text(column.name, size, bar_width + gap - 4), {.bold = true});
    for (std::size_t rung = 0; rung < column.bars.size(); ++rung)
      draw_bar(svg, column.bars[rung], {x, row(band, rung)}, bar_width, i);
    if (column.frontier >= 0) {
      const double y = row(band, static_cast<std::size_t>(column.frontier));
      svg.rectangle({x - 4, y + 2}, bar_width + 8, row_height - 4, R"(fill="none" stroke="#222222")");
    }
  }
  for (std::size_t i = 0; i < lines.size(); ++i)
    svg.text({12, bottom + 22 + 15 * static_cast<double>(i)}, lines[i], {.colour = "#555555"});
  return svg.finish();
}

}  // namespace ladder::climb
