// A block of definitions, and what may redefine what: the upper layer replaces the lower.
#pragma once

#include <optional>
#include <vector>

#include "lab/definition.h"

namespace ladder::lab {

// What a block of an experiment file says: its runs are the product of the axes, but for those that
// the filters leave out.
struct Block {
  std::vector<Axis> axes;  // in order; those with a condition count after all others
  std::vector<Filter> filters;
};

// Two layers of definitions, each with every key at most once. A key that is redefined loses the
// lower layer's conditional definitions (where), too. All throw a usage error.
class Layers {
 public:
  explicit Layers(Block lower = {});

  // The lower definition must come first: otherwise it would be unclear which one is meant.
  void add_lower(Axis axis);
  void add_upper(Axis axis);
  void add_filter(Filter filter) { filters_.push_back(std::move(filter)); }
  Block merged() const;

 private:
  struct Entry {
    Axis axis;
    bool upper;
  };
  const Entry* find(const std::string& key, const std::optional<Condition>& where,
                    std::optional<bool> upper = std::nullopt) const;
  bool replaced(const Axis& axis) const;

  std::vector<Entry> entries_;
  std::vector<Filter> filters_;
};

}  // namespace ladder::lab
