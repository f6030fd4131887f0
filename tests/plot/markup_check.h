// Checks on generated markup: is it well-formed XML, and do the texts of a picture keep clear of
// each other?
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "plot/svg.h"
#include "../contains.h"

// What is wrong with the XML: tags that do not match, attributes without quotes, stray < or &.
// Empty if nothing is.
inline std::string xml_fault(std::string_view text) {
  std::vector<std::string> open;
  if (text.starts_with("<!DOCTYPE html>")) text.remove_prefix(15);
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '&') {
      const std::string_view entity = text.substr(at, text.find(';', at) - at + 1);
      if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;")
        return "entity " + std::string(entity.substr(0, 12));
    }
    if (text[at] != '<') {
      if (static_cast<unsigned char>(text[at]) < 0x20 && text[at] != '\n') return "control code";
      ++at;
      continue;
    }
    const std::size_t end = text.find('>', at);
    if (end == std::string_view::npos) return "open tag";
    std::string tag(text.substr(at + 1, end - at - 1));
    at = end + 1;
    if (tag.find('<') != std::string::npos) return "< within <" + tag;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return "unmatched <" + tag + ">";
      open.pop_back();
      continue;
    }
    std::size_t quotes = 0;
    for (std::size_t i = 0; i < tag.size(); ++i) {
      quotes += tag[i] == '"';
      if (tag[i] == '=' && quotes % 2 == 0 && (i + 1 == tag.size() || tag[i + 1] != '"'))
        return "unquoted attribute in <" + tag + ">";
    }
    if (quotes % 2) return "open quote in <" + tag + ">";
    if (tag.back() != '/') open.push_back(tag.substr(0, tag.find(' ')));
  }
  return open.empty() ? "" : "<" + open.back() + "> is never closed";
}

struct TextBox {
  double left, right, top, bottom;
  std::string text;
};

inline std::string attribute_of(const std::string& tag, const std::string& name) {
  const std::size_t at = tag.find(" " + name + "=\"");
  if (at == std::string::npos) return "";
  const std::size_t from = at + name.size() + 3;
  return tag.substr(from, tag.find('"', from) - from);
}

// Entities count as the one character that they stand for; which one does not matter for a width.
inline std::string unescaped(const std::string& text) {
  std::string plain;
  bool inside = false;  // an entity, which & begins and ; ends
  for (const char c : text) {
    if (!inside) plain += c;
    inside = inside ? c != ';' : c == '&';
  }
  return plain;
}

// Boxes of all <text> elements, as wide as text_width() says.
inline std::vector<TextBox> text_boxes(const std::string& svg) {
  std::vector<TextBox> boxes;
  for (std::size_t at = 0; (at = svg.find("<text", at)) != std::string::npos; ++at) {
    const std::size_t close = svg.find('>', at);
    const std::string tag = svg.substr(at, close - at);
    const std::string text = unescaped(svg.substr(close + 1, svg.find('<', close) - close - 1));
    const double x = std::atof(attribute_of(tag, "x").c_str());
    const double y = std::atof(attribute_of(tag, "y").c_str());
    const double size = std::atof(attribute_of(tag, "font-size").c_str());
    const std::string anchor = attribute_of(tag, "text-anchor");
    const double width = ladder::plot::text_width(text, size);
    const double before = anchor == "end" ? width : anchor == "middle" ? width / 2 : 0;
    if (attribute_of(tag, "transform").empty())
      boxes.push_back({x - before, x - before + width, y - 0.75 * size, y + 0.2 * size, text});
    else  // upwards: the text runs from y + before to y + before - width
      boxes.push_back({x - 0.75 * size, x + 0.2 * size, y + before - width, y + before, text});
  }
  return boxes;
}

// The first two texts that overlap, or one that leaves the picture; empty if there are none.
inline std::string text_collision(const std::string& svg) {
  const std::string head = svg.substr(0, svg.find('>'));
  const std::string box = attribute_of(head, "viewBox");  // "0 0 WIDTH HEIGHT"
  char* rest = nullptr;
  const double width = std::strtod(box.c_str() + 4, &rest), height = std::atof(rest);
  const std::vector<TextBox> boxes = text_boxes(svg);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const TextBox& a = boxes[i];
    if (a.left < 0 || a.right > width || a.top < 0 || a.bottom > height)
      return "'" + a.text + "' leaves the picture";
    for (std::size_t j = 0; j < i; ++j) {
      const TextBox& b = boxes[j];
      if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
        return "'" + a.text + "' on '" + b.text + "'";
    }
  }
  return "";
}

inline bool has_unset_number(const std::string& svg) {
  return contains(svg, "nan") || contains(svg, "inf");
}
