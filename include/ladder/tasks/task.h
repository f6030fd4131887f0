// A task: a generator of token sequences in which a rule determines some of the tokens.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ladder/base/plugin.h"

namespace ladder::tasks {

// Training and evaluation never share an initial condition, where the task has enough of them.
enum class Split { training, evaluation };

// One sequence of context + 1 tokens: the model reads the first `context` of them and predicts, at
// each position, the next one.
struct Sequence {
  std::vector<int> tokens;       // [context + 1], each in 0 .. vocabulary - 1
  std::vector<char> determined;  // [context + 1]: whether the rule and the tokens before fix it;
                                 // only such tokens are targets. determined[0] is always 0
};

class Task {
 public:
  virtual ~Task() = default;

  virtual int vocabulary() const = 0;          // number of token ids
  virtual int context() const = 0;             // positions that the model reads
  virtual double complexity_bits() const = 0;  // log2 of the number of states of the rule
  virtual double chance() const = 0;           // token accuracy of a guess that ignores the input
  // "hash": evaluation's initial conditions are held out; otherwise "none (why)".
  virtual std::string holdout() const = 0;

  // Sequence number `index` of a split: a pure function of its arguments. Reuses the vectors.
  virtual void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const = 0;
};

struct TaskPlugin : Plugin {
  static constexpr const char* kind = "task";
  static constexpr Group group = Group::task;
  // What context = auto stands for.
  std::function<int(const Settings&)> automatic_context;
  // Throws a usage error where settings do not fit together. Settings must be resolved.
  std::function<std::unique_ptr<Task>(const Settings&)> make;
};

// The task that the (resolved) settings describe.
std::unique_ptr<Task> make_task(const Settings& settings);

// The setting `context`. Throws a usage error if token number `first_target` lies beyond it: there
// would be nothing to predict.
int context_reaching(const Settings& settings, int first_target);

}  // namespace ladder::tasks
