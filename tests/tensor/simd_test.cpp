// The vector helpers, and the error of exp and tanh in units of the last place.
#include "ladder/tensor/kernels/simd.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "ladder/tensor/kernels/elementwise.h"

namespace simd = ladder::simd;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float tiny = std::numeric_limits<float>::denorm_min();

// |x - exact| in units of the last place of a float of exact's size, but at least of normal size.
double ulps(float x, double exact) {
  const int exponent = std::max(std::ilogb(exact), -126);
  return std::abs(x - exact) / std::ldexp(1.0, exponent - 23);
}

// Calls visit(x) for every `step`-th float of both signs with low <= |x| < high.
template <class F>
void sweep(float low, float high, std::uint32_t step, F visit) {
  const std::uint32_t end = std::bit_cast<std::uint32_t>(high);
  for (std::uint32_t b = std::bit_cast<std::uint32_t>(low); b < end; b += step) {
    visit(std::bit_cast<float>(b));
    visit(-std::bit_cast<float>(b));
  }
}

constexpr std::uint32_t step = 499;  // odd, so that all low bits of the mantissa occur

}  // namespace

TEST_CASE_TEMPLATE("loads, stores and lane functions", T, float, double) {
  constexpr int n = simd::lanes<T>;
  std::vector<T> x(n + 1), y(n + 2);
  for (int i = 0; i <= n; ++i) x[i] = static_cast<T>(i + 1) * (i % 3 == 0 ? -1 : 1);

  const simd::Vec<T> v = simd::load(x.data() + 1), index = simd::iota<T>();
  const simd::Vec<T> two = simd::broadcast<T>(2);
  const simd::Vec<T> larger = simd::max(v, two), chosen = simd::select(v < two, index, v);
  for (int i = 0; i < n; ++i) {
    CHECK(v[i] == x[i + 1]);
    CHECK(index[i] == static_cast<T>(i));
    CHECK(larger[i] == std::max(x[i + 1], T{2}));
    CHECK(chosen[i] == (x[i + 1] < 2 ? static_cast<T>(i) : x[i + 1]));
  }
  CHECK(std::signbit(simd::broadcast<T>(T{-0.0})[n - 1]));
  simd::store(y.data() + 1, v);
  CHECK(std::equal(x.begin() + 1, x.end(), y.begin() + 1));

  for (int count = 0; count <= n; ++count) {
    const std::vector<T> exact(x.begin(), x.begin() + count);  // nothing to read past its end
    const simd::Vec<T> part = simd::load_partial(exact.data(), count);
    for (int i = 0; i < n; ++i) CHECK(part[i] == (i < count ? x[i] : 0));
    std::vector<T> out(count);
    simd::store_partial(out.data(), part, count);
    CHECK(out == exact);
  }
}

TEST_CASE_TEMPLATE("sum adds the halves of the vector as a tree", T, float, double) {
  constexpr int n = simd::lanes<T>;
  std::vector<T> x(n);
  for (int i = 0; i < n; ++i) x[i] = std::ldexp(T(1) / T(3 + i), (i * 7) % 20);
  const T got = simd::sum(simd::load(x.data()));
  for (int half = n / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) x[i] += x[i + half];
  }
  CHECK(got == x[0]);
}

TEST_CASE("exp in float is within its stated error") {
  double normal = 0, subnormal = 0;
  sweep(tiny, 105.0f, step, [&](float x) {
    const double exact = std::exp(double{x});
    const float got = simd::exp(x);
    if (exact > std::numeric_limits<float>::max()) {
      if (exact > 1.00001 * double{std::numeric_limits<float>::max()}) CHECK(got == inf);
    } else {
      double& worst = exact < std::numeric_limits<float>::min() ? subnormal : normal;
      worst = std::max(worst, ulps(got, exact));
    }
  });
  MESSAGE("exp: ", normal, " ulp, subnormal results ", subnormal);
  CHECK(normal <= 1.0);
  CHECK(subnormal <= 1.0);
}

TEST_CASE("exp at special values") {
  CHECK(simd::exp(0.0f) == 1.0f);
  CHECK(simd::exp(-0.0f) == 1.0f);
  CHECK(simd::exp(-inf) == 0.0f);
  CHECK(simd::exp(-1e30f) == 0.0f);
  CHECK(simd::exp(-104.5f) == 0.0f);
  CHECK(simd::exp(-103.0f) == tiny);
  CHECK(simd::exp(inf) == inf);
  CHECK(simd::exp(1e30f) == inf);
  CHECK(simd::exp(88.8f) == inf);
  CHECK(std::isfinite(simd::exp(88.7f)));
  CHECK(std::isnan(simd::exp(not_a_number)));
  CHECK(std::isnan(simd::exp(-not_a_number)));
}

