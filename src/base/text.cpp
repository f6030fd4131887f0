#include "ladder/base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace ladder {

static constexpr std::string_view white_space = " \t\r\n\v\f";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = text.find_first_not_of(white_space); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(white_space, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(white_space, end);
  }
  return words;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string joined;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i) joined += separator;
    joined += words[i];
  }
  return joined;
}

template <class Number>
static std::optional<Number> parse_all(std::string_view word) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_integer(std::string_view word) {
  return parse_all<std::int64_t>(word);
}

std::optional<int> parse_whole(std::string_view word) {
  const auto value = parse_all<int>(word);
  return value && *value >= 0 ? value : std::nullopt;
}

std::optional<double> parse_real(std::string_view word) {
  const auto value = parse_all<double>(word);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return value;
}

std::string to_text(double value) {
  if (std::isnan(value)) return "nan";  // from_chars would keep a sign that has no meaning
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, result.ptr};
}

std::string to_text(std::int64_t value) { return std::to_string(value); }

std::string fixed(double value, int decimals) {
  if (std::isnan(value)) return "nan";
  char buffer[400];
  const auto result =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals);
  return {buffer, result.ptr};
}

static std::size_t printed_width(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

std::string pad_right(std::string text, std::size_t width) {
  const std::size_t printed = printed_width(text);
  if (printed < width) text.append(width - printed, ' ');
  return text;
}

std::string pad_left(std::string text, std::size_t width) {
  const std::size_t printed = printed_width(text);
  if (printed < width) text.insert(0, width - printed, ' ');
  return text;
}

std::string aligned(const std::vector<std::vector<std::string>>& rows,
                    const std::vector<bool>& right) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], printed_width(row[i]));
    }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool at_the_right = i < right.size() && right[i];
      line += at_the_right ? pad_left(row[i], widths[i]) : pad_right(row[i], widths[i]);
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string clipped(std::string_view text) {
  constexpr std::size_t most = 80;
  std::string shown;
  std::size_t count = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool begins = (byte & 0xC0) != 0x80;  // a character of UTF-8
    if (begins && ++count > most) return shown + "...";
    if (byte >= 0x20 && byte != 0x7F) {
      shown += c;
      // what is no UTF-8 at all could go on for ever without a beginning
      if (shown.size() > 4 * most) return shown + "...";
      continue;
    }
    constexpr char digits[] = "0123456789abcdef";
    shown.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  return shown;
}

std::string bytes_text(double bytes) {
  if (bytes < 1e6) return fixed(bytes / 1e3, 0) + " kB";
  if (bytes < 1e9) return fixed(bytes / 1e6, 0) + " MB";
  return fixed(bytes / 1e9, bytes < 1e11 ? 1 : 0) + " GB";
}

static std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

// "lr" of learning_rate.
static std::string initials(std::string_view name) {
  std::string letters;
  for (const std::string& part : split(name, '_'))
    if (!part.empty()) letters += part[0];
  return letters;
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > 80) return "";  // nobody meant that, and to compare it would take long
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 2);
  for (const auto& candidate : candidates) {
    std::size_t distance = edit_distance(word, candidate);
    // A beginning that was cut short is meant more often than its edit distance says.
    if (word.size() >= 2 && candidate.starts_with(word))
      distance = std::min<std::size_t>(distance, 1);
    if (word.size() >= 2 && initials(candidate) == word) distance = 0;
    if (distance < best_distance || (best.empty() && distance == best_distance)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string best = nearest(word, candidates);
  return best.empty() ? "" : ", did you mean '" + best + "'?";
}

}  // namespace ladder
