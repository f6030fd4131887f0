// Prefix parity: at each of a row of random bits, whether the ones up to and with it are odd in number.
#include "ladder/tasks/initial_condition.h"
#include "ladder/tasks/task.h"

namespace ladder::tasks {
namespace {

class Parity : public Task {
 public:
  explicit Parity(const Settings& settings)
      : context_(context_reaching(settings, 1)), bits_(1, 2, context_) {}

  int vocabulary() const override { return 2; }
  int context() const override { return context_; }
  double complexity_bits() const override { return context_; }
  double chance() const override { return 0.5; }
  std::string holdout() const override { return bits_.holdout(); }

  void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const override {
    out.tokens.resize(context_);
    out.targets.resize(context_);
    Draws draws(seed, split, index);
    bits_.draw(draws, out.tokens);
    int odd = 0;
    for (int t = 0; t < context_; ++t) out.targets[t] = odd ^= out.tokens[t];
  }

 private:
  int context_;
  InitialConditions bits_;
};

const Registered<TaskPlugin> parity({
    {.name = "parity",
     .rule = "random bits; at each: (x[0] + ... + x[t]) mod 2",
     .source = "arXiv:2207.02098, its label asked for at every position"},
    [](const Settings&) { return 24; },
    [](const Settings& s) { return std::make_unique<Parity>(s); },
});

}  // namespace
}  // namespace ladder::tasks
