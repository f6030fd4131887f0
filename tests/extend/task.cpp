// A task of one's own, with a setting of its own: count up in steps that the first two tokens tell.
#include "ladder/tasks/initial_condition.h"
#include "ladder/tasks/task.h"

namespace ladder::tasks {
namespace {

class Count : public Task {
 public:
  explicit Count(const Settings& s)
      : base_(s.integer("count_base")), context_(context_reaching(s, 2)), first_(1, base_, 2) {}

  int vocabulary() const override { return base_; }
  int context() const override { return context_; }
  double complexity_bits() const override { return 2 * bits_of(base_); }
  double chance() const override { return 1.0 / base_; }
  std::string holdout() const override { return first_.holdout(); }

  void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const override {
    Draws draws(seed, split, index);
    out.tokens.resize(context_ + std::size_t{1});
    first_.draw(draws, std::span(out.tokens).first(2));
    for (std::size_t t = 2; t < out.tokens.size(); ++t)
      out.tokens[t] = (2 * out.tokens[t - 1] - out.tokens[t - 2] + base_) % base_;
    predict_next(out, [](std::size_t t) { return t >= 2; });
  }
  bool next_token() const override { return true; }

 private:
  int base_, context_;
  InitialConditions first_;
};

const Registered<TaskPlugin> registered({
    {.name = "count",
     .rule = "x[t] = (2 x[t-1] - x[t-2]) mod count_base",
     .source = "README example",
     .settings = {Setting::integer("count_base", "16", 2, 1024, "number of symbols", "README example")}},
    [](const Settings&) { return 8; },
    [](const Settings& s) { return std::make_unique<Count>(s); },
});

}  // namespace
}  // namespace ladder::tasks
