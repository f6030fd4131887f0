#include "base/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ostream>

#include "ladder/base/text.h"

namespace ladder {

std::size_t terminal_width(int descriptor) {
  if (!isatty(descriptor)) return 0;
  struct winsize size = {};
  const bool told = ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return told ? size.ws_col : 80;
}

static std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string coloured(std::string text, Colour colour, int descriptor) {
  if (!isatty(descriptor) || !variable("NO_COLOR").empty() || variable("TERM") == "dumb") return text;
  const char* code = colour == Colour::good ? "32" : colour == Colour::bad ? "31" : "2";
  return std::string("\x1b[").append(code).append("m").append(text).append("\x1b[0m");
}

static bool begins_character(char c) { return (c & 0xC0) != 0x80; }

static std::size_t printed(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string cut(std::string_view text, std::size_t width) {
  if (printed(text) <= width) return std::string(text);
  if (width == 0) return "";
  std::size_t count = 0, end = 0;
  for (; end < text.size(); ++end)
    if (begins_character(text[end]) && ++count == width) break;
  return std::string(text.substr(0, end)) + "…";
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string lines;
  std::size_t used = 0;
  for (const std::string& word : split_words(text)) {
    const std::size_t room = printed(word);
    if (used > 0 && used + 1 + room > width) {
      lines.append("\n").append(indent, ' ');
      used = indent;
    } else if (used > 0) {
      lines += ' ';
      ++used;
    }
    lines += word;
    used += room;
  }
  return lines;
}

std::string hanging(std::string_view name, std::size_t column, std::string_view text, std::size_t width) {
  // The name stands for a first word as long as its column.
  const std::string lines = wrapped(std::string(column - 1, '.') + " " + std::string(text), width, column);
  const char* space = printed(name) < column ? "" : " ";
  return pad_right(std::string(name), column) + space + (lines.size() > column ? lines.substr(column) : "");
}

std::string folded(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right,
                   std::size_t keys, std::size_t width) {
  std::size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  std::vector<std::size_t> widths(columns, 0);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], printed(row[i]));
  const auto part = [&](std::size_t first, std::size_t last) {
    std::vector<std::vector<std::string>> some;
    std::vector<bool> sides;
    for (const auto& row : rows) {
      auto& cells = some.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i)
        if (i < keys || (i >= first && i < last)) cells.push_back(row[i]);
    }
    for (std::size_t i = 0; i < columns; ++i)
      if (i < keys || (i >= first && i < last)) sides.push_back(i < right.size() && right[i]);
    return aligned(some, sides);
  };
  std::size_t left = 0;
  for (std::size_t i = 0; i < std::min(keys, columns); ++i) left += widths[i] + 2;
  std::string text;
  for (std::size_t first = std::min(keys, columns), last; first < columns; first = last) {
    std::size_t used = left + widths[first];
    for (last = first + 1; last < columns; ++last)
      if ((used += 2 + widths[last]) > width && width > 0) break;
    text.append(text.empty() ? "" : "\n").append(part(first, last));
  }
  return text.empty() ? aligned(rows, right) : text;
}

std::string duration_text(double seconds) {
  const long s = std::lround(seconds);
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3600) return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
  return std::to_string(s / 3600) + " h " + std::to_string(s % 3600 / 60) + " min";
}

// ---- the live line ----

// What takes the line away. A terminal that has become narrower has broken it into several.
std::string LiveLine::erased() {
  const std::size_t width = std::max<std::size_t>(terminal_width(descriptor_), 1);
  const std::size_t above = shown_ == 0 ? 0 : (shown_ - 1) / width;
  shown_ = 0;
  return (above > 0 ? "\x1b[" + std::to_string(above) + "A" : "") + "\r\x1b[J";
}

void LiveLine::show(const std::string& text) {
  if (!terminal_) return;
  const std::string erase = erased();
  const std::size_t width = terminal_width(descriptor_);
  // A character less than the width: some terminals wrap when the last column is written.
  const std::string line = cut(text_ = text, width > 1 ? width - 1 : 79);
  out_ << erase << line << std::flush;
  shown_ = printed(line);
}

void LiveLine::say(const std::string& line) {
  if (!terminal_) {
    out_ << line << std::endl;
    return;
  }
  const std::string text = text_;
  clear();
  out_ << line << "\n";
  if (!text.empty()) show(text);
  out_ << std::flush;
}

void LiveLine::clear() {
  if (!terminal_ || text_.empty()) return;
  out_ << erased() << std::flush;
  text_.clear();
}

}  // namespace ladder
