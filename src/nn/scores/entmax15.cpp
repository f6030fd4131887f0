#include <algorithm>
#include <cmath>

#include "threshold.h"

namespace ladder::nn {
namespace {

// p = r², r = max(z/2 - τ, 0), Σ p = 1. z/2 is relative to the row's maximum: then τ >= -1.
struct Entmax15 {
  static constexpr int saved = 2;  // the maximum, τ

  template <class R>
  static void forward(const R& rows) {
    using Vec = typename R::Vec;
    const Vec maximum = rows.maximum();
    rows.save(0, maximum);
    rows.save(1, grow_threshold(Vec{} - 1, [&](Vec tau) {
      Vec count{}, sum{}, squares{};  // over the support
      rows.each_key([&](auto key) {
        const Vec r = key.only(simd::max((key.z() - maximum) * 0.5f - tau, Vec{}));
        squares = simd::fma(r, r, squares);
        sum += r;
        count += simd::select(r > Vec{}, Vec{} + 1, Vec{});
      });
      // Two lower bounds: Newton's step, Σ p being convex in τ, and from (mean of r)² <= mean of r².
      return simd::max(tau + (squares - 1) / (sum + sum), tau + sum / count - 1 / root(count));
    }));
    rows.each_key([&](auto key) {
      const Vec r = above(rows, key);
      key.put_p(r * r);
    });
  }

  template <class R>
  static void backward(const R& rows) {
    using Vec = typename R::Vec;
    Vec sum{}, sum_g{};  // Σ r, Σ r g
    rows.each_key([&](auto key) {
      const Vec r = key.only(above(rows, key));
      key.put_p(r * r);
      key.put(r);
      sum += r;
      sum_g = simd::fma(r, key.g(), sum_g);
    });
    const Vec mean = simd::select(sum > Vec{}, sum_g / sum, Vec{});
    rows.each_key([&](auto key) { key.put_dz(key.product() * (key.g() - mean)); });
  }

 private:
  template <class R, class Key>
  static typename R::Vec above(const R& rows, const Key& key) {
    return simd::max((key.z() - rows.load(0)) * 0.5f - rows.load(1), typename R::Vec{});
  }
  template <class V>
  static V root(V x) {
    for (std::size_t i = 0; i < sizeof(V) / sizeof(x[0]); ++i) x[i] = std::sqrt(x[i]);
    return x;
  }
};

const Registered<Score> registered({
    {.name = "entmax15",
     .rule = "max(z/2 - tau, 0)^2, tau such that the row sums to 1",
     .source = "Peters et al., arXiv:1905.05702"},
    score_form<Entmax15>(),
    plain_threshold([](double z, double tau) { return std::pow(std::max(z / 2 - tau, 0.0), 2); }),
});

}  // namespace
}  // namespace ladder::nn
