#include "lab/definition.h"

#include <algorithm>
#include <set>

#include "lab/values.h"
#include "ladder/base/text.h"

namespace ladder::lab {

namespace {

using Words = std::vector<std::string>;
using Tuple = Words;

const Words line_words = {"include", "only", "except", "where", "block"};

// "1", or "(1, 4)" where several keys vary together.
std::string text_of(const Tuple& tuple) {
  return tuple.size() == 1 ? tuple[0] : std::string("(").append(join(tuple, ", ")).append(")");
}

void require_distinct(const Axis& axis) {
  std::set<Tuple> seen;
  for (const Tuple& point : axis.points)
    if (!seen.insert(point).second)
      throw bad_value(axis.origin, axis.keys_text(), text_of(point),
                      "each value once (it would run the same twice)");
}

void require_alone_if_for_session(const Axis& axis) {
  for (const std::string& key : axis.keys)
    if (for_session(key) && (axis.points.size() > 1 || axis.keys.size() > 1))
      throw bad_value(axis.origin, key, axis.points_text(),
                      std::string("one value, not paired: it holds for all runs") +
                          (find_setting(key)->type == Type::text ? "; \"quotes\" keep words together" : ""));
}

Axis checked_axis(Axis axis) {
  require_distinct(axis);
  require_alone_if_for_session(axis);
  return axis;
}

}  // namespace

std::optional<std::vector<Tuple>> parse_tuples(std::string_view text) {
  std::vector<Tuple> tuples;
  for (text = trim(text); !text.empty(); text = trim(text)) {
    const auto close = text.find(')');
    if (text.front() != '(' || close == std::string_view::npos) return std::nullopt;
    Tuple& tuple = tuples.emplace_back(split(text.substr(1, close - 1), ','));
    for (std::string& part : tuple) part = std::string(trim(part));
    text.remove_prefix(close + 1);
  }
  return tuples;
}

Words paired_keys(const std::string& left, const std::string& origin) {
  const auto tuples = parse_tuples(left);
  if (!tuples || tuples->size() != 1)
    throw bad_value(origin, left, left, "keys in one pair of parentheses such as (layers, heads)");
  Tuple keys;
  for (const std::string& key : tuples->front()) keys.push_back(name_of_today(key));
  if (const std::set<std::string> distinct(keys.begin(), keys.end()); distinct.size() < keys.size())
    throw bad_value(origin, left, left, "each key once");
  return keys;
}

namespace {

void require_few(const Axis& axis, std::size_t count, std::size_t most) {
  if (count > most)
    throw bad_value(axis.origin, axis.keys_text(), std::to_string(count) + " values",
                    "at most " + std::to_string(most));
}

// A part of a tuple may have several values: the tuple then stands for all that can be made of them.
void add_points(Axis& axis, const Tuple& tuple, std::size_t most) {
  std::vector<Tuple> points(1);
  for (std::size_t i = 0; i < tuple.size(); ++i) {
    const Words values =
        parse_values(axis.keys[i], quoted_words(tuple[i], axis.origin), axis.origin, most);
    require_few(axis, axis.points.size() + points.size() * values.size(), most);
    std::vector<Tuple> longer;
    for (const Tuple& point : points)
      for (const std::string& value : values) {
        longer.push_back(point);
        longer.back().push_back(value);
      }
    points = std::move(longer);
  }
  axis.points.insert(axis.points.end(), points.begin(), points.end());
}

Axis paired_axis(const std::string& left, const std::string& right, const std::string& origin,
                 std::size_t most) {
  Axis axis{paired_keys(left, origin), {}, origin, {}};
  const std::size_t size = axis.keys.size();
  const std::string expected = "tuples of " + std::to_string(size) + " values, one for each key";
  const auto tuples = parse_tuples(right);
  if (!tuples || tuples->empty()) throw bad_value(origin, axis.keys_text(), right, expected);
  require_few(axis, tuples->size(), most);
  for (const Tuple& tuple : *tuples) {
    if (tuple.size() != size) throw bad_value(origin, axis.keys_text(), text_of(tuple), expected);
    add_points(axis, tuple, most);
  }
  return checked_axis(std::move(axis));
}

}  // namespace

std::string Axis::keys_text() const { return text_of(keys); }

std::string Axis::points_text() const {
  Words texts;
  for (const Tuple& point : points) texts.push_back(text_of(point));
  return join(texts, " ");
}

bool for_session(const std::string& key) {
  const Setting* setting = find_setting(key);
  return setting && !setting->changes_results();
}

std::optional<std::string> behind(const std::string& word, const std::string& line) {
  if (split_words(line)[0] != word) return std::nullopt;
  const std::string rest(trim(line.substr(word.size())));
  if (rest.starts_with('=')) return std::nullopt;
  return rest;
}

Axis plain_axis(const std::string& key, const Words& words, const std::string& origin,
                std::size_t most) {
  Axis axis{{name_of_today(key)}, {}, origin, {}};
  for (const std::string& value : parse_values(key, words, origin, most)) axis.points.push_back({value});
  return checked_axis(std::move(axis));
}

Axis parse_definition(const std::string& line, const std::string& origin, std::size_t most) {
  const auto equals = line.find('=');
  if (equals == std::string::npos)
    throw usage_error(origin + ": got '" + clipped(line) + "', expected 'key = value ...', " +
                      "'(key, key) = (value, value) ...' or a line that begins with " +
                      join(line_words, ", ") + did_you_mean(split_words(line + " .")[0], line_words));
  const std::string left(trim(line.substr(0, equals))), right(trim(line.substr(equals + 1)));
  return left.starts_with('(') ? paired_axis(left, right, origin, most)
                               : plain_axis(left, quoted_words(right, origin), origin, most);
}

// ---- conditions ----

static Condition::Part::Values parse_condition_values(const std::string& key, const Words& words,
                                                      std::size_t& at, const std::string& origin) {
  if (is_number(key)) {
    if (const auto range = parse_range(words, at, key, origin)) {
      if (range->points != Range::Points::every_integer)
        throw bad_value(origin, key, words[at], "a condition's range without step or log: it means all within");
      return {*parse_real(range->low), *parse_real(range->high), "", true};
    }
  }
  const std::string value = parse_values(key, {words[at]}, origin, 1)[0];
  const auto number = parse_real(value);  // not of 3+7, which is compared as it is written
  if (!number || !is_number(key)) return {0, 0, value, false};
  return {*number, *number, value, true};
}

Condition parse_condition(const std::string& text, const std::string& origin) {
  Condition condition{{}, std::string(trim(text))};
  for (const std::string& part : split(condition.text, ',')) {
    const auto equals = part.find('=');
    if (equals == std::string::npos)
      throw usage_error(origin + ": got '" + clipped(trim(part)) +
                        "', expected a condition 'key = value ...'; several are joined by a comma, "
                        "values are separated by spaces");
    const std::string key = name_of_today(std::string(trim(part.substr(0, equals))));
    const Words words = quoted_words(part.substr(equals + 1), origin);
    Condition::Part& added = condition.all.emplace_back();
    added.key = key;
    if (words.empty()) parse_values(key, {}, origin, 1);
    for (std::size_t i = 0; i < words.size(); ++i)
      added.any.push_back(parse_condition_values(key, words, i, origin));
    if (for_session(key))
      throw bad_value(origin, key, join(words, " "), "a setting that results depend on");
  }
  return condition;
}

Axis parse_where(const std::string& text, const std::string& origin, std::size_t most) {
  const auto colon = text.find(':');
  if (colon == std::string::npos)
    throw usage_error(origin + ": got 'where " + clipped(text) +
                      "', expected 'where key = value ...: key = value ...'");
  const Condition where = parse_condition(text.substr(0, colon), origin);
  Axis axis = parse_definition(std::string(trim(text.substr(colon + 1))), origin, most);
  for (const std::string& key : axis.keys)
    if (for_session(key))
      throw bad_value(origin, key, axis.points_text(), "a setting that results depend on");
  axis.where = where;
  return axis;
}

bool Condition::holds(const Settings& s) const {
  return std::all_of(all.begin(), all.end(), [&](const Part& part) {
    const std::string& text = s.typed(part.key);
    const auto number = parse_real(text);
    return std::any_of(part.any.begin(), part.any.end(), [&](const Part::Values& values) {
      if (values.numbers) return number && *number >= values.low && *number <= values.high;
      return text == values.text;
    });
  });
}

}  // namespace ladder::lab
