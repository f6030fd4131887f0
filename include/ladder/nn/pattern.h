// A pattern says which keys a query of attention may see, beside the causal rule. Each is one file in
// src/nn/patterns/ that registers itself. What it skips is never computed.
#pragma once

#include <functional>
#include <memory>

#include "ladder/base/plugin.h"

namespace ladder::nn {

class Pattern {
 public:
  virtual ~Pattern() = default;
  // For positions key <= query, while recording. legal(i, i) must hold.
  virtual bool legal(int query, int key) const = 0;
  // The first legal key at or after `key` and those legal that follow it (all, or some), ending at
  // query + 1 at the latest; an empty run there if none is left. Worth a definition of its own where legal keys are few, or lie side by side: long
  // contexts have many pairs.
  struct Keys {
    int begin, end;
  };
  virtual Keys next(int query, int key) const;
  // Above 0: of the legal keys each query sees only so many, those with the largest weight (the
  // earlier key of equal ones), chosen anew for every sequence and head.
  virtual int most_keys() const { return 0; }
};

struct PatternPlugin : Plugin {
  static constexpr const char* kind = "pattern";
  static constexpr Group group = Group::model;
  std::function<std::shared_ptr<const Pattern>(const Settings&)> make;
};

// The pattern that the (resolved) settings name.
std::shared_ptr<const Pattern> make_pattern(const Settings& settings);

}  // namespace ladder::nn
