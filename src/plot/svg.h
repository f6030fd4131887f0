// The few SVG elements that charts are made of (SVG 1.1). Lengths are in user units (pixels at
// natural size), printed with one decimal, so the same drawing is the same bytes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ladder::plot {

// For element content and attribute values: & < > " escaped, control characters dropped.
std::string escape_xml(std::string_view text);

// An upper estimate of the width of text in any common sans-serif face (which one is installed is
// not known): labels that do not overlap by this measure do not overlap.
double text_width(std::string_view text, double size);
// Cut to the width, with an ellipsis if anything was cut.
std::string fit_text(std::string_view text, double size, double width);
// Broken after the separator into lines of at most `width` where possible; lines that are still wider
// than `limit` are fitted into it.
std::vector<std::string> wrap_text(std::string_view text, double size, double width, double limit,
                                   std::string_view separator = ", ");
inline std::vector<std::string> wrap_text(std::string_view text, double size, double width) {
  return wrap_text(text, size, width, width);
}

struct TextStyle {
  double size = 11;
  const char* anchor = "start";  // start, middle, end
  const char* colour = "#222222";
  bool bold = false;
  bool upwards = false;  // turned by 90 degrees to the left
};

using Place = std::pair<double, double>;  // x, y

class Svg {
 public:
  // `description`: what a reader needs to understand the picture alone. On paper the picture is at most
  // 178 mm wide, a page's text; a unit is then 0.228 mm, so that text of size 10 has 6.5 points.
  Svg(double width, double height, std::string_view title, std::string_view description = "");

  // What is drawn up to end_group() belongs to a series, which a page may switch off, or is a mark:
  // `about` is shown when it is pointed at, `row` names the row of a table that is behind it.
  void begin_series(std::string_view name);
  void begin_mark(std::string_view about, std::string_view row);
  void end_group();

  // `style` holds ready attributes: R"(stroke="#000000" fill="none")".
  void line(Place from, Place to, std::string_view style);
  void polyline(const std::vector<Place>& places, std::string_view style);
  void polygon(const std::vector<Place>& places, std::string_view style);
  void rectangle(Place corner, double width, double height, std::string_view style);
  // All of one size and style, as one element: some third of the bytes.
  void rectangles(const std::vector<Place>& corners, double width, double height, std::string_view style);
  void circle(Place centre, double radius, std::string_view style);
  void text(Place at, std::string_view text, const TextStyle& style = {});  // at its baseline

  std::string finish() const;

 private:
  void places(const char* element, const std::vector<Place>& places, std::string_view style);

  std::string content_;
};

}  // namespace ladder::plot
