// The copy task: a random block, a delimiter, the block again, a delimiter, the block again, ...
#include "ladder/tasks/initial_condition.h"
#include "ladder/tasks/task.h"

namespace ladder::tasks {
namespace {

int block_length(const Settings& settings) {
  const std::vector<int> delays = settings.integers("delay");
  if (delays.size() != 1) throw settings.invalid("delay", "the one length of the block");
  return delays[0];
}

class Copy : public Task {
 public:
  explicit Copy(const Settings& settings)
      : base_(settings.integer("base")),
        block_(1, base_, block_length(settings)),
        context_(context_reaching(settings, block_.length() + 1)) {}

  int vocabulary() const override { return base_ + 1; }  // token `base` is the delimiter
  int context() const override { return context_; }
  double complexity_bits() const override { return block_.length() * bits_of(base_); }
  double chance() const override { return 1.0 / base_; }
  bool next_token() const override { return true; }
  std::string holdout() const override { return block_.holdout(); }
  std::string word(int token) const override { return token == base_ ? ";" : Task::word(token); }

  void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const override {
    const std::size_t length = block_.length(), total = context_ + 1;
    out.tokens.resize(total);
    Draws draws(seed, split, index);
    block_.draw(draws, std::span(out.tokens).first(length));
    out.tokens[length] = base_;
    for (std::size_t t = length + 1; t < total; ++t) out.tokens[t] = out.tokens[t - length - 1];
    predict_next(out, [&](std::size_t t) {
      return t > length && out.tokens[t] != base_;  // a delimiter only counts positions
    });
  }

 private:
  int base_;
  InitialConditions block_;
  int context_;
};

const Registered<TaskPlugin> copy({
    {.name = "copy",
     .rule = "a random block of `delay` tokens, repeated after a delimiter",
     .source = "arXiv:1410.5401",
     .reads = {"base", "delay"},
     .tiny = {{"base", "4"}, {"delay", "3"}}},
    [](const Settings& s) { return 2 * block_length(s); },
    [](const Settings& s) { return std::make_unique<Copy>(s); },
});

}  // namespace
}  // namespace ladder::tasks
