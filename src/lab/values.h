// What stands behind a key: words, numbers and ranges of numbers. Experiment files, flags and whatever
// else takes values share this.
//
//   8 16                    values; a comma may stand between them where it has no other meaning
//   0..4                    every integer, both ends included
//   0..100 step 10          low, low + step, ... up to high
//   1e-4..1e-2 log 7        seven values in equal ratios, both ends included; real ones are rounded to
//                           3 digits, integers to the nearest: the same on every machine
//   "a path with # in it"   one word
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ladder/base/error.h"

namespace ladder::lab {

// "ORIGIN: key 'x': got 'y', expected ..."
Error bad_value(const std::string& origin, const std::string& key, const std::string& got,
                const std::string& expected);

// The line up to a # that stands in no quotes, trimmed.
std::string without_comment(std::string_view line);
// Like split_words, but quotes keep words together. Throws a usage error if they have no end.
std::vector<std::string> quoted_words(std::string_view text, const std::string& origin);

struct Range {
  enum class Points { every_integer, step, log };
  std::string low, high, step;  // as typed
  Points points = Points::every_integer;
  std::int64_t count = 0;  // of log; 0: not said
};

// The range that begins at words[at]; `at` moves to its last word. Nothing if words[at] has no "..".
// Throws a usage error if it is malformed.
std::optional<Range> parse_range(const std::vector<std::string>& words, std::size_t& at,
                                 const std::string& key, const std::string& origin);

// low * (high/low)^fraction, rounded to 3 digits; low, high > 0.
double log_point(double low, double high, double fraction);

std::string name_of_today(const std::string& key);  // of a setting; other words stay as they are
bool is_number(const std::string& key);  // whether it is a setting that takes ranges

// The values that the words give to a setting, in canonical form: 8 and 08 are the same. Throws a
// usage error for an unknown key, a value that is malformed or out of range, and for more than `most`.
std::vector<std::string> parse_values(const std::string& key, const std::vector<std::string>& words,
                                      const std::string& origin, std::size_t most);

}  // namespace ladder::lab
