// Multi-query associative recall, by the law of zoology's generator: pairs of a key and a value,
// then the keys again, here and there; at these the values are asked for.
#include "ladder/base/math.h"
#include "ladder/tasks/initial_condition.h"
#include "ladder/tasks/task.h"

namespace ladder::tasks {
namespace {

class Mqar : public Task {
 public:
  explicit Mqar(const Settings& s)
      : vocabulary_(s.integer("vocabulary")),
        pairs_(s.integer("pairs")),
        passes_(s.integer("passes")),
        noise_(s.toggle("random_non_queries")),
        queries_from_(2 * pairs_ * passes_),
        context_(context_reaching(s, queries_from_ + 2 * pairs_)),
        hold_out_(number_of_maps()) {
    if (context_ % 2) throw s.invalid("context", "an even number with task = mqar");
    if (vocabulary_ <= context_)
      throw s.invalid("vocabulary", "more than context = " + std::to_string(context_));
    if (pairs_ > keys())
      throw s.invalid("pairs", "at most " + std::to_string(keys()) + ", the keys of vocabulary = " +
                                   std::to_string(vocabulary_));
    for (int gap = 0; gap < (context_ - queries_from_) / 2; ++gap) {
      weights_.push_back(1 / math::pow(gap + 1, 1 - s.real("power_a")));
      total_weight_ += weights_.back();
    }
  }

  int vocabulary() const override { return vocabulary_; }
  int context() const override { return context_; }
  double complexity_bits() const override { return pairs_ * bits_of(values()); }
  double chance() const override { return 1.0 / values(); }
  std::string holdout() const override { return hold_out_.words(); }

  void draw(std::uint64_t seed, Split split, std::uint64_t index, Sequence& out) const override {
    out.tokens.assign(context_, 0);
    out.targets.assign(context_, -1);
    Draws draws(seed, split, index);
    const auto map = std::span(out.tokens).first(2 * pairs_);  // key, value, key, value, ...
    do {
      for (int i = 0; i < pairs_; ++i) {
        map[2 * i] = another(draws, map, 2 * i, 1, keys());
        map[2 * i + 1] = another(draws, map, 2 * i + 1, first_value(), values());
      }
    } while (!hold_out_.admits(split, 0, map));
    for (int t = 2 * pairs_; t < queries_from_; ++t) out.tokens[t] = out.tokens[t - 2 * pairs_];
    ask(draws, out);
    for (int t = queries_from_; noise_ && t < context_; ++t)
      if (out.tokens[t] == 0) out.tokens[t] = draws.below(vocabulary_);
  }

 private:
  // Token 0 is none of both.
  int first_value() const { return vocabulary_ / 2; }
  int keys() const { return first_value() - 1; }
  int values() const { return vocabulary_ - first_value(); }

  double number_of_maps() const {
    double count = 1;
    for (int i = 0; i < pairs_; ++i) count *= static_cast<double>(keys() - i) * (values() - i);
    return count;
  }

  // One of `count` tokens from `first` on that is not yet at map[at - 2], map[at - 4], ...
  static int another(Draws& draws, std::span<const int> map, int at, int first, int count) {
    while (true) {
      const int token = first + draws.below(count);
      int before = at - 2;
      while (before >= 0 && map[before] != token) before -= 2;
      if (before < 0) return token;
    }
  }

  // Puts key after key into a free slot, drawn by weight.
  void ask(Draws& draws, Sequence& out) const {
    double total = total_weight_;
    for (int i = 0; i < pairs_; ++i) {
      double rest = draws.uniform() * total;
      int chosen = -1;
      for (int gap = 0; gap < static_cast<int>(weights_.size()); ++gap) {
        if (out.targets[queries_from_ + 2 * gap] >= 0) continue;
        chosen = gap;  // also where rounding lets the rest outlast all weights
        if ((rest -= weights_[gap]) < 0) break;
      }
      total -= weights_[chosen];
      out.tokens[queries_from_ + 2 * chosen] = out.tokens[2 * i];
      out.targets[queries_from_ + 2 * chosen] = out.tokens[2 * i + 1];
    }
  }

  int vocabulary_, pairs_, passes_;
  bool noise_;
  int queries_from_;  // position of the first slot; a slot is two positions
  int context_;
  HoldOut hold_out_;
  std::vector<double> weights_;  // of slots: a power law
  double total_weight_ = 0;
};

const Registered<TaskPlugin> mqar({
    {.name = "mqar",
     .rule = "`pairs` of key and value, `passes` times, then the keys again; at these: their values",
     .source = "arXiv:2312.04927, zoology",
     .settings =
         {Setting::integer("vocabulary", "32", 4, 65536,
                           "tokens: 0, keys below half of it, values from there on; more than context",
                           "ladder recipe"),
          Setting::integer("pairs", "4", 1, 4096, "of key and value", "ladder recipe"),
          Setting::integer("passes", "1", 1, 64, "how often the pairs are told", "zoology"),
          Setting::real("power_a", "0.01", 0, 1,
                        "the g-th slot for queries is drawn by g^(power_a - 1)", "zoology"),
          Setting::toggle("random_non_queries", "on",
                          "random tokens between the queries rather than zeros", "zoology")},
     .tiny = {{"vocabulary", "8"}, {"pairs", "1"}, {"context", "6"}}},
    [](const Settings& s) { return 2 * s.integer("pairs") * (s.integer("passes") + 2); },
    [](const Settings& s) { return std::make_unique<Mqar>(s); },
});

}  // namespace
}  // namespace ladder::tasks
