#include "lab/values.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ladder/base/math.h"
#include "ladder/base/settings.h"
#include "ladder/base/text.h"

namespace ladder::lab {

using Words = std::vector<std::string>;

Error bad_value(const std::string& origin, const std::string& key, const std::string& got,
                const std::string& expected) {
  return usage_error(origin + ": key '" + clipped(key) + "': got '" + clipped(got) + "', expected " +
                     expected);
}

// ---- words ----

std::string without_comment(std::string_view line) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < line.size() && (quoted || line[end] != '#'); ++end) quoted ^= line[end] == '"';
  return std::string(trim(line.substr(0, end)));
}

Words quoted_words(std::string_view text, const std::string& origin) {
  Words words;
  bool quoted = false, open = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && std::string_view(" \t\r\n\v\f").find(c) != std::string_view::npos) {
      open = false;
      continue;
    }
    if (!open) words.emplace_back();
    open = true;
    if (c != '"') words.back() += c;
  }
  if (quoted)
    throw usage_error(origin + ": got '" + clipped(text) + "', expected a second \" that ends the words");
  return words;
}

// ---- ranges ----

static const char* const range_forms =
    "a range from low to high such as 0..4, 0..100 step 10 or 1e-4..1e-2 log 7";

std::optional<Range> parse_range(const Words& words, std::size_t& at, const std::string& key,
                                 const std::string& origin) {
  const auto dots = words[at].find("..");
  if (dots == std::string::npos) return std::nullopt;
  Range range;
  range.low = words[at].substr(0, dots), range.high = words[at].substr(dots + 2);
  const auto low = parse_real(range.low), high = parse_real(range.high);
  if (!low || !high || *low > *high) throw bad_value(origin, key, words[at], range_forms);
  if (at + 1 == words.size()) return range;
  const std::string& how = words[at + 1];
  if (how != "step" && how != "log") return range;
  const std::string number = at + 2 < words.size() ? words[at + 2] : "";
  const std::string shown = words[at] + " " + how + (number.empty() ? "" : " " + number);
  if (how == "step") {
    range.points = Range::Points::step;
    range.step = number;
    if (const auto step = parse_real(number); !step || *step <= 0)
      throw bad_value(origin, key, shown, "a step above 0 such as 0..100 step 10");
    at += 2;
    return range;
  }
  range.points = Range::Points::log;
  if (*low <= 0) throw bad_value(origin, key, shown, "a low end above 0 for equal ratios");
  ++at;
  if (const auto count = parse_integer(number)) {
    if (*count < 2) throw bad_value(origin, key, shown, "at least 2 values, the two ends");
    range.count = *count;
    ++at;
  }
  return range;
}

// To so many digits, exactly as a person would round it.
static double rounded(double value, int digits) {
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific, digits - 1);
  return parse_real(std::string_view(buffer, end.ptr)).value_or(value);
}

static double between(double low, double high, double fraction) {
  const double a = math::log(low), b = math::log(high);
  return math::exp(a + fraction * (b - a));
}

double log_point(double low, double high, double fraction) {
  return rounded(between(low, high, fraction), 3);
}

static std::int64_t nearest_integer(double value) {
  return static_cast<std::int64_t>(std::floor(value + 0.5));
}

std::string name_of_today(const std::string& key) {
  const Setting* setting = find_setting(key);
  return setting ? setting->name : key;
}

bool is_number(const std::string& key) {
  const Setting* setting = find_setting(key);
  return setting && (setting->type == Type::integer || setting->type == Type::integers ||
                     setting->type == Type::real);
}

static std::string checked(const std::string& key, const std::string& word, const std::string& origin) {
  static thread_local Settings probe;  // a value is checked alone, whatever the others are
  probe.set(key, word, origin);
  return probe.typed(key);
}

namespace {

// The points of one range, in order.
class Points {
 public:
  Points(const std::string& key, const Range& range, const std::string& origin, std::size_t most)
      : key_(key), range_(range), origin_(origin), most_(most) {
    whole_ = find_setting(key)->type != Type::real;
    text_ = range.low + ".." + range.high;
  }

