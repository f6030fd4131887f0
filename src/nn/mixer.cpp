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

template <class T>
Tensor<T> step_by_whole(const Mixer& mixer, Recorder<T>& r, const std::string& name, Tensor<T> x) {
  struct Whole {
    Graph<T> graph{Graph<T>::Purpose::inference};
    Tensor<T> x, out;
  };
  const auto whole = std::make_shared<Whole>();
  Recorder<T> recorder = r.whole(whole->graph);
  whole->x = whole->graph.leaf(r.batch * r.context, x.cols());
  whole->out = mixer.record(recorder, name, whole->x).out;
  const Tensor<T> y = r.graph.tensor(r.batch, x.cols());
  const int context = r.context;
  r.graph.record(
      {x}, {y},
      [=, position = r.position] {
        if (*position == 0) std::fill_n(whole->x.value(), whole->x.size(), T(0));
        const auto row = [&](int b) { return static_cast<std::ptrdiff_t>(b) * context + *position; };
        for (int b = 0; b < x.rows(); ++b)
          std::copy_n(x.value() + b * x.stride(), x.cols(), whole->x.value() + row(b) * whole->x.stride());
        whole->graph.forward(*position == 0 ? Graph<T>::Weights::new_ones : Graph<T>::Weights::same);
        for (int b = 0; b < x.rows(); ++b)
          std::copy_n(whole->out.value() + row(b) * whole->out.stride(), x.cols(), y.value() + b * y.stride());
      },
      [](Writes) {});
  return y;
}

template Tensor<float> step_by_whole(const Mixer&, Recorder<float>&, const std::string&, Tensor<float>);
template Tensor<double> step_by_whole(const Mixer&, Recorder<double>&, const std::string&, Tensor<double>);

}  // namespace ladder::nn
