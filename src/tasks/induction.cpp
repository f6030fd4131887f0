// The induction task: a mark stands once among random tokens and once at the end, where the token
// that followed it is asked for.
#include "ladder/tasks/initial_condition.h"
#include "ladder/tasks/task.h"

namespace ladder::tasks {
namespace {

class Induction : public Task {
 public:
  explicit Induction(const Settings& settings)
      : base_(settings.integer("base")),
        context_(context_reaching(settings, 3)),
        conditions_(places(), base_, context_ - 2) {}

  int vocabulary() const override { return base_ + 1; }  // token `base` is the mark
  int context() const override { return context_; }
  // Where the mark stands, and what follows it.
  double complexity_bits() const override { return bits_of(places()) + bits_of(base_); }
  double chance() const override { return 1.0 / base_; }
  std::string holdout() const override { return conditions_.holdout(); }
  std::string word(int token) const override { return token == base_ ? "M" : Task::word(token); }

  void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const override {
    out.tokens.resize(context_);
    out.targets.assign(context_, -1);
    // Random tokens without the marks, then room for the first.
    const auto random = std::span(out.tokens).first(conditions_.length());
    Draws draws(seed, split, index);
    const int place = conditions_.draw(draws, random);
    for (int t = context_ - 2; t > place; --t) out.tokens[t] = out.tokens[t - 1];
    out.tokens[place] = out.tokens[context_ - 1] = base_;
    out.targets[context_ - 1] = out.tokens[place + 1];
  }

 private:
  int places() const { return context_ - 2; }  // of the first mark: a token must follow

  int base_, context_;
  InitialConditions conditions_;
};

const Registered<TaskPlugin> induction({
    {.name = "induction",
     .rule = "random tokens with a mark M somewhere and at the end; there: what followed the first M",
     .source = "arXiv:2312.00752",
     .reads = {"base"},
     .tiny = {{"base", "4"}}},
    [](const Settings&) { return 24; },
    [](const Settings& s) { return std::make_unique<Induction>(s); },
});

}  // namespace
}  // namespace ladder::tasks
