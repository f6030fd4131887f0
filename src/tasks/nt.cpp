// The NT task: x[t] = (x[t-1] + x[t-tau]) mod N from tau random tokens.
#include <algorithm>

#include "ladder/base/math.h"
#include "ladder/tasks/initial_condition.h"
#include "ladder/tasks/task.h"

namespace ladder::tasks {
namespace {

std::vector<int> distinct_delays(const Settings& settings) {
  std::vector<int> delays = settings.integers("delay");
  std::vector<int> sorted = delays;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    throw settings.invalid("delay", "each delay once");
  return delays;
}

int largest_delay(const Settings& settings) {
  std::vector<int> delays = settings.integers("delay");
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
    return conditions_.length() * bits_of(base_) + bits_of(tasks());
  }
  double chance() const override { return 1.0 / base_; }
  double best_possible() const override {
    return cue_ || tasks() == 1 ? 1 : accuracy_without_cue();
  }
  bool next_token() const override { return true; }
  std::string holdout() const override { return conditions_.holdout(); }
  std::string word(int token) const override {
    return token < base_ ? Task::word(token) : "delay=" + std::to_string(delays_[token - base_]);
  }

  void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const override {
    const int length = context_ + 1;
    out.tokens.resize(static_cast<std::size_t>(length));
    const auto initial = std::span(out.tokens).subspan(cue_, conditions_.length());
    Draws draws(seed, split, index);
    const int task = conditions_.draw(draws, initial);
    if (cue_) out.tokens[0] = base_ + task;

    int* x = out.tokens.data();
    const int delay = delays_[task];
    for (int t = first_target_; t < length; ++t) x[t] = (x[t - 1] + x[t - delay]) % base_;

    predict_next(out, [this](std::size_t t) { return static_cast<int>(t) >= first_target_; });
  }

 private:
  int tasks() const { return static_cast<int>(delays_.size()); }

  // The best predictor knows the delays, and that each is as likely as the others as long as it
  // agrees with all tokens read: it says the token that most of these foretell. The mean over
  // initial conditions: over all of them if there are few, otherwise over a fixed sample.
  double accuracy_without_cue() const {
    const int largest = conditions_.length(), length = context_ + 1;
    const std::int64_t most = std::clamp<std::int64_t>(100'000 / largest, 64, 4096);
    std::int64_t conditions = 1;
    for (int i = 0; i < largest && conditions <= most; ++i) conditions *= base_;
    const bool all = conditions <= most;
    if (!all) conditions = most;

    const Random random(0, "tasks/nt/best_possible");
    std::vector<std::vector<int>> x(delays_.size(), std::vector<int>(length));  // one a delay
    double sum = 0;
    for (std::int64_t condition = 0; condition < conditions; ++condition) {
      std::int64_t digits = condition;
      for (int t = 0; t < largest; ++t, digits /= base_) {
        const int token = all ? static_cast<int>(digits % base_) : random.below(base_, condition, t);
        for (auto& sequence : x) sequence[t] = token;
      }
      sum += best_share(x);
    }
    return sum / static_cast<double>(conditions);
  }

  // Of sequences that begin alike, each of them as likely as the others, continued by their rules:
  // the share of tokens that the best predictor says.
  double best_share(std::vector<std::vector<int>>& x) const {
    const int count = tasks(), length = context_ + 1;
    // Sequences that were the same up to now are a group, named by its first.
    std::vector<int> group(count, 0), next(count), votes(count);
    std::int64_t right = 0;
    for (int t = first_target_; t < length; ++t) {
      std::fill(votes.begin(), votes.end(), 0);
      bool apart = true;
      for (int i = 0; i < count; ++i) {
        x[i][t] = (x[i][t - 1] + x[i][t - delays_[i]]) % base_;
        next[i] = 0;
        while (group[next[i]] != group[i] || x[next[i]][t] != x[i][t]) ++next[i];
        ++votes[next[i]];
        apart = apart && next[i] == i;
      }
      for (int first = 0; first < count; ++first) {
        int most = 0;
        for (int i = first; i < count; ++i)
          if (group[i] == first) most = std::max(most, votes[next[i]]);
        right += most;
      }
      group = next;
      if (apart) {  // from here on the delay is known
        right += std::int64_t{count} * (length - 1 - t);
        break;
      }
    }
    return static_cast<double>(right) / (static_cast<double>(count) * (length - first_target_));
  }

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
     .reads = {"base", "delay"},
     .tiny = {{"base", "4"}, {"delay", "3"}}},
    [](const Settings& s) { return 2 * largest_delay(s); },
    [](const Settings& s) { return std::make_unique<Nt>(s); },
});

}  // namespace
}  // namespace ladder::tasks
