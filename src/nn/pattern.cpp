#include "ladder/nn/pattern.h"

namespace ladder::nn {

static const RegisteredKind<PatternPlugin> kind({
    .choice = Setting::choice("", "full", {}, "which keys a query may see", "ladder recipe"),
    .always = false,
    .rule = "key j is legal for query i",
});

std::shared_ptr<const Pattern> make_pattern(const Settings& settings) {
  return Registry<PatternPlugin>::get(settings.text("pattern")).make(settings);
}

}  // namespace ladder::nn
