// The argument CHECKPOINT.
#pragma once

#include "cli/command.h"
#include "train/checkpoint.h"

namespace ladder::cli {

// Its model, with the settings that flags replace. Those without effect on it are told on stderr. Throws as
// load_model does.
train::LoadedModel load_checkpoint(const std::string& path, const Arguments& arguments);

}  // namespace ladder::cli
