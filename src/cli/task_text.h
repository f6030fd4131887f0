// Tasks and their sequences, for people.
#pragma once

#include <string>

#include "ladder/tasks/task.h"

namespace ladder::cli {

// "vocabulary 8, context 24, complexity 12.00 bits, chance 0.1250, ...": one line, not ended.
std::string described(const tasks::Task& task);

// Two lines: the tokens, and below each the target, or a dot where there is none.
std::string pictured(const tasks::Task& task, const tasks::Sequence& sequence);

}  // namespace ladder::cli
