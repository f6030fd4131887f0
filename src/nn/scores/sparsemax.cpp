#include <algorithm>

#include "threshold.h"

namespace ladder::nn {
namespace {

// p = max(z - τ, 0), Σ p = 1. Numbers are relative to the row's maximum, which is 0 then, and τ >= -1.
struct Sparsemax {
  static constexpr int saved = 2;  // the maximum, τ

  template <class R>
  static void forward(const R& rows) {
    using Vec = typename R::Vec;
    const Vec maximum = rows.maximum();
    rows.save(0, maximum);
    rows.save(1, grow_threshold(Vec{} - 1, [&](Vec tau) {  // Newton's: Σ p is convex in τ
      Vec sum{}, count{};
      rows.each_key([&](auto key) {
        const Vec p = key.only(simd::max(key.z() - maximum - tau, Vec{}));
        sum += p;
        count += simd::select(p > Vec{}, Vec{} + 1, Vec{});
      });
      return tau + (sum - 1) / count;
    }));
    rows.each_key([&](auto key) { key.put_p(above(rows, key)); });
  }

  template <class R>
  static void backward(const R& rows) {
    using Vec = typename R::Vec;
    Vec sum{}, count{};  // over the support
    rows.each_key([&](auto key) {
      const Vec p = key.only(above(rows, key));
      key.put_p(p);
      sum += simd::select(p > Vec{}, key.g(), Vec{});
      count += simd::select(p > Vec{}, Vec{} + 1, Vec{});
    });
    const Vec mean = sum / simd::max(count, Vec{} + 1);
    rows.each_key([&](auto key) {
      key.put_dz(simd::select(key.kept() > Vec{}, key.g() - mean, Vec{}));
    });
  }

 private:
  template <class R, class Key>
  static typename R::Vec above(const R& rows, const Key& key) {
    return simd::max(key.z() - rows.load(0) - rows.load(1), typename R::Vec{});
  }
};

const Registered<Score> registered({
    {.name = "sparsemax",
     .rule = "max(z - tau, 0), tau such that the row sums to 1",
     .source = "Martins and Astudillo, arXiv:1602.02068"},
    score_form<Sparsemax>(),
    plain_threshold([](double z, double tau) { return std::max(z - tau, 0.0); }),
});

}  // namespace
}  // namespace ladder::nn
