#include "lab/experiment.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/files.h"

namespace ladder::lab {

namespace fs = std::filesystem;

namespace {

using Tuple = std::vector<std::string>;

Error bad(const std::string& origin, const std::string& key, const std::string& got,
          const std::string& expected) {
  return usage_error(origin + ": key '" + clipped(key) + "': got '" + clipped(got) + "', expected " +
                     expected);
}

// ---- values ----

// The value in canonical form, so that 8 and 08 are the same point.
std::string checked(const std::string& key, const std::string& word, const std::string& origin) {
  static thread_local Settings probe;  // a value is checked alone, whatever the others are
  probe.set(key, word, origin);
  return probe.typed(key);
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "1", or "(1, 4)" where several keys vary together.
std::string text_of(const Tuple& tuple) {
  return tuple.size() == 1 ? tuple[0] : std::string("(").append(join(tuple, ", ")).append(")");
}

std::string text_of_points(const Axis& axis) {
  std::vector<std::string> texts;
  for (const Tuple& point : axis.points) texts.push_back(text_of(point));
  return join(texts, " ");
}

bool takes_ranges(const std::string& key) {
  const Setting* setting = find_setting(key);
  return setting && (setting->type == Type::integer || setting->type == Type::integers);
}

void add_range(Axis& axis, const std::string& word, std::size_t dots) {
  const std::string& key = axis.keys[0];
  const auto low = parse_integer(std::string_view(word).substr(0, dots));
  const auto high = parse_integer(std::string_view(word).substr(dots + 2));
  if (!low || !high || *low > *high)
    throw bad(axis.origin, key, word, "a range from low to high such as 0..4");
  checked(key, to_text(*low), axis.origin);
  checked(key, to_text(*high), axis.origin);
  // Unsigned, as the difference of two 64-bit integers may not fit into a signed one.
  const auto span = static_cast<std::uint64_t>(*high) - static_cast<std::uint64_t>(*low);
  if (span >= Experiment::most_runs || axis.points.size() + span >= Experiment::most_runs)
    throw bad(axis.origin, key, word,
              "a range of at most " + std::to_string(Experiment::most_runs) + " values");
  for (std::uint64_t i = 0; i <= span; ++i)
    axis.points.push_back({to_text(*low + static_cast<std::int64_t>(i))});
}

// Before they are looked at one by one.
void require_few_values(const Axis& axis, std::size_t count) {
  if (count > Experiment::most_runs)
    throw bad(axis.origin, text_of(axis.keys), std::to_string(count) + " values",
              "at most " + std::to_string(Experiment::most_runs));
}

void require_distinct(const Axis& axis) {
  std::set<Tuple> seen;
  for (const Tuple& point : axis.points)
    if (!seen.insert(point).second)
      throw bad(axis.origin, text_of(axis.keys), text_of(point),
                "each value once (it would run the same twice)");
}

bool for_session(const std::string& key) {
  return !find_setting(key)->changes_results();  // the key is known: it has been checked
}

void require_alone_if_for_session(const Axis& axis) {
  for (const std::string& key : axis.keys)
    if (for_session(key) && (axis.points.size() > 1 || axis.keys.size() > 1))
      throw bad(axis.origin, key, text_of_points(axis),
                "one value, not paired: it holds for all runs");
}

// ---- definitions ----

Axis checked_axis(Axis axis) {
  require_distinct(axis);
  require_alone_if_for_session(axis);
  return axis;
}

Axis plain_axis(const std::string& key, std::vector<std::string> words, const std::string& origin) {
  Axis axis{{key}, {}, origin};
  require_few_values(axis, words.size());
  if (words.empty()) words = {""};  // which no setting accepts: the message says what it does
  for (const std::string& word : words) {
    const auto dots = takes_ranges(key) ? word.find("..") : std::string::npos;
    if (dots != std::string::npos) add_range(axis, word, dots);
    else axis.points.push_back({checked(key, word, origin)});
  }
  return checked_axis(std::move(axis));
}

// "(a, b) (c, d)"; nothing if that is not what the text is.
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

std::vector<std::string> paired_keys(const std::string& left, const std::string& origin) {
  const auto tuples = parse_tuples(left);
  if (!tuples || tuples->size() != 1)
    throw bad(origin, left, left, "keys in one pair of parentheses such as (layers, heads)");
  const Tuple& keys = tuples->front();
  if (const std::set<std::string> distinct(keys.begin(), keys.end()); distinct.size() < keys.size())
    throw bad(origin, left, left, "each key once");
  return keys;
}

Axis paired_axis(const std::string& left, const std::string& right, const std::string& origin) {
  Axis axis{paired_keys(left, origin), {}, origin};
  const std::size_t size = axis.keys.size();
  const std::string expected = "tuples of " + std::to_string(size) + " values, one for each key";
  auto tuples = parse_tuples(right);
  if (!tuples || tuples->empty()) throw bad(origin, text_of(axis.keys), right, expected);
  require_few_values(axis, tuples->size());
  for (Tuple& tuple : *tuples) {
    if (tuple.size() != size) throw bad(origin, text_of(axis.keys), text_of(tuple), expected);
    for (std::size_t i = 0; i < size; ++i) tuple[i] = checked(axis.keys[i], tuple[i], origin);
    axis.points.push_back(std::move(tuple));
  }
  return checked_axis(std::move(axis));
}

}  // namespace

Axis parse_definition(const std::string& line, const std::string& origin) {
  const auto equals = line.find('=');
  if (equals == std::string::npos)
    throw usage_error(origin + ": got '" + clipped(line) + "', expected 'key = value ...', " +
                      "'(key, key) = (value, value) ...' or 'include file'" +
                      did_you_mean(split_words(line)[0], {"include"}));
  const std::string left(trim(line.substr(0, equals))), right(trim(line.substr(equals + 1)));
  return left.starts_with('(') ? paired_axis(left, right, origin)
                               : plain_axis(left, split_words(right), origin);
}

namespace {

// ---- redefinitions ----

// Two layers of definitions, each with every key at most once; the upper one replaces the lower.
class Layers {
 public:
  // The lower definition must come first: otherwise it would be unclear which one is meant.
  void add_lower(Axis axis) {
    for (const std::string& key : axis.keys)
      if (const Entry* entry = find(key)) throw twice(axis, key, *entry);
    entries_.push_back({std::move(axis), false});
  }

