#include <cmath>

#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

// p = sign(z) softmax(|z|): may be negative.
struct Cog {
  static constexpr bool decays = false;
  static constexpr int saved = 2;  // 1 / Σ, the maximum of |z|

  template <class V>
  static V order(V z) {
    return simd::absolute(z);
  }

  template <class R>
  static void forward(const R& rows) {
    using Vec = typename R::Vec;
    Vec maximum{}, sum{};
    rows.each_key([&](auto key) {
      maximum = key.select(simd::max(order(key.z()), maximum), maximum);
    });
    rows.each_key([&](auto key) {
      const Vec z = key.z(), w = key.only(simd::exp(order(z) - maximum));
      sum += w;
      key.put(with_sign_of(z, w));
    });
    const Vec one_by_sum = simd::select(sum > Vec{}, 1 / sum, Vec{});
    rows.save(0, one_by_sum), rows.save(1, maximum);
    rows.each_key([&](auto key) { key.put_p(key.product() * one_by_sum); });
  }

  template <class R>
  static void backward(const R& rows) {
    using Vec = typename R::Vec;
    const Vec one_by_sum = rows.load(0), maximum = rows.load(1);
    Vec mean{};  // Σ p g
    rows.each_key([&](auto key) {
      const Vec z = key.z(), size = key.only(simd::exp(order(z) - maximum)) * one_by_sum;
      const Vec p = with_sign_of(z, size);
      key.put_p(p);
      mean = simd::fma(p, key.g(), mean);
    });
    // |p| (g - sign(z) mean)
    rows.each_key([&](auto key) {
      const Vec p = key.kept();
      key.put_dz(simd::fma(order(p), key.g(), -(p * mean)));
    });
  }

 private:
  template <class V>
  static V with_sign_of(V z, V size) {
    return simd::select(z > V{}, size, simd::select(z < V{}, -size, V{}));
  }
};

const Registered<Score> registered({
    {.name = "cog",
     .rule = "sign(z) exp|z|, divided by the row's sum of exp|z|",
     .source = "Lv et al., arXiv:2411.07176, there not in the first and last layer"},
    score_form<Cog>(),
    {[](const PlainScore::Row& z, const PlainScore::Row&, double) {
       PlainScore::Row p = z;
       double sum = 0;
       for (const double x : z) sum += std::exp(std::fabs(x));
       for (double& x : p) x = x == 0 ? 0 : std::copysign(std::exp(std::fabs(x)) / sum, x);
       return p;
     },
     [](double z, double) { return std::fabs(z); }},
});

}  // namespace
}  // namespace ladder::nn
