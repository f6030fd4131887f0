#include "lab/layers.h"

#include <algorithm>

#include "lab/values.h"

namespace ladder::lab {

static bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

static Error twice(const Axis& axis, const std::string& key, const Axis& first) {
  return bad_value(axis.origin, key, axis.points_text(),
                   "each key once, but it is already set: " + first.origin);
}

Layers::Layers(Block lower) : filters_(std::move(lower.filters)) {
  for (Axis& axis : lower.axes) entries_.push_back({std::move(axis), false});
}

void Layers::add_lower(Axis axis) {
  if (!axis.where)
    for (const std::string& key : axis.keys)
      if (const Entry* entry = find(key, {})) throw twice(axis, key, entry->axis);
  entries_.push_back({std::move(axis), false});
}

void Layers::add_upper(Axis axis) {
  auto place = entries_.end();
  for (const std::string& key : axis.keys) {
    if (const Entry* entry = find(key, axis.where, true)) throw twice(axis, key, entry->axis);
    if (const Entry* entry = axis.where ? nullptr : find(key, {}, false))
      place = std::min(place, entries_.begin() + (entry - entries_.data()));
  }
  entries_.insert(place, {std::move(axis), true});
}

Block Layers::merged() const {
  Block block{{}, filters_};
  for (const Entry& entry : entries_)
    if (entry.upper || !replaced(entry.axis)) block.axes.push_back(entry.axis);
  return block;
}

// The definition of a key under the same condition, or without any.
const Layers::Entry* Layers::find(const std::string& key, const std::optional<Condition>& where,
                                  std::optional<bool> upper) const {
  const auto text = [](const std::optional<Condition>& condition) { return condition ? condition->text : ""; };
  for (const Entry& entry : entries_)
    if (text(entry.axis.where) == text(where) && contains(entry.axis.keys, key) &&
        entry.upper == upper.value_or(entry.upper))
      return &entry;
  return nullptr;
}

// Whether the upper layer defines the axis' keys: all or none.
bool Layers::replaced(const Axis& axis) const {
  const Entry* by = nullptr;
  std::string key, kept;
  for (const std::string& candidate : axis.keys) {
    const Entry* entry = find(candidate, {}, true);
    if (!entry) kept = candidate;
    else if (!by) by = entry, key = candidate;
  }
  if (by && !kept.empty())
    throw bad_value(by->axis.origin, key, by->axis.points_text(),
                    "'" + kept + "' to be set as well, as " + axis.origin + " pairs " +
                        axis.keys_text());
  return by != nullptr;
}

}  // namespace ladder::lab