  void add_upper(Axis axis) {
    auto place = entries_.end();
    for (const std::string& key : axis.keys) {
      if (const Entry* entry = find(key, true)) throw twice(axis, key, *entry);
      if (const Entry* entry = find(key, false))
        place = std::min(place, entries_.begin() + (entry - entries_.data()));
    }
    entries_.insert(place, {std::move(axis), true});
  }

  std::vector<Axis> merged() const {
    std::vector<Axis> axes;
    for (const Entry& entry : entries_)
      if (entry.upper || !replaced(entry.axis)) axes.push_back(entry.axis);
    return axes;
  }

 private:
  struct Entry {
    Axis axis;
    bool upper;
  };

  const Entry* find(const std::string& key, std::optional<bool> upper = std::nullopt) const {
    for (const Entry& entry : entries_)
      if (contains(entry.axis.keys, key) && entry.upper == upper.value_or(entry.upper))
        return &entry;
    return nullptr;
  }

  // Whether the upper layer defines the axis' keys: all or none.
  bool replaced(const Axis& axis) const {
    const Entry* by = nullptr;
    std::string key, kept;
    for (const std::string& candidate : axis.keys) {
      const Entry* entry = find(candidate, true);
      if (!entry) kept = candidate;
      else if (!by) by = entry, key = candidate;
    }
    if (by && !kept.empty())
      throw bad(by->axis.origin, key, text_of_points(by->axis),
                "'" + kept + "' to be set as well, as " + axis.origin + " pairs " +
                    text_of(axis.keys));
    return by != nullptr;
  }

  static Error twice(const Axis& axis, const std::string& key, const Entry& first) {
    return bad(axis.origin, key, text_of_points(axis),
               "each key once, but it is already set: " + first.axis.origin);
  }

  std::vector<Entry> entries_;
};

// ---- files ----

// What follows `include`; nothing if the line is no include.
std::optional<std::string> include_target(const std::string& line) {
  const std::string word = "include";
  if (split_words(line)[0] != word) return std::nullopt;
  const std::string target(trim(line.substr(word.size())));
  if (target.starts_with('=')) return std::nullopt;  // a key of that name: unknown, and said so
  return target;
}

fs::path included_file(const fs::path& file, const std::string& target, const std::string& origin) {
  const fs::path path = file.parent_path() / target;
  std::error_code error;
  if (target.empty() || !fs::is_regular_file(path, error))
    throw usage_error(origin + ": include: got '" + clipped(target) + "', expected a file; there is no '" +
                      clipped(path.string()) + "'");
  return path;
}

// Files that include each other.
class Reading {
 public:
  explicit Reading(const LineReader& other) : other_(other) {}

