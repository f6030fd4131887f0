// Checkpoints: safetensors files with the parameters by name and all settings as metadata. One of a
// run on its way also has what the run goes on from: the optimizer's buffers, as tensors
// optimizer.0, ..., and, as metadata run.*, its step and the result so far.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/safetensors.h"
#include "train/run.h"
#include "train/trainer.h"

namespace ladder::train {

// The metadata have the settings, steps_done, and about the file: ladder.format (checkpoint 1),
// ladder.version, ladder.vocabulary, ladder.accuracy (if it is known). Throws a failure if the file
// cannot be written.
void save_checkpoint(const std::filesystem::path& path, const Settings& settings, Trainer& trainer,
                     double accuracy = RunResult::unknown);

void save_progress(const std::filesystem::path& path, const Settings& settings, Trainer& trainer,
                   const RunResult& result);
// Sets the trainer and the result to what they were. Throws a failure, and changes neither, if the
// file is damaged or another run's; a shorter run's beginning of this one will do.
void load_progress(const std::filesystem::path& path, const Settings& settings, Trainer& trainer,
                   RunResult& result);

// The settings that a checkpoint was trained with; session settings stay at their presets. Throws a
// failure if it is no checkpoint, a usage error if a setting in it is unknown or out of range.
Settings checkpoint_settings(const Safetensors& file);

// Throws a failure if the file cannot hold the parameters of such a model: to be asked before memory
// is taken for one whose sizes come from a file.
void require_fitting(const Safetensors& file, const std::string& prefix, const ModelConfig& config);

// Throws a failure that names a tensor with numbers that are not finite: what is measured with it would
// look like a result.
void require_finite(const Safetensors& file);

// A checkpoint's model, ready to be measured.
struct LoadedModel {
  Settings settings;  // as trained, but for what was replaced; resolved
  std::uint64_t weight_seed;  // of its initial weights
  std::unique_ptr<Task> task;
  ModelConfig config;
  Parameters<float> parameters;

  HeldOut held_out() const;
};
// `replace` changes settings before they are resolved. Throws as the functions below.
LoadedModel load_model(const std::filesystem::path& path,
                       const std::function<void(Settings&)>& replace);

// Copies the tensors into the parameters of the same names. `prefix` stands before the names in the
// file. Throws a failure if one is missing, or has another shape.
void load_parameters(const Safetensors& file, const std::string& prefix, Parameters<float>& to);

}  // namespace ladder::train
