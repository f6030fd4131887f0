#include "ladder/nn/pattern.h"

namespace ladder::nn {

static const RegisteredKind<PatternPlugin> kind({
    .choice = Setting::choice("", "full", {}, "which keys a query may see", "ladder recipe"),
    .always = false,
    .rule = "key j is legal for query i",
});

Pattern::Keys Pattern::next(int query, int key) const {
  while (key <= query && !legal(query, key)) ++key;
  int end = key;
  while (end <= query && legal(query, end)) ++end;
  return {key, end};
}

std::shared_ptr<const Pattern> make_pattern(const Settings& settings) {
  return Registry<PatternPlugin>::get(settings.text("pattern")).make(settings);
}

}  // namespace ladder::nn