  Words values() const {
    if (!whole_ && range_.points == Range::Points::every_integer)
      throw bad("how far apart: such as 0..1 step 0.1 or 1e-4..1e-2 log 7");
    checked(key_, range_.low, origin_), checked(key_, range_.high, origin_);
    if (range_.points == Range::Points::log) return in_ratios();
    if (range_.points == Range::Points::step && !whole_) return in_steps();
    return integers();
  }

 private:
  Error bad(const std::string& expected) const { return bad_value(origin_, key_, text_, expected); }

  void require_few(double count) const {
    if (count > static_cast<double>(most_))
      throw bad("a range of at most " + std::to_string(most_) + " values");
  }

  Words integers() const {
    const auto low = parse_integer(range_.low), high = parse_integer(range_.high);
    if (!low || !high) throw bad(range_forms);
    const auto step = range_.step.empty() ? 1 : parse_integer(range_.step).value_or(0);
    if (step < 1) throw bad("a step of whole numbers, not " + clipped(range_.step));
    // Unsigned, as the difference of two 64-bit integers may not fit into a signed one.
    const auto span = static_cast<std::uint64_t>(*high) - static_cast<std::uint64_t>(*low);
    const auto last = span / static_cast<std::uint64_t>(step);
    require_few(static_cast<double>(last) + 1);
    Words values;
    for (std::uint64_t i = 0; i <= last; ++i)
      values.push_back(to_text(*low + static_cast<std::int64_t>(i) * step));
    return values;
  }

  Words in_steps() const {
    const double low = *parse_real(range_.low), high = *parse_real(range_.high);
    const double step = *parse_real(range_.step);
    const double last = std::floor((high - low) / step + 1e-9);  // 0..1 step 0.1 has its end
    require_few(last + 1);
    Words values;
    for (int i = 0; i <= static_cast<int>(last); ++i) values.push_back(to_text(rounded(low + i * step, 12)));
    return values;
  }

  Words in_ratios() const {
    if (range_.count == 0) throw bad("how many: such as 1e-4..1e-2 log 7");
    require_few(static_cast<double>(range_.count));
    const double low = *parse_real(range_.low), high = *parse_real(range_.high);
    Words values;
    for (std::int64_t i = 0; i < range_.count; ++i) {
      const double fraction = static_cast<double>(i) / static_cast<double>(range_.count - 1);
      if (i == 0) values.push_back(checked(key_, range_.low, origin_));
      else if (i == range_.count - 1) values.push_back(checked(key_, range_.high, origin_));
      else if (whole_) values.push_back(to_text(nearest_integer(between(low, high, fraction))));
      else values.push_back(to_text(log_point(low, high, fraction)));
    }
    return values;
  }

  const std::string& key_;
  const Range& range_;
  const std::string& origin_;
  const std::size_t most_;
  bool whole_;
  std::string text_;
};

}  // namespace

// "8, 16" and "8,16" are two words.
static Words without_commas(const std::string& key, const Words& words) {
  const Setting* setting = find_setting(key);
  if (setting && setting->type == Type::text) return words;
  Words parts;
  for (const std::string& word : words) {
    const Words pieces = word == "," ? Words{word} : split(word, ',');
    for (std::size_t i = 0; i < pieces.size(); ++i)
      if (!pieces[i].empty() || pieces.size() == 1 || i + 1 < pieces.size()) parts.push_back(pieces[i]);
  }
  return parts;
}

Words parse_values(const std::string& key, const Words& typed, const std::string& origin,
                   std::size_t most) {
  const Words words = without_commas(key, typed);
  if (words.size() > 3 * most)
    throw bad_value(origin, key, std::to_string(words.size()) + " values",
                    "at most " + std::to_string(most));
  if (words.empty()) return {checked(key, "", origin)};  // which no setting accepts: it says what it does
  Words values;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto range = is_number(key) ? parse_range(words, i, key, origin) : std::nullopt;
    if (!range) {
      values.push_back(checked(key, words[i], origin));
      continue;
    }
    const Words points = Points(key, *range, origin, most).values();
    values.insert(values.end(), points.begin(), points.end());
  }
  if (values.size() > most)
    throw bad_value(origin, key, std::to_string(values.size()) + " values",
                    "at most " + std::to_string(most));
  return values;
}

}  // namespace ladder::lab
