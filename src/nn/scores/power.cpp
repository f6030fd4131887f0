#include <cmath>

#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

// Square's family: the larger the exponent, the more of a row goes to its largest |z|.
struct Power {
  static constexpr Normaliser normaliser = divide_by_sum;

  template <class V, class T>
  static V weight(V z, T exponent) {
    return bounded(power_of(z * z, static_cast<int>(exponent) / 2));
  }
  template <class V, class T>
  static V slope(V z, V, T exponent) {
    return bounded(exponent * z * power_of(z * z, static_cast<int>(exponent) / 2 - 1));
  }

 private:
  // Sums of weights and what they divide must stay finite, also in runs that fail.
  template <class V>
  static V bounded(V x) {
    const V largest = V{} + 0x1p112f;
    return simd::select(x > largest, largest, simd::select(x < -largest, -largest, x));
  }

  template <class V>
  static V power_of(V x, int n) {
    V result = V{} + 1;
    for (int i = 0; i < n; ++i) result *= x;
    return result;
  }
};

const Registered<Score> registered({
    {.name = "power",
     .rule = "|z|^power_exponent, divided by the row's sum",
     .source = "Kacham et al., arXiv:2310.01655",
     .settings = {Setting::integer("power_exponent", "4", 2, 16, "p of |z|^p, even", "this program")}},
    score_form<Power>([](const Settings& s, int) {
      if (s.integer("power_exponent") % 2) throw s.invalid("power_exponent", "an even integer");
      return s.real("power_exponent");
    }),
    plain_weight([](double z, double exponent) { return std::pow(std::fabs(z), exponent); }),
});

}  // namespace
}  // namespace ladder::nn
