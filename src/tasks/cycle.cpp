// Cycle navigation: random steps around a cycle of `base` places; at each step, the place reached.
#include <algorithm>

#include "ladder/tasks/initial_condition.h"
#include "ladder/tasks/task.h"

namespace ladder::tasks {
namespace {

class Cycle : public Task {
 public:
  explicit Cycle(const Settings& settings)
      : base_(settings.integer("base")),
        largest_(settings.integer("largest_step")),
        context_(context_reaching(settings, 1)),
        steps_(1, kinds(), context_) {}

  // Token s + largest_step is the step s; the target y is the place y.
  int vocabulary() const override { return std::max(base_, kinds()); }
  int context() const override { return context_; }
  double complexity_bits() const override { return context_ * bits_of(base_); }
  // Says the likeliest place at each position: in the beginning one is near the start.
  double chance() const override {
    std::vector<double> probability(base_), next(base_);
    probability[0] = 1;
    double sum = 0;
    for (int t = 0; t < context_; ++t) {
      // next[y] = mean of the `kinds` places around y, as a sliding sum
      double around = 0;
      for (int step = -largest_; step <= largest_; ++step) around += probability[place(step)];
      for (int y = 0; y < base_; ++y) {
        next[y] = around / kinds();
        around += probability[place(y + largest_ + 1)] - probability[place(y - largest_)];
      }
      probability.swap(next);
      sum += *std::max_element(probability.begin(), probability.end());
    }
    return sum / context_;
  }
  std::string holdout() const override { return steps_.holdout(); }

  void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const override {
    out.tokens.resize(context_);
    out.targets.resize(context_);
    Draws draws(seed, split, index);
    steps_.draw(draws, out.tokens);
    int y = 0;
    for (int t = 0; t < context_; ++t) out.targets[t] = y = place(y + out.tokens[t] - largest_);
  }

 private:
  int kinds() const { return 2 * largest_ + 1; }
  int place(int y) const { return (y % base_ + base_) % base_; }

  int base_, largest_, context_;
  InitialConditions steps_;
};

const Registered<TaskPlugin> cycle({
    {.name = "cycle",
     .rule = "random steps s in -largest_step .. largest_step, as tokens s + largest_step; at each: "
             "(s[0] + ... + s[t]) mod base",
     .source = "arXiv:2207.02098, its label asked for at every position",
     .settings = {Setting::integer("largest_step", "1", 1, 511, "around the cycle, either way",
                                   "arXiv:2207.02098")},
     .reads = {"base"},
     .tiny = {{"base", "4"}}},
    [](const Settings&) { return 24; },
    [](const Settings& s) { return std::make_unique<Cycle>(s); },
});

}  // namespace
}  // namespace ladder::tasks
