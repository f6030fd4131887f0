// The lines of an experiment file, one at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ladder/base/settings.h"

namespace ladder::lab {

// "base = 64, delay = 4..12": holds where every key has one of its values. A range of numbers means
// all that lie in it.
struct Condition {
  struct Part {
    struct Values {
      double low, high;  // of numbers
      std::string text;  // of words
      bool numbers;
    };
    std::string key;
    std::vector<Values> any;
  };
  std::vector<Part> all;
  std::string text;  // as typed

  bool holds(const Settings& resolved) const;
};

// One definition: a key, or several that vary together, and the values it takes.
struct Axis {
  std::vector<std::string> keys;
  std::vector<std::vector<std::string>> points;  // [point][key], checked and in canonical form
  std::string origin;                            // "experiments/quick.txt:5", "flag --seed"
  std::optional<Condition> where;                // it counts in the runs where this holds

  std::string keys_text() const;    // "base", "(layers, heads)"
  std::string points_text() const;  // "8 16", "(1, 4) (2, 8)"
};

// only: the runs where the condition holds stay; except: the others.
struct Filter {
  bool only;
  Condition condition;
  std::string origin;

  std::string text() const { return (only ? "only " : "except ") + condition.text; }
};

// "(a, b) (c, d)"; nothing if that is not what the text is.
std::optional<std::vector<std::vector<std::string>>> parse_tuples(std::string_view text);
// Of "(a, b)". Throws a usage error that begins with the origin.
std::vector<std::string> paired_keys(const std::string& left, const std::string& origin);

// All throw a usage error that begins with the origin. `most`: so many values.
Axis plain_axis(const std::string& key, const std::vector<std::string>& words,
                const std::string& origin, std::size_t most);
// "key = value ..." or "(key, key) = (value, value) ..."
Axis parse_definition(const std::string& line, const std::string& origin, std::size_t most);
Condition parse_condition(const std::string& text, const std::string& origin);
// What follows `where`: "condition: definition".
Axis parse_where(const std::string& text, const std::string& origin, std::size_t most);

// What follows the word that the line begins with; nothing if it begins otherwise, or defines a key of
// that name.
std::optional<std::string> behind(const std::string& word, const std::string& line);

bool for_session(const std::string& key);

}  // namespace ladder::lab
