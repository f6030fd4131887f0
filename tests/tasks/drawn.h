// What tests of tasks share.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ladder/tasks/task.h"

namespace ladder::tasks {

inline std::unique_ptr<Task> task_with(const Choices& choices) {
  Settings settings;
  for (const auto& [key, value] : choices) settings.set(key, value, "test:1");
  settings.resolve();
  return make_task(settings);
}

inline Sequence drawn(const Task& task, std::uint64_t seed, Split split, std::uint64_t index) {
  Sequence sequence;
  task.draw(seed, split, index, sequence);
  return sequence;
}

// What a usage error says about the settings; empty if there is none.
inline std::string usage_message(const Choices& choices) {
  try {
    task_with(choices);
  } catch (const Error& error) {
    return error.code() == ExitCode::usage ? error.what() : "";
  }
  return "";
}

}  // namespace ladder::tasks
