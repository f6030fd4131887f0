#include "climb/space.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "lab/definition.h"
#include "lab/values.h"
#include "ladder/base/math.h"
#include "ladder/base/random.h"
#include "ladder/base/settings.h"
#include "ladder/base/text.h"

namespace ladder::climb {

std::string text_of(const Assignments& assignments) {
  std::vector<std::string> words;
  for (const auto& [key, value] : assignments) words.push_back(key + " " + value);
  return join(words, ", ");
}

// ---- the sequence -------------------------------------------------------------------------------

static constexpr std::array primes = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53};

double halton(std::uint64_t index, int dimension, std::uint64_t seed) {
  const int prime = primes[static_cast<std::size_t>(dimension)];
  const Random random(seed, static_cast<std::uint32_t>(dimension));
  double value = 0, width = 1;
  std::vector<int> permuted(static_cast<std::size_t>(prime));
  // Digits beyond these are below the value's last bit.
  for (std::uint64_t place = 0; width > 1e-16; ++place, index /= prime) {
    std::iota(permuted.begin(), permuted.end(), 0);
    for (int i = prime - 1; i > 0; --i)
      std::swap(permuted[i], permuted[random.below(i + 1, place, static_cast<std::uint32_t>(i))]);
    width /= prime;
    value += permuted[index % prime] * width;
  }
  return std::min(value, 1 - 0x1p-53);
}

// ---- definitions --------------------------------------------------------------------------------

// In canonical form. Throws as Settings::set does.
static std::string checked(const std::string& key, const std::string& word, const std::string& origin) {
  Settings probe;
  probe.set(key, word, origin);
  return probe.typed(key);
}

Space::Cell Space::cell(const std::string& key, const std::string& text, const std::string& origin) {
  const auto words = split_words(text);
  const auto dots = text.find("..");
  if (words.size() == 1 && dots == std::string::npos) {
    Cell cell;
    cell.word = checked(key, words[0], origin);
    return cell;
  }
  const Setting* setting = find_setting(key);
  Cell cell;
  if (!setting) return checked(key, text, origin), cell;  // throws, and says what is near
  cell.range = true, cell.logarithmic = words.size() == 2 && words[1] == "log";
  cell.whole = setting->type == Type::integer;
  std::optional<double> low, high;
  if (dots != std::string::npos) {
    low = parse_real(std::string_view(text).substr(0, dots));
    high = parse_real(std::string_view(words[0]).substr(dots + 2));
  }
  const bool numeric = setting->type == Type::integer || setting->type == Type::real;
  if (!numeric || !low || !high || *low >= *high || words.size() != 1u + cell.logarithmic ||
      (cell.logarithmic && *low <= 0))
    throw lab::bad_value(origin, key, text,
              numeric ? "a value, or a range from low to high such as 0.001..0.1 or 0.001..0.1 log"
                      : "a value: only numbers have ranges");
  checked(key, to_text(*low), origin), checked(key, to_text(*high), origin);
  cell.low = *low, cell.high = *high;
  return cell;
}

void Space::add(const std::string& definition, const std::string& origin) {
  const auto equals = definition.find('=');
  if (equals == std::string::npos)
    throw usage_error(origin + ": got '" + clipped(definition) +
                      "', expected 'search: key = value ...' or 'search: key = low..high log'");
  const std::string left(trim(definition.substr(0, equals)));
  const std::string right(trim(definition.substr(equals + 1)));
  Dimension dimension;
  std::vector<std::vector<std::string>> texts;
  if (left.starts_with('(')) {
    dimension.keys = lab::paired_keys(left, origin);
    const auto values = lab::parse_tuples(right);
    if (!values || values->empty() ||
        std::any_of(values->begin(), values->end(),
                    [&](const auto& tuple) { return tuple.size() != dimension.keys.size(); }))
      throw lab::bad_value(origin, left, right,
                "tuples of " + std::to_string(dimension.keys.size()) + " values, one for each key");
    texts = *values;
  } else {
    dimension.keys = {lab::name_of_today(left)};
    for (const std::string& word : split_words(right)) {
      if (word == "log" && !texts.empty()) texts.back()[0] += " log";
      else texts.push_back({word});
    }
    if (texts.empty()) texts = {{""}};  // which no setting accepts: the message says what it does
  }
  for (const std::string& key : dimension.keys)
    if (std::find(keys_.begin(), keys_.end(), key) != keys_.end())
      throw lab::bad_value(origin, key, right, "each key once; it is searched already");
    else keys_.push_back(key);
  for (const auto& tuple : texts) {
    auto& choice = dimension.choices.emplace_back();
    for (std::size_t i = 0; i < tuple.size(); ++i)
      choice.push_back(cell(dimension.keys[i], tuple[i], origin));
  }
  dimensions_.push_back(std::move(dimension));
  definitions_.push_back(definition);
  std::size_t sequences = 0;
  for (const Dimension& each : dimensions_) sequences += 1 + each.keys.size();
  if (sequences > primes.size())
    throw usage_error(origin + ": a search of at most " + std::to_string(primes.size() / 2) + " keys");
}

// ---- recipes ------------------------------------------------------------------------------------

