#include "train/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/checksum.h"
#include "base/version.h"

namespace ladder::train {

static const std::string progress = "run.";  // what the names of a run's own metadata begin with

static const std::string about = "ladder.";   // and those about the file

static Safetensors content_of(const Settings& settings, Trainer& trainer) {
  Safetensors file;
  for (const Setting* setting : all_settings())
    if (setting->changes_results() && settings.applies(setting->name))
      file.metadata[setting->name] = settings.text(setting->name);
  file.metadata["steps_done"] = std::to_string(trainer.steps_done());
  file.metadata[about + "format"] = "checkpoint 1";
  file.metadata[about + "version"] = version();
  file.metadata[about + "vocabulary"] = std::to_string(trainer.task().vocabulary());
  const Parameters<float>& parameters = trainer.parameters();
  for (const auto& entry : parameters.entries()) {
    const float* value = parameters.values().data() + entry.offset;
    file.tensors[entry.name] = {{entry.shape.begin(), entry.shape.end()}, {value, value + entry.size}, {}};
  }
  return file;
}

void save_checkpoint(const std::filesystem::path& path, const Settings& settings, Trainer& trainer,
                     double accuracy) {
  Safetensors file = content_of(settings, trainer);
  if (!std::isnan(accuracy)) file.metadata[about + "accuracy"] = to_text(accuracy);
  write_safetensors(path, file, Durable::yes);
}

// ---- a run on its way ---------------------------------------------------------------------------

static Error damaged(const Safetensors& file, const std::string& what) {
  return failure("'" + file.path + "' cannot be gone on from: " + what);
}

static const std::string& metadata(const Safetensors& file, const std::string& name) {
  const auto found = file.metadata.find(name);
  if (found == file.metadata.end()) throw damaged(file, "it has no '" + name + "'");
  return found->second;
}

static double real_of(const Safetensors& file, const std::string& name, std::string_view text) {
  const auto value = parse_real(text);
  if (!value) throw damaged(file, name + " is '" + clipped(text) + "', no number");
  return *value;
}

static int whole_of(const Safetensors& file, const std::string& name, std::string_view text) {
  const auto value = parse_integer(text);
  if (!value || *value < -1 || *value > std::numeric_limits<int>::max())
    throw damaged(file, name + " is '" + clipped(text) + "', no number of steps");
  return static_cast<int>(*value);
}

// Of a file whose metadata have none yet.
static std::string checksum_of(const Safetensors& file) { return checksum(bytes_of(file)); }

void save_progress(const std::filesystem::path& path, const Settings& settings, Trainer& trainer,
                   const RunResult& result) {
  Safetensors file = content_of(settings, trainer);
  const auto keep = [&](const char* name, const std::string& text) {
    file.metadata[progress + name] = text;
  };
  if (!std::isnan(result.initial_z)) keep("initial_z", to_text(result.initial_z));  // not all mixers have a z
  keep("loss", to_text(result.evaluation.loss));
  keep("accuracy", to_text(result.evaluation.accuracy));
  keep("sequence_accuracy", to_text(result.evaluation.sequence_accuracy));
  keep("step_solved", std::to_string(result.step_solved));
  keep("seconds", to_text(result.seconds));
  keep("curve", curve_text(result.curve));
  const Optimizer::State state = trainer.optimizer().state();
  if (state.step) keep("optimizer_step", std::to_string(*state.step));
  for (std::size_t i = 0; i < state.buffers.size(); ++i) {
    const auto& buffer = state.buffers[i];
    file.tensors["optimizer." + std::to_string(i)] = {
        {static_cast<std::int64_t>(buffer.size())}, {buffer.begin(), buffer.end()}, {}};
  }
  keep("checksum", checksum_of(file));
  write_safetensors(path, file, Durable::yes);
}

void load_progress(const std::filesystem::path& path, const Settings& settings, Trainer& trainer,
                   RunResult& result) {
  Safetensors file = read_safetensors(path);
  const std::string sum = metadata(file, progress + "checksum");
  file.metadata.erase(progress + "checksum");
  if (sum != checksum_of(file)) throw damaged(file, "its checksum is not that of its content");
  require_finite(file);
  for (const Setting* setting : all_settings())
    if (setting->changes_results() && settings.applies(setting->name) &&
        !(setting->name == "steps" && begins_longer_runs(settings)) && metadata(file, setting->name) != settings.text(setting->name))
      throw damaged(file, "there " + setting->name + " is " +
                              clipped(metadata(file, setting->name)) + ", in this run " +
                              settings.text(setting->name));
  const auto real = [&](const char* name) {
    return real_of(file, name, metadata(file, progress + name));
  };
  RunResult loaded = result;
  if (file.metadata.contains(progress + "initial_z")) loaded.initial_z = real("initial_z");
  loaded.evaluation = {real("loss"), real("accuracy"), real("sequence_accuracy")};
  loaded.step_solved = whole_of(file, "step_solved", metadata(file, progress + "step_solved"));
  loaded.seconds = real("seconds");
  const auto curve = parse_curve(metadata(file, progress + "curve"));
  if (!curve) throw damaged(file, "its curve cannot be read");
  loaded.curve = *curve;
  const int step = whole_of(file, "steps_done", metadata(file, "steps_done"));
  if (loaded.curve.empty() || loaded.curve.back().step > step || step > settings.integer("steps"))
    throw damaged(file, "its steps and its curve do not fit together");

  // All is looked at before any of it is taken.
  Parameters<float> parameters = trainer.parameters();
  load_parameters(file, "", parameters);
  const Optimizer::State state = trainer.optimizer().state();
  std::vector<const TensorData*> tensors;
  for (std::size_t i = 0; i < state.buffers.size(); ++i) {
    tensors.push_back(&file.at("optimizer." + std::to_string(i)));
    if (tensors[i]->reals.size() != state.buffers[i].size())
      throw damaged(file, "the optimizer's state has another size");
  }
  if (state.step)
    *state.step = whole_of(file, "optimizer_step", metadata(file, progress + "optimizer_step"));
  for (std::size_t i = 0; i < tensors.size(); ++i)
    std::copy(tensors[i]->reals.begin(), tensors[i]->reals.end(), state.buffers[i].begin());
  // In place: the networks point to them.
  std::copy(parameters.values().begin(), parameters.values().end(), trainer.parameters().values().begin());
  trainer.resume_at(step);
  result = std::move(loaded);
}

// ---- reading ------------------------------------------------------------------------------------

Settings checkpoint_settings(const Safetensors& file) {
  if (!file.metadata.contains("task") || !file.metadata.contains("d_model"))
    throw failure("'" + file.path + "' is not a checkpoint of this program: its metadata lack settings");
  Settings settings;
  for (const auto& [key, value] : file.metadata)
    if (key != "steps_done" && !key.starts_with(progress) && !key.starts_with(about)) settings.set(key, value, file.path);
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
  auto task = make_task(s);
  ModelConfig config = model_config(s, task->vocabulary(), task->context());
  if (s.text("context") != context) require_other_context(s, config, "context");
  require_fitting(file, "", config);
  require_finite(file);
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

void require_finite(const Safetensors& file) {
  for (const auto& [name, tensor] : file.tensors)
    if (!std::all_of(tensor.reals.begin(), tensor.reals.end(), [](float x) { return std::isfinite(x); }))
      throw failure("'" + file.path + "': tensor '" + clipped(name) +
                    "' has numbers that are not finite: a model that has diverged");
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
