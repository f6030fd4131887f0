#include "ladder/nn/mixer.h"
#include "ladder/nn/score_form.h"
#include "nn/mixers/operations.h"

namespace ladder::nn {
namespace {

// EA without its saturation: what z² alone does. It is all there is to z² = φ(query)·φ(key), φ the
// products of two entries, that attention over all keys has sums over prefixes: time linear in the context.
struct Square {
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V>
  static V weight(V z) {
    return z * z;
  }
  template <class V>
  static V slope(V z, V) {
    return 2 * z;
  }
};

bool turned(const std::string& position) { return position == "rope" || position == "alibi"; }

// The cheaper one, and quadratic where linear cannot be.
std::string automatic(const Settings& s) {
  const int heads = s.integer("heads");
  const bool linear = s.text("pattern") == "full" && !turned(s.text("position")) &&
                      square_is_cheaper_linear(s.integer("context"), s.integer("d_model") / heads);
  return linear ? "linear" : "quadratic";
}

std::shared_ptr<const AttentionAlgorithm> algorithm(const Settings& s, const MixerShape& shape) {
  if (s.text("algorithm") != "linear") return nullptr;
  if (s.text("pattern") != "full") throw s.invalid("pattern", "full with algorithm = linear");
  if (turned(shape.position))
    throw s.invalid("position", "none, learned or sinusoidal with algorithm = linear");
  return square_in_linear_time();
}

ScoreForm form() {
  ScoreForm form = score_form<Square>();
  form.algorithm = algorithm;
  return form;
}

const Registered<Score> registered({
    {.name = "square",
     .rule = "z^2, divided by the row's sum",
     .source = "the limit of ea for small z",
     .settings = {Setting::choice("algorithm", "auto", {"quadratic", "linear"},
                                  "over pairs of tokens, or by sums over prefixes (pattern full, "
                                  "positions added to the input): the same to rounding",
                                  "this program")
                      .automatically(automatic, "the cheaper one by context and head size")}},
    form(),
    plain_weight([](double z, double) { return z * z; }),
});

}  // namespace
}  // namespace ladder::nn
