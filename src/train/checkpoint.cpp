#include "train/checkpoint.h"

#include <algorithm>

namespace ladder::train {

void save_checkpoint(const std::filesystem::path& path, const Settings& settings, Trainer& trainer) {
  Safetensors file;
  for (const Setting* setting : all_settings())
    if (setting->group != Group::session && settings.applies(setting->name))
      file.metadata[setting->name] = settings.text(setting->name);
  file.metadata["steps_done"] = std::to_string(trainer.steps_done());
  const Parameters<float>& parameters = trainer.parameters();
  for (const auto& entry : parameters.entries()) {
    const float* value = parameters.values().data() + entry.offset;
    file.tensors[entry.name] = {{entry.shape.begin(), entry.shape.end()}, {value, value + entry.size}, {}};
  }
  write_safetensors(path, file);
}

Settings checkpoint_settings(const Safetensors& file) {
  if (!file.metadata.contains("task") || !file.metadata.contains("d_model"))
    throw failure("'" + file.path + "' is not a checkpoint of this program: its metadata lack settings");
  Settings settings;
  for (const auto& [key, value] : file.metadata)
    if (key != "steps_done") settings.set(key, value, file.path);
  return settings;
}

static std::uint64_t seed_of(const Settings& settings) {
  return static_cast<std::uint64_t>(settings.big_integer("seed"));
}

HeldOut LoadedModel::held_out() const { return {*task, seed_of(settings)}; }

LoadedModel load_model(const std::filesystem::path& path,
                       const std::function<void(Settings&)>& replace) {
  const Safetensors file = read_safetensors(path);
  Settings s = checkpoint_settings(file);
  const std::uint64_t weight_seed = seed_of(s);
  const std::string context = s.text("context");
  replace(s);
  s.resolve();
  if (s.text("context") != context) require_other_context(s, "context");
  auto task = make_task(s);
  ModelConfig config = model_config(s, task->vocabulary(), task->context());
  require_fitting(file, "", config);
  Parameters<float> parameters = declared_parameters<float>(config);
  load_parameters(file, "", parameters);
  return {std::move(s), weight_seed, std::move(task), std::move(config), std::move(parameters)};
}

void require_fitting(const Safetensors& file, const std::string& prefix, const ModelConfig& c) {
  const auto require = [&](const std::string& name, std::int64_t rows, std::int64_t cols) {
    if (static_cast<std::int64_t>(file.at(prefix + name).size()) != rows * cols)
      throw failure("'" + file.path + "': tensor '" + prefix + name +
                    "' has another shape than the settings say");
  };
  const std::string last = "blocks." + std::to_string(c.layers - 1);
  require("head.weight", c.vocabulary, c.d_model);
  require(last + ".mlp.up.weight", std::int64_t{c.d_model} * c.mlp_ratio, c.d_model);
  if (c.position == Position::learned) require("position.weight", c.context, c.d_model);
}

void load_parameters(const Safetensors& file, const std::string& prefix, Parameters<float>& to) {
  for (const auto& entry : to.entries()) {
    const TensorData& tensor = file.at(prefix + entry.name);
    if (!std::equal(tensor.shape.begin(), tensor.shape.end(), entry.shape.begin(), entry.shape.end()) ||
        tensor.reals.size() != entry.size)
      throw failure("'" + file.path + "': tensor '" + prefix + entry.name + "' has another shape than the model's");
    std::copy(tensor.reals.begin(), tensor.reals.end(), to.values().begin() + entry.offset);
  }
}

}  // namespace ladder::train
