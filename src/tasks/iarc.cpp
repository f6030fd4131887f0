// Task switching: control tokens, here and there, say by which of four rules the symbols go on.
// Our reading of a task whose formulas were not available to us, not the paper's task.
#include "ladder/tasks/initial_condition.h"
#include "ladder/tasks/task.h"

namespace ladder::tasks {
namespace {

enum Rule { increment, add, reverse, by_context, rules };

class Iarc : public Task {
 public:
  explicit Iarc(const Settings& settings)
      : base_(settings.integer("base")),
        switch_(settings.real("switch_probability")),
        context_(context_reaching(settings, start + 1)),
        conditions_(1, base_, start) {}

  int vocabulary() const override { return base_ + rules; }  // symbols, then I, A, R, C
  int context() const override { return context_; }
  // The first symbols, and the rules now and before.
  double complexity_bits() const override { return start * bits_of(base_) + 2 * bits_of(rules); }
  double chance() const override { return 1.0 / base_; }
  bool next_token() const override { return true; }
  std::string holdout() const override { return conditions_.holdout(); }
  std::string word(int token) const override {
    return token < base_ ? Task::word(token) : std::string(1, "IARC"[token - base_]);
  }

  void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const override {
    std::vector<int>& x = out.tokens;
    x.resize(context_ + 1);
    Draws draws(seed, split, index);
    conditions_.draw(draws, std::span(x).first(start));
    int rule = increment, rule_before = increment;
    int control = 0, mirror = 0;  // the last control token; what `reverse` said last
    int last = x[start - 1], one_before = x[start - 2];
    for (int t = start; t <= context_; ++t) {
      // The first symbols end with a control token; no two stand side by side.
      if (t == start || (control != t - 1 && draws.uniform() < switch_)) {
        rule_before = rule, rule = draws.below(rules);
        control = mirror = t;
        x[t] = base_ + rule;
        continue;
      }
      int next = 0;
      switch (rule) {
        case increment: next = last + 1; break;
        case add: next = last + one_before; break;
        case reverse:
          do mirror = (mirror == 0 ? control : mirror) - 1;  // from the start: again
          while (x[mirror] >= base_);
          next = x[mirror];
          break;
        case by_context: next = last + 2 + rule_before; break;
      }
      one_before = last;
      x[t] = last = next % base_;
    }
    predict_next(out, [&](std::size_t t) { return t > start && x[t] < base_; });
  }

 private:
  static constexpr int start = 4;  // symbols

  int base_;
  double switch_;
  int context_;
  InitialConditions conditions_;  // the first symbols
};

const Registered<TaskPlugin> iarc({
    {.name = "iarc",
     .rule = "next symbol by the last control token: I x+1, A x+(the one before), R all before it, "
             "backwards, C x+2+(number of the rule before); mod base",
     .source = "after arXiv:2508.04461; our reading, not the paper's task",
     .settings = {Setting::real("switch_probability", "0.125", 0, 1,
                                "of a control token after a symbol", "our reading")},
     .reads = {"base"},
     .tiny = {{"base", "4"}}},
    [](const Settings&) { return 24; },
    [](const Settings& s) { return std::make_unique<Iarc>(s); },
});

}  // namespace
}  // namespace ladder::tasks
