// Selective copying: a few items at random places among blanks, then as many markers, at which the
// items are asked for in their order.
#include "ladder/tasks/initial_condition.h"
#include "ladder/tasks/task.h"

namespace ladder::tasks {
namespace {

class SelectiveCopy : public Task {
 public:
  explicit SelectiveCopy(const Settings& settings)
      : base_(settings.integer("base")),
        conditions_(1, base_, settings.integer("items")),
        context_(context_reaching(settings, 2 * conditions_.length())) {}

  int vocabulary() const override { return base_ + 2; }  // the items', blank, marker
  int context() const override { return context_; }
  double complexity_bits() const override { return conditions_.length() * bits_of(base_); }
  double chance() const override { return 1.0 / base_; }
  std::string holdout() const override { return conditions_.holdout(); }
  std::string word(int token) const override {
    return token == blank() ? "_" : token == marker() ? "?" : Task::word(token);
  }

  void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const override {
    const int items = conditions_.length(), input = context_ - items;
    out.tokens.assign(context_, marker());
    out.targets.assign(context_, -1);
    const auto asked = std::span(out.targets).last(items);
    Draws draws(seed, split, index);
    conditions_.draw(draws, asked);
    // Every choice of places is as likely as any other.
    for (int t = 0, placed = 0; t < input; ++t) {
      const bool here = draws.below(input - t) < items - placed;
      out.tokens[t] = here ? asked[placed++] : blank();
    }
  }

 private:
  int blank() const { return base_; }
  int marker() const { return base_ + 1; }

  int base_;
  InitialConditions conditions_;  // the items, without their places
  int context_;
};

const Registered<TaskPlugin> selective_copy({
    {.name = "selective_copy",
     .rule = "`items` random tokens among blanks _, then as many markers ?; there: the items in order",
     .source = "arXiv:2312.00752, as in state-spaces/s4",
     .settings = {Setting::integer("items", "4", 1, 4096, "tokens to be copied", "ladder recipe")},
     .reads = {"base"},
     .tiny = {{"base", "4"}, {"items", "3"}}},
    [](const Settings& s) { return 6 * s.integer("items"); },
    [](const Settings& s) { return std::make_unique<SelectiveCopy>(s); },
});

}  // namespace
}  // namespace ladder::tasks