TEST_CASE("reciprocal in float is within 1 ulp") {
  double worst = 0;
  for (std::uint32_t exponent : {1u, 100u, 127u, 200u, 251u})
    for (std::uint32_t mantissa = 0; mantissa < (1u << 23); mantissa += 61) {
      const std::uint32_t bits = exponent << 23 | mantissa;
      float x;
      std::memcpy(&x, &bits, sizeof x);
      const double r = simd::reciprocal(simd::broadcast(x))[0];
      worst = std::max(worst, std::fabs(r * x - 1));
    }
  CHECK(worst > 0);
  CHECK(worst <= std::ldexp(1.0, -23));
}

TEST_CASE("tanh in float is within its stated error and odd") {
  double worst = 0;
  bool odd = true, bounded = true;
  sweep(tiny, 12.0f, step, [&](float x) {
    const float got = simd::tanh(x);
    worst = std::max(worst, ulps(got, std::tanh(double{x})));
    odd = odd && simd::tanh(-x) == -got;
    bounded = bounded && std::abs(got) <= 1.0f;
  });
  MESSAGE("tanh: ", worst, " ulp");
  CHECK(worst <= 3.0);
  CHECK(odd);
  CHECK(bounded);
}

TEST_CASE("tanh at special values") {
  CHECK(simd::tanh(0.0f) == 0.0f);
  CHECK(std::signbit(simd::tanh(-0.0f)));
  for (float x : {9.02f, 10.0f, 100.0f, 1e30f, inf}) {
    CHECK(simd::tanh(x) == 1.0f);
    CHECK(simd::tanh(-x) == -1.0f);
  }
  CHECK(simd::tanh(tiny) == tiny);
  CHECK(std::isnan(simd::tanh(not_a_number)));
}

TEST_CASE("scalar and vector forms give the same bits") {
  constexpr int n = simd::lanes<float>;
  const auto same = [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
  };
  bool exp_same = true, tanh_same = true;
  std::vector<float> x;
  sweep(tiny, 2e38f, 4001, [&](float v) { x.push_back(v); });
  for (float v : {0.0f, -0.0f, inf, -inf, not_a_number}) x.push_back(v);
  while (x.size() % n != 0) x.push_back(1.0f);
  for (std::size_t at = 0; at < x.size(); at += n) {
    const simd::Vec<float> e = simd::exp(simd::load(x.data() + at));
    const simd::Vec<float> t = simd::tanh(simd::load(x.data() + at));
    for (int i = 0; i < n; ++i) {
      exp_same = exp_same && same(e[i], simd::exp(x[at + i]));
      tanh_same = tanh_same && same(t[i], simd::tanh(x[at + i]));
    }
  }
  CHECK(exp_same);
  CHECK(tanh_same);
}

TEST_CASE("exp and tanh in double are those of base/math.h") {
  constexpr int n = simd::lanes<double>;
  for (double first : {-800.0, -20.0, -1.0, 0.0, 0.3, 5.0, 705.0}) {
    const simd::Vec<double> x = simd::iota<double>() * 0.37 + first;
    const simd::Vec<double> e = simd::exp(x), t = simd::tanh(x);
    for (int i = 0; i < n; ++i) {
      CHECK(e[i] == ladder::math::exp(x[i]));
      CHECK(t[i] == ladder::math::tanh(x[i]));
      CHECK(simd::exp(x[i]) == ladder::math::exp(x[i]));
      CHECK(simd::tanh(x[i]) == ladder::math::tanh(x[i]));
    }
  }
}

TEST_CASE_TEMPLATE("fma rounds once, and nothing else does", T, float, double) {
  const T small = std::numeric_limits<T>::epsilon(), x = 1 + small;
  const simd::Vec<T> v = simd::broadcast(x), minus = simd::broadcast(-x * x);
  // (1 + e)² = 1 + 2e + e²: the square's rounding loses e², which one rounding of the whole keeps.
  const simd::Vec<T> fused = simd::fma(v, x, minus), apart = v * v + minus;
  CHECK(simd::fma(x, x, -x * x) == small * small);
  for (int i = 0; i < simd::lanes<T>; ++i) {
    CHECK(fused[i] == small * small);
    CHECK(apart[i] == 0);
  }
}

TEST_CASE_TEMPLATE("sums of a row have the same order for every width of vectors", T, float, double) {
  constexpr int lanes = ladder::simd::reduction_lanes<T>;
  for (int n = 0; n < 3 * lanes; ++n) {
    std::vector<T> x(n);
    T partial[lanes] = {};
    for (int i = 0; i < n; ++i) {
      x[i] = std::ldexp(T(1) / T(3 + i), (i * 7) % 20);
      partial[i % lanes] += x[i];
    }
    for (int half = lanes / 2; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) partial[i] += partial[i + half];
    const T got = ladder::tensor::sum_of<T>(n, [&](auto at, simd::Vec<T> sum) { return sum + at.load(x.data()); });
    CHECK(got == partial[0]);
  }
}
