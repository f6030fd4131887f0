#include "ladder/nn/optimizer.h"

namespace ladder::nn {

static const OptimizerPlugin& chosen(const Settings& s) {
  return Registry<OptimizerPlugin>::get(s.text("optimizer"));
}

static std::string default_learning_rates() {
  std::vector<std::string> words;
  for (const OptimizerPlugin& plugin : Registry<OptimizerPlugin>::all())
    words.push_back(plugin.name + " " + to_text(plugin.learning_rate));
  return join(words, ", ");
}

static Setting option(std::string name, std::string preset, double maximum, std::string meaning,
                      std::string source) {
  Setting setting = Setting::real(std::move(name), std::move(preset), 0, maximum, std::move(meaning), std::move(source));
  setting.always = false;
  return setting;
}

static const RegisteredKind<OptimizerPlugin> kind({
    .choice = Setting::choice("", "adam", {}, "update rule", "ladder recipe"),
    .shared = {Setting::real("learning_rate", "auto", 0, 1e6, "step size (before the schedule)",
                             "ladder recipe")
                   .automatically([](const Settings& s) { return to_text(chosen(s).learning_rate); },
                                  default_learning_rates),
               option("weight_decay", "0.01", 1e6,
                      "decay of every parameter, times the learning rate", "arXiv:1711.05101"),
               option("beta1", "0.9", 0.999999, "decay of the mean of gradients", "arXiv:1412.6980"),
               option("beta2", "0.999", 0.999999999, "decay of the mean of squared gradients",
                      "arXiv:1412.6980")},
    .rule = "update",
});

std::unique_ptr<Optimizer> make_optimizer(const Settings& s, std::size_t parameters) {
  return chosen(s).make(s, parameters);
}

}  // namespace ladder::nn