// With two digits: more of them decide nothing, and people read them.
static double rounded(double x, bool whole) {
  if (whole) return std::round(x);
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, x, std::chars_format::scientific, 1).ptr;
  return *parse_real(std::string_view(digits, end));
}

std::string Space::value(const Cell& cell, double u) {
  if (!cell.range) return cell.word;
  const double x = cell.logarithmic ? cell.low * math::exp(u * math::log(cell.high / cell.low))
                                    : cell.low + u * (cell.high - cell.low);
  return to_text(std::clamp(rounded(x, cell.whole), cell.low, cell.high));
}

Assignments Space::recipe(std::uint64_t index, std::uint64_t seed) const {
  Assignments recipe;
  int sequence = 0;
  for (const Dimension& dimension : dimensions_) {
    const auto count = dimension.choices.size();
    std::size_t chosen = 0;
    if (count > 1)
      chosen = static_cast<std::size_t>(halton(index, sequence++, seed) * static_cast<double>(count));
    for (std::size_t i = 0; i < dimension.keys.size(); ++i) {
      const bool ranged = std::any_of(dimension.choices.begin(), dimension.choices.end(),
                                      [&](const auto& choice) { return choice[i].range; });
      const double u = ranged ? halton(index, sequence++, seed) : 0;
      recipe.emplace_back(dimension.keys[i], value(dimension.choices[chosen][i], u));
    }
  }
  return recipe;
}

std::vector<Assignments> Space::recipes(int count, std::uint64_t seed) const {
  std::vector<Assignments> recipes;
  std::set<Assignments> seen;
  for (std::uint64_t index = 0; static_cast<int>(recipes.size()) < count && index < 20u * count; ++index) {
    Assignments next = recipe(index, seed);
    if (seen.insert(next).second) recipes.push_back(std::move(next));
  }
  return recipes;
}

struct Space::Edge {
  std::size_t place;  // in the recipe
  const Cell* cell;
  bool low;
};

std::vector<Space::Edge> Space::edges_of(const std::vector<Assignments>& recipes, std::size_t which) const {
  std::vector<Edge> edges;
  std::size_t place = 0;
  for (const Dimension& dimension : dimensions_) {
    const std::size_t first = place;
    place += dimension.keys.size();
    // The choice that a recipe has: its words agree.
    const auto same_choice = [&](const Assignments& recipe, const std::vector<Cell>& choice) {
      for (std::size_t i = 0; i < choice.size(); ++i)
        if (!choice[i].range && choice[i].word != recipe[first + i].second) return false;
      return true;
    };
    const auto choice = std::find_if(dimension.choices.begin(), dimension.choices.end(),
                                     [&](const auto& each) { return same_choice(recipes[which], each); });
    for (std::size_t i = 0; i < dimension.keys.size(); ++i) {
      if (!(*choice)[i].range) continue;
      const double mine = *parse_real(recipes[which][first + i].second);
      bool smallest = true, largest = true;
      for (const Assignments& other : recipes) {
        if (!same_choice(other, *choice)) continue;
        const double value = *parse_real(other[first + i].second);
        smallest = smallest && mine <= value;
        largest = largest && mine >= value;
      }
      if (smallest != largest) edges.push_back({first + i, &(*choice)[i], smallest});  // else the only one
    }
  }
  return edges;
}

std::vector<std::string> Space::edges(const std::vector<Assignments>& recipes, std::size_t which) const {
  std::vector<std::string> texts;
  for (const Edge& edge : edges_of(recipes, which)) {
    const auto& [key, value] = recipes[which][edge.place];
    texts.push_back(key + " " + value + " is the " + (edge.low ? "smallest" : "largest") + " tried");
  }
  return texts;
}

static constexpr int quarters = 3;

std::vector<std::pair<int, Assignments>> Space::beyond(const std::vector<Assignments>& recipes,
                                                       std::size_t which) const {
  std::vector<std::pair<int, Assignments>> further;
  for (const Edge& edge : edges_of(recipes, which)) {
    const Setting& setting = *find_setting(keys_[edge.place]);
    Cell wide = *edge.cell;  // with the setting's own limits, for rounding
    for (int quarter = 0; quarter < quarters; ++quarter) {
      const double part = 0.25 * (quarter + 1), width = wide.high - wide.low;
      const double factor = wide.logarithmic ? math::exp(part * math::log(wide.high / wide.low)) : 0;
      double value = edge.low ? (wide.logarithmic ? wide.low / factor : wide.low - part * width)
                              : (wide.logarithmic ? wide.high * factor : wide.high + part * width);
      value = rounded(std::clamp(value, setting.minimum, setting.maximum), wide.whole);
      if (value < setting.minimum || value > setting.maximum) continue;
      Assignments recipe = recipes[which];
      recipe[edge.place].second = to_text(value);
      if (!further.empty() && further.back().second == recipe) continue;
      const int number = (static_cast<int>(which * keys_.size() + edge.place) * 2 + edge.low) * quarters + quarter;
      further.emplace_back(number, std::move(recipe));
    }
  }
  return further;
}

}  // namespace ladder::climb
