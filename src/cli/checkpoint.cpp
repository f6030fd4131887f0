#include "cli/checkpoint.h"

#include <iostream>

namespace ladder::cli {

train::LoadedModel load_checkpoint(const std::string& path, const Arguments& arguments) {
  train::LoadedModel model =
      train::load_model(path, [&](Settings& settings) { replace_settings(settings, arguments.settings); });
  for (const Override& given : arguments.settings)  // the file's own are not what was typed
    if (const std::string note = model.settings.without_effect(given.key); !note.empty())
      std::cerr << "note: " << note << "\n";
  return model;
}

}  // namespace ladder::cli
