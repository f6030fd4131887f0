// The NT task: x[t] = (x[t-1] + x[t-tau]) mod N from tau random tokens.
#include <algorithm>

#include "ladder/base/math.h"
#include "ladder/tasks/initial_condition.h"
#include "ladder/tasks/task.h"

namespace ladder::tasks {
namespace {

std::vector<int> distinct_delays(const Settings& settings) {
  const std::vector<int> delays = settings.integers("delay");
  std::vector<int> sorted = delays;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    throw settings.invalid("delay", "each delay once");
  return delays;
}

int largest_delay(const Settings& settings) {
  const std::vector<int> delays = settings.integers("delay");
  return *std::max_element(delays.begin(), delays.end());
}

// With several delays each sequence follows one of them, drawn uniformly, from as many random
// tokens as the largest needs: where the rule sets in does not tell which. The cue, if on, does.
class Nt : public Task {
 public:
  explicit Nt(const Settings& settings)
      : base_(settings.integer("base")),
        delays_(distinct_delays(settings)),
        cue_(settings.toggle("cue") ? 1 : 0),
        first_target_(cue_ + largest_delay(settings)),
        context_(context_reaching(settings, first_target_)),
        conditions_(tasks(), base_, largest_delay(settings)) {}

  int vocabulary() const override { return base_ + cue_ * tasks(); }
  int context() const override { return context_; }
  // tau log2 N of the largest delay, and log2 of the number of delays to choose from.
  double complexity_bits() const override {
    return conditions_.length() * math::log2(base_) + math::log2(tasks());
  }
  double chance() const override { return 1.0 / base_; }
  std::string holdout() const override { return conditions_.holdout(); }

  void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const override {
    const int length = context_ + 1;
    out.tokens.resize(static_cast<std::size_t>(length));
    const auto initial = std::span(out.tokens).subspan(cue_, conditions_.length());
    const int task = conditions_.draw(seed, split, index, initial);
    if (cue_) out.tokens[0] = base_ + task;

    int* x = out.tokens.data();
    const int delay = delays_[task];
    for (int t = first_target_; t < length; ++t) x[t] = (x[t - 1] + x[t - delay]) % base_;

    out.determined.assign(static_cast<std::size_t>(length), 1);
    std::fill_n(out.determined.begin(), first_target_, 0);
  }

 private:
  int tasks() const { return static_cast<int>(delays_.size()); }

  int base_;
  std::vector<int> delays_;
  int cue_;           // number of task tokens in front, 0 or 1
  int first_target_;  // position of the first token that the rule determines
  int context_;
  InitialConditions conditions_;
};

bool several_delays(const Settings& s) { return s.integers("delay").size() > 1; }

const Registered<TaskPlugin> nt({
    {.name = "nt",
     .rule = "x[t] = (x[t-1] + x[t-delay]) mod base, from random tokens",
     .source = "arXiv:2407.18601",
     .settings = {Setting::toggle("cue", "auto", "a token in front that says which delay was drawn",
                                  "ladder recipe")
                      .automatically(
                          [](const Settings& s) { return several_delays(s) ? "on" : "off"; },
                          "on with several delays, off with one")
                      // a cue that was asked for is there even if there is only one delay
                      .only_if([](const Settings& s) { return several_delays(s) || s.toggle("cue"); },
                               "several delays")},
     .reads = {"base", "delay"}},
    [](const Settings& s) { return 2 * largest_delay(s); },
    [](const Settings& s) { return std::make_unique<Nt>(s); },
});

}  // namespace
}  // namespace ladder::tasks
