#include "plot/svg.h"

#include <algorithm>

#include "ladder/base/text.h"

namespace ladder::plot {

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    switch (character) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default:
        // XML 1.0 allows no other control characters, not even escaped.
        if (static_cast<unsigned char>(character) >= 0x20 || character == '\n')
          escaped += character;
    }
  }
  return escaped;
}

static bool starts_character(char byte) { return (byte & 0xC0) != 0x80; }  // UTF-8

double text_width(std::string_view text, double size) {
  double width = 0;
  for (const char character : text)
    if (starts_character(character))
      width += std::string_view(" .,:;'|!()[]ijl").find(character) != std::string_view::npos ? 0.42
               : character == 'm' || character == 'w' || (character >= 'A' && character <= 'Z')
                   ? 0.82
                   : 0.64;
  return width * size;
}

std::string fit_text(std::string_view text, double size, double width) {
  if (text_width(text, size) <= width) return std::string(text);
  while (!text.empty() && text_width(text, size) + size > width) {
    while (!starts_character(text.back())) text.remove_suffix(1);
    text.remove_suffix(1);
  }
  return std::string(text) + "…";
}

std::vector<std::string> wrap_text(std::string_view text, double size, double width,
                                   double limit, std::string_view separator) {
  std::vector<std::string> lines{""};
  while (!text.empty()) {
    const auto end = text.find(separator);
    const std::string_view piece =
        text.substr(0, end == std::string_view::npos ? end : end + separator.size());
    if (!lines.back().empty() && text_width(lines.back() + std::string(trim(piece)), size) > width)
      lines.emplace_back();
    lines.back() += piece;
    text.remove_prefix(piece.size());
  }
  for (std::string& line : lines) line = fit_text(trim(line), size, limit);
  return lines;
}

static std::string number(double value) {
  const std::string text = fixed(value, 1);
  return text == "-0.0" ? "0.0" : text;
}

static std::string attribute(const char* name, double value) {
  return join({" ", name, "=\"", number(value), "\""}, "");
}

Svg::Svg(double width, double height, std::string_view title, std::string_view description) {
  constexpr double page = 178, widest = 780;  // mm, units
  const double unit = page / std::max(width, widest);
  content_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"" + number(width * unit) +
             "mm\" height=\"" + number(height * unit) + "mm\" viewBox=\"0 0 " + number(width) + " " +
             number(height) + "\" font-family=\"Helvetica, Arial, sans-serif\">\n<title>" +
             escape_xml(title) + "</title>\n";
  if (!description.empty())
    content_.append("<desc>").append(escape_xml(description)).append("</desc>\n");
  rectangle({0, 0}, width, height, R"(fill="#ffffff")");
}

void Svg::begin_series(std::string_view name) {
  content_ += "<g data-series=\"" + escape_xml(name) + "\">\n";
}

void Svg::begin_mark(std::string_view about, std::string_view row) {
  content_ += "<g class=\"mark\"";
  if (!row.empty()) content_ += " data-row=\"" + escape_xml(row) + "\"";
  content_ += ">";
  if (!about.empty()) content_ += "<title>" + escape_xml(about) + "</title>";
}

void Svg::end_group() { content_ += "</g>\n"; }

void Svg::line(Place from, Place to, std::string_view style) {
  content_ += "<line" + attribute("x1", from.first) + attribute("y1", from.second) +
              attribute("x2", to.first) + attribute("y2", to.second) + " " + std::string(style) +
              "/>\n";
}

void Svg::places(const char* element, const std::vector<Place>& places, std::string_view style) {
  std::vector<std::string> words;
  for (const auto& [x, y] : places) words.push_back(number(x) + "," + number(y));
  content_ += join(
      {"<", element, " points=\"", join(words, " "), "\" ", std::string(style), "/>\n"}, "");
}

void Svg::polyline(const std::vector<Place>& at, std::string_view style) {
  places("polyline", at, style);
}

void Svg::polygon(const std::vector<Place>& at, std::string_view style) {
  places("polygon", at, style);
}

void Svg::rectangle(Place corner, double width, double height, std::string_view style) {
  content_ += "<rect" + attribute("x", corner.first) + attribute("y", corner.second) +
              attribute("width", width) + attribute("height", height) + " " + std::string(style) +
              "/>\n";
}

void Svg::rectangles(const std::vector<Place>& corners, double width, double height,
                     std::string_view style) {
  const std::string outline = join({"h", number(width), "v", number(height), "h", number(-width), "z"}, "");
  content_ += "<path d=\"";
  for (const auto& [x, y] : corners) content_ += join({"M", number(x), " ", number(y), outline}, "");
  content_ += "\" " + std::string(style) + "/>\n";
}

void Svg::circle(Place centre, double radius, std::string_view style) {
  content_ += "<circle" + attribute("cx", centre.first) + attribute("cy", centre.second) +
              attribute("r", radius) + " " + std::string(style) + "/>\n";
}

void Svg::text(Place at, std::string_view text, const TextStyle& style) {
  content_ += "<text" + attribute("x", at.first) + attribute("y", at.second) +
              attribute("font-size", style.size) + " text-anchor=\"" + style.anchor +
              "\" fill=\"" + style.colour + "\"" +
              (style.bold ? " font-weight=\"bold\"" : "") +
              (style.upwards ? " transform=\"rotate(-90 " + number(at.first) + " " +
                                   number(at.second) + ")\""
                             : "") +
              ">" + escape_xml(text) + "</text>\n";
}

std::string Svg::finish() const { return content_ + "</svg>\n"; }

}  // namespace ladder::plot
