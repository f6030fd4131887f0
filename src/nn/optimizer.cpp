#include "ladder/nn/optimizer.h"

#include <algorithm>

namespace ladder::nn {

static const OptimizerKind& chosen(const Settings& s) {
  return Registry<OptimizerKind>::get(s.text("optimizer"));
}

// "optimizer = adam, adamw": those that read the setting.
static std::string readers(const std::string& setting) {
  std::vector<std::string> names;
  for (const OptimizerKind& kind : Registry<OptimizerKind>::all())
    if (std::find(kind.reads.begin(), kind.reads.end(), setting) != kind.reads.end())
      names.push_back(kind.name);
  return "optimizer = " + join(names, " or ");
}

// A setting that only some optimizers read.
static Setting option(const std::string& name, const std::string& preset, const std::string& meaning,
                      const std::string& source, double minimum, double maximum) {
  Setting setting{name, Group::training, Type::real, preset, meaning, source, minimum, maximum};
  setting.applies = [name](const Settings& s) {
    const auto& reads = chosen(s).reads;
    return std::find(reads.begin(), reads.end(), name) != reads.end();
  };
  setting.applies_when = [name] { return readers(name); };
  return setting;
}

static std::string default_learning_rates() {
  std::vector<std::string> words;
  for (const OptimizerKind& kind : Registry<OptimizerKind>::all())
    words.push_back(kind.name + " " + to_text(kind.learning_rate));
  return join(words, ", ");
}

static const RegisteredSettings settings({
    {"optimizer", Group::training, Type::choice, "sgd", "update rule", "ladder recipe", 0, 0,
     [] { return Registry<OptimizerKind>::names(); }},
    {"learning_rate", Group::training, Type::real, "auto", "step size (before the schedule)",
     "ladder recipe", 0, 1e6, nullptr,
     [](const Settings& s) { return to_text(chosen(s).learning_rate); }, default_learning_rates},
    option("momentum", "0.8", "share of the last update that is kept", "ladder recipe", 0, 1),
    option("weight_decay", "0.01", "decay of every parameter, times the learning rate",
           "arXiv:1711.05101", 0, 1e6),
    option("beta1", "0.9", "decay of the mean of gradients", "arXiv:1412.6980", 0, 0.999999),
    option("beta2", "0.999", "decay of the mean of squared gradients", "arXiv:1412.6980", 0,
           0.999999999),
    option("epsilon", "1e-8", "added to the root of the mean of squares", "arXiv:1412.6980", 1e-30, 1),
});

std::unique_ptr<Optimizer> make_optimizer(const Settings& s, std::size_t parameters) {
  return chosen(s).make(s, parameters);
}

}  // namespace ladder::nn
