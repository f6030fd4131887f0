#include "cli/task_text.h"

#include <algorithm>

#include "ladder/base/text.h"

namespace ladder::cli {

using namespace tasks;

std::string described(const Task& task) {
  return "vocabulary " + std::to_string(task.vocabulary()) + ", context " +
         std::to_string(task.context()) + ", complexity " + fixed(task.complexity_bits(), 2) +
         " bits, chance " + fixed(task.chance(), 4) + ", best possible " +
         fixed(task.best_possible(), 4) + ", holdout " + task.holdout();
}

std::string pictured(const Task& task, const Sequence& sequence) {
  std::vector<std::string> tokens = {"tokens"}, targets = {"targets"};
  for (std::size_t t = 0; t < sequence.tokens.size(); ++t) {
    tokens.push_back(task.word(sequence.tokens[t]));
    targets.push_back(sequence.targets[t] < 0 ? "." : task.word(sequence.targets[t]));
    const std::size_t width = std::max(tokens.back().size(), targets.back().size());
    tokens.back() = pad_left(tokens.back(), width + 1);
    targets.back() = pad_left(targets.back(), width + 1);
  }
  tokens[0] = pad_right(tokens[0], targets[0].size());
  return join(tokens, "") + "\n" + join(targets, "") + "\n";
}

}  // namespace ladder::cli
