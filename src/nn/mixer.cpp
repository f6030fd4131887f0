#include "ladder/nn/mixer.h"

#include <algorithm>

namespace ladder::nn {

static Setting choice() {
  Setting setting = Setting::choice("", "attention", {},
                                    "what a block mixes tokens with; a+b: one a layer",
                                    "the question of this program");
  setting.type = Type::choices;
  return setting;
}

static Setting shared(Setting setting) {
  setting.always = false;
  return setting;
}

static const RegisteredKind<MixerPlugin> kind({
    .choice = choice(),
    .shared = {shared(Setting::integer("heads", "4", 1, 1024, "attention heads; must divide d_model",
                                       "ladder recipe")),
               shared(Setting::toggle("scale", "off", "divide query.key by sqrt(head size)",
                                      "ladder recipe")),
               shared(Setting::real("qk_gain", "1", 0, 1e6,
                                    "factor on initial query and key weights", "ladder recipe"))},
    .rule = "output for token i",
});

std::vector<std::shared_ptr<const Mixer>> make_mixers(const Settings& s, int layers,
                                                      const MixerShape& shape) {
  const std::vector<std::string> names = s.list("mixer");
  if (names.size() != 1 && static_cast<int>(names.size()) != layers)
    throw s.invalid("mixer", "one name, or one for each of the " + std::to_string(layers) + " layers");
  std::vector<std::shared_ptr<const Mixer>> mixers;
  for (int i = 0; i < layers; ++i) {
    const auto& plugin = Registry<MixerPlugin>::get(names[names.size() == 1 ? 0 : i]);
    if (const auto& able = plugin.positions;
        std::find(able.begin(), able.end(), shape.position) == able.end())
      throw s.invalid("position", "one of " + join(able, ", ") + " with mixer = " + plugin.name);
    mixers.push_back(plugin.make(s, shape));
  }
  return mixers;
}

}  // namespace ladder::nn
