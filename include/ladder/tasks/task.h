// A task: a generator of token sequences, and of what is to be said at some of their positions.
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

// What the model reads, and what it is to say at each position, having read up to and with it.
struct Sequence {
  std::vector<int> tokens;   // [context], each in 0 .. vocabulary - 1
  std::vector<int> targets;  // [context]: a token, or -1: nothing is asked here
};

class Task {
 public:
  virtual ~Task() = default;

  virtual int vocabulary() const = 0;          // number of token ids
  virtual int context() const = 0;             // positions that the model reads
  virtual double complexity_bits() const = 0;  // log2 of the number of states of the rule
  virtual double chance() const = 0;           // accuracy of the best guess that ignores the input
  // Accuracy of the best predictor: below 1 where the tokens read do not determine every target.
  // May take some milliseconds.
  virtual double best_possible() const { return 1; }
  // Whether a target is the token that comes next in the input, so that a model can go on from its
  // own predictions.
  virtual bool next_token() const { return false; }
  // "hash": evaluation's initial conditions are held out; otherwise "none (why)".
  virtual std::string holdout() const = 0;

  // Sequence number `index` of a split: a pure function of its arguments. Reuses the vectors.
  virtual void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const = 0;

  // How a token is printed, without spaces.
  virtual std::string word(int token) const { return std::to_string(token); }
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

// log2.
double bits_of(double states);

// For tasks in which a target is the next token. Of context + 1 tokens, each that is determined(t)
// becomes the target of the position before it; the last is then dropped, as nobody reads it.
template <class Determined>
void predict_next(Sequence& sequence, Determined&& determined) {
  const std::size_t context = sequence.tokens.size() - 1;
  sequence.targets.resize(context);
  for (std::size_t t = 0; t < context; ++t)
    sequence.targets[t] = determined(t + 1) ? sequence.tokens[t + 1] : -1;
  sequence.tokens.pop_back();
}

}  // namespace ladder::tasks
