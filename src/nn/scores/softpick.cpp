#include <cmath>
#include <algorithm>

#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

// With M = max z: p = max(e^z - 1, 0) / (Σ |e^z - 1| + 1e-8 e^M). For large M both are divided by e^M,
// or they would overflow; for others e^z - 1 keeps its digits near 0.
struct Softpick {
  static constexpr bool decays = false;
  static constexpr int saved = 2;  // 1 / the divisor; what z is shifted by

  template <class R>
  static void forward(const R& rows) {
    using Vec = typename R::Vec;
    const Vec maximum = rows.maximum();
    const Vec shift = simd::select(maximum > Vec{} + 64, maximum, Vec{});
    Vec sum = 1e-8f * simd::exp(maximum - shift);
    rows.each_key([&](auto key) {
      const Vec w = weight(key.z(), shift);
      sum += key.only(simd::select(w < Vec{}, -w, w));
    });
    const Vec one_by_sum = simd::select(sum > Vec{}, 1 / sum, Vec{});
    rows.save(0, one_by_sum), rows.save(1, shift);
    rows.each_key([&](auto key) {
      const Vec z = key.z();
      key.put_p(simd::select(z > Vec{}, weight(z, shift), Vec{}) * one_by_sum);
    });
  }

  template <class R>
  static void backward(const R& rows) {
    using Vec = typename R::Vec;
    const Vec one_by_sum = rows.load(0), shift = rows.load(1);
    Vec mean{};  // Σ p g
    rows.each_key([&](auto key) {
      const Vec z = key.z();
      const Vec p = key.only(simd::select(z > Vec{}, weight(z, shift), Vec{}) * one_by_sum);
      key.put_p(p);
      mean = simd::fma(p, key.g(), mean);
    });
    rows.each_key([&](auto key) {  // e^z (1[z > 0] g - sign(z) mean) / Σ
      const Vec z = key.z();
      const Vec g = simd::select(z > Vec{}, key.g() - mean, simd::select(z < Vec{}, mean, Vec{}));
      key.put_dz((simd::expm1(z - shift) + 1) * one_by_sum * g);
    });
  }

 private:
  // (e^z - 1) e^-shift
  template <class V>
  [[gnu::always_inline]] static V weight(V z, V shift) {
    return simd::expm1(z - shift) + (1 - simd::exp(-shift));
  }
};

const Registered<Score> registered({
    {.name = "softpick",
     .rule = "max(e^z - 1, 0), divided by the row's sum of |e^z - 1|",
     .source = "Zuhri et al., arXiv:2504.20966"},
    score_form<Softpick>(),
    {[](const PlainScore::Row& z, const PlainScore::Row&, double) {
      PlainScore::Row p = z;
      double sum = 0, maximum = -1e300;
      for (const double x : z) sum += std::fabs(std::exp(x) - 1), maximum = std::max(maximum, x);
      for (double& x : p) x = std::max(std::exp(x) - 1, 0.0) / (sum + 1e-8 * std::exp(maximum));
      return p;
    }},
});

}  // namespace
}  // namespace ladder::nn
