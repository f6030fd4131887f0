#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

// |z|^c for even c: square is c = 2.
struct Power {
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V, class T>
  static V weight(V z, T exponent) {
    return raised(z, static_cast<int>(exponent));
  }
  template <class V, class T>
  static V slope(V z, V, T exponent) {
    return exponent * (z * raised(z, static_cast<int>(exponent) - 2));
  }

 private:
  template <class V>
  static V raised(V z, int even) {  // by squaring
    V factor = z * z, result = V{} + 1;
    for (int n = even / 2; n > 0; n /= 2, factor *= factor)
      if (n % 2) result *= factor;
    return result;
  }
};

ScoreForm form() {
  ScoreForm form = score_form<Power>();
  form.parameter = [](const Settings& s, int) {
    if (s.integer("power_exponent") % 2) throw s.invalid("power_exponent", "an even integer");
    return s.real("power_exponent");
  };
  return form;
}

const Registered<Score> registered({
    {.name = "power",
     .rule = "|z|^power_exponent, divided by the row's sum",
     .source = "Kacham et al., arXiv:2310.01655",
     .settings = {Setting::integer("power_exponent", "4", 2, 16, "an even exponent", "arXiv:2310.01655")}},
    form(),
});

}  // namespace
}  // namespace ladder::nn