  std::vector<Axis> axes(const fs::path& path) {
    open_.push_back(path);
    std::string content = read_file(path);
    if (content.starts_with("\xEF\xBB\xBF")) content.erase(0, 3);  // editors add this mark
    Layers layers;
    int number = 0;
    for (const std::string& text : split(content, '\n')) {
      const std::string origin = path.string() + ":" + std::to_string(++number);
      const std::string line(trim(text.substr(0, text.find('#'))));
      if (line.empty() || (other_ && other_(line, origin))) continue;
      if (const auto target = include_target(line)) {
        for (Axis& axis : included(path, *target, origin)) layers.add_lower(std::move(axis));
      } else {
        layers.add_upper(parse_definition(line, origin));
      }
    }
    open_.pop_back();
    return layers.merged();
  }

 private:
  static constexpr std::size_t deepest = 64, most_files = 1000;

  std::vector<Axis> included(const fs::path& path, const std::string& target,
                             const std::string& origin) {
    const auto refuse = [&](const std::string& expected) {
      return usage_error(origin + ": include: got '" + clipped(target) + "', expected " + expected);
    };
    const fs::path inner = included_file(path, target, origin);
    for (const fs::path& outer : open_)
      if (std::error_code error; fs::equivalent(inner, outer, error))
        throw refuse("a file that is not being read already: a cycle");
    if (open_.size() >= deepest)
      throw refuse("at most " + std::to_string(deepest) + " files within each other");
    if (++files_ > most_files)
      throw refuse("at most " + std::to_string(most_files) + " included files");
    return axes(inner);
  }

  const LineReader& other_;
  std::vector<fs::path> open_;  // that are being read
  std::size_t files_ = 0;
};

void require_few_enough(const std::vector<Axis>& axes) {
  std::size_t runs = 1;
  for (const Axis& axis : axes)
    if ((runs *= axis.points.size()) > Experiment::most_runs)
      throw bad(axis.origin, text_of(axis.keys), std::to_string(axis.points.size()) + " values",
                "fewer: the product of the axes exceeds " + std::to_string(Experiment::most_runs) +
                    " runs");
}

}  // namespace

Experiment::Experiment(std::string name, std::string source, std::vector<Axis> axes,
                       const std::vector<Override>& overrides)
    : name_(std::move(name)), source_(std::move(source)) {
  Layers layers;
  for (Axis& axis : axes) layers.add_lower(std::move(axis));
  for (const Override& o : overrides) layers.add_upper(plain_axis(o.key, o.words, o.origin));
  axes_ = layers.merged();
  require_few_enough(axes_);
}

Experiment Experiment::load(const fs::path& path, const std::vector<Override>& overrides,
                            const LineReader& other) {
  return {path.stem().string(), path.string(), Reading(other).axes(path), overrides};
}

Experiment Experiment::from_flags(const std::vector<Override>& overrides, const std::string& name) {
  return {name, "flags", {}, overrides};
}

std::size_t Experiment::size() const {
  std::size_t runs = 1;
  for (const Axis& axis : axes_) runs *= axis.points.size();
  return runs;
}

std::vector<Settings> Experiment::expand() const {
  std::vector<Settings> runs(1);
  for (const Axis& axis : axes_) {
    std::vector<Settings> finer;
    finer.reserve(runs.size() * axis.points.size());
    for (const Settings& run : runs)
      for (const Tuple& point : axis.points) {
        finer.push_back(run);
        for (std::size_t i = 0; i < point.size(); ++i)
          finer.back().set(axis.keys[i], point[i], axis.origin);
      }
    runs = std::move(finer);
  }
  for (Settings& run : runs) run.resolve();
  return runs;
}

std::vector<std::string> Experiment::varying() const {
  std::vector<std::string> keys;
  for (const Axis& axis : axes_)
    for (std::size_t i = 0; i < axis.keys.size(); ++i)
      if (std::any_of(axis.points.begin(), axis.points.end(),
                      [&](const Tuple& point) { return point[i] != axis.points[0][i]; }))
        keys.push_back(axis.keys[i]);
  return keys;
}

std::string Experiment::resolved() const {
  std::string text = "# Resolved from " + source_ + "\n";
  for (const Axis& axis : axes_) {
    if (for_session(axis.keys[0])) continue;  // it is alone in its axis
    text += text_of(axis.keys) + " = " + text_of_points(axis) + "  # " + axis.origin + "\n";
  }
  return text;
}

}  // namespace ladder::lab
