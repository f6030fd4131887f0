#include <cmath>

#include "ladder/nn/score_form.h"

namespace ladder::nn {
namespace {

// From the nearest key to the first, each takes the part β = sigmoid(z) of what is left of 1.
struct Stickbreaking {
  static constexpr bool decays = false, sees_itself = false;
  static constexpr int saved = 0;

  template <class R>
  static void forward(const R& rows) {
    using Vec = typename R::Vec;
    Vec left = Vec{} + 1;
    rows.each_key_backwards([&](auto key) {
      const auto [beta, other] = parts(key.z());
      key.put_p(beta * left);
      left *= key.select(other, Vec{} + 1);
    });
  }

  template <class R>
  static void backward(const R& rows) {
    using Vec = typename R::Vec;
    Vec left = Vec{} + 1;
    rows.each_key_backwards([&](auto key) {
      const auto [beta, other] = parts(key.z());
      key.put_p(beta * left);
      left *= key.select(other, Vec{} + 1);
      key.put(beta);
    });
    Vec farther{};  // Σ p g over the keys before this one, whose p have the factor 1 - β
    rows.each_key([&](auto key) {
      const Vec beta = key.product(), pg = key.kept() * key.g();
      key.put_dz(pg - beta * (pg + farther));
      farther += pg;
    });
  }

 private:
  template <class V>
  struct Parts {
    V beta, other;  // sigmoid(z), 1 - sigmoid(z)
  };
  template <class V>
  static Parts<V> parts(V z) {
    const V e = simd::exp(simd::select(z < V{}, z, -z));
    const V larger = simd::reciprocal(1 + e), smaller = e * larger;
    return {simd::select(z < V{}, smaller, larger), simd::select(z < V{}, larger, smaller)};
  }
};

const Registered<Score> registered({
    {.name = "stickbreaking",
     .rule = "b_j times the product of 1 - b_l over j < l < i, b = 1 / (1 + exp(-z)), j < i",
     .source = "Tan et al., arXiv:2410.17980"},
    score_form<Stickbreaking>(),
    {[](const PlainScore::Row& z, const PlainScore::Row&, double) {
      PlainScore::Row p = z;
      double left = 1;
      for (std::size_t j = z.size(); j-- > 0;) {
        const double beta = 1 / (1 + std::exp(-z[j]));
        p[j] = beta * left;
        left *= 1 - beta;
      }
      return p;
    }},
});

}  // namespace
}  // namespace ladder::nn
