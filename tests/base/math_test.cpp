// The error of our elementary functions in units of the last place, and some of their bits.
#include "ladder/base/math.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace math = ladder::math;

using Long = long double;

static constexpr double inf = std::numeric_limits<double>::infinity();
static constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
static constexpr double tiny = std::numeric_limits<double>::denorm_min();

// |x - exact| in units of the last place of a double of exact's size, but at least of normal size.
static double ulps(double x, Long exact) {
  const int exponent = std::max(std::ilogb(exact), -1022);
  return static_cast<double>(std::abs(x - exact) / std::ldexp(Long(1), exponent - 52));
}

// The largest error of `ours` over 20001 evenly spaced points, which hit few round numbers.
template <class F, class G>
static double worst(double low, double high, F ours, G exact) {
  double result = 0;
  for (int i = 0; i <= 20000; ++i) {
    const double x = low + (high - low) * (i / 20000.0);
    result = std::max(result, ulps(ours(x), exact(Long(x))));
  }
  return result;
}

static double exponential(double x) { return math::exp(x); }
static double logarithm(double x) { return math::log(x); }
static double binary_logarithm(double x) { return math::log2(x); }
static double cosine(double x) { return math::cos(x); }
static double sine(double x) { return math::sin(x); }
static Long exact_exp(Long x) { return std::exp(x); }
static Long exact_log(Long x) { return std::log(x); }
static Long exact_log2(Long x) { return std::log2(x); }
static Long exact_cos(Long x) { return std::cos(x); }
static Long exact_sin(Long x) { return std::sin(x); }

TEST_CASE("math: exp and exp2 are within their stated error") {
  CHECK(worst(-1, 1, exponential, exact_exp) <= 1.5);
  CHECK(worst(-708, 709, exponential, exact_exp) <= 1.5);
  CHECK(worst(-745, -708.4, exponential, exact_exp) <= 1.5);
  const auto exponential2 = [](double x) { return math::exp2(x); };
  const auto exact = [](Long x) { return std::exp2(x); };
  CHECK(worst(-1, 1, exponential2, exact) <= 1.5);
  CHECK(worst(-1074, 1023, exponential2, exact) <= 1.5);
  for (int n = -1074; n < 1024; ++n) CHECK(math::exp2(n) == std::ldexp(1.0, n));
}

TEST_CASE("math: log and log2 are within their stated error") {
  for (const auto& [low, high] : {std::pair{0.5, 0.999}, {0.999, 1.001}, {1.0, 2.0}, {1e-3, 1e3},
                                  {1e-320, 1e-300}, {1e300, 1.7e308}}) {
    CHECK(worst(low, high, logarithm, exact_log) <= 3);
    CHECK(worst(low, high, binary_logarithm, exact_log2) <= 4);
  }
  for (int n = -1074; n < 1024; ++n) CHECK(math::log2(std::ldexp(1.0, n)) == n);
}

TEST_CASE("math: tanh is within its stated error and odd") {
  const auto ours = [](double x) { return math::tanh(x); };
  const auto exact = [](Long x) { return std::tanh(x); };
  for (const double size : {1e-310, 1e-9, 0.1, 1.0, 25.0}) CHECK(worst(-size, size, ours, exact) <= 3);
  for (const double x : {0.0, 0.3, 7.0, inf}) CHECK(math::tanh(-x) == -math::tanh(x));
  CHECK(std::signbit(math::tanh(-0.0)));
  CHECK(math::tanh(inf) == 1);
  CHECK(std::isnan(math::tanh(not_a_number)));
}

TEST_CASE("math: cos and sin are within their stated error") {
  const double quarter = 0.785398;
  CHECK(worst(-quarter, quarter, cosine, exact_cos) <= 2);
  CHECK(worst(-quarter, quarter, sine, exact_sin) <= 2);
  for (const double size : {10.0, 1000.0, 1048576.0})
    for (int i = 0; i <= 20000; ++i) {
      const double x = size * (i / 10000.0 - 1);
      REQUIRE(std::abs(math::cos(x) - std::cos(x)) <= 0x1p-51);
      REQUIRE(std::abs(math::sin(x) - std::sin(x)) <= 0x1p-51);
    }
}

TEST_CASE("math: cosine of turns") {
  double error = 0;
  for (int i = 0; i < 20000; ++i) {
    const double u = i / 20000.0;
    error = std::max(error, std::abs(math::cos_turns(u) - std::cos(2 * std::acos(-1.0) * u)));
  }
  CHECK(error <= 1e-15);
  CHECK(math::cos_turns(0) == 1);
  CHECK(math::cos_turns(0.25) == 0);
  CHECK(math::cos_turns(0.5) == -1);
}

TEST_CASE("math: powers") {
  for (const double base : {0.1, 0.9, 2.0, 10000.0})
    for (const double exponent : {-3.7, -1.0, 0.0, 0.5, 2.0, 17.3}) {
      const Long exact = std::pow(Long(base), Long(exponent));
      CHECK(ulps(math::pow(base, exponent), exact) <=
            2 + 2 * std::abs(exponent * std::log2(base)));
    }
  CHECK(math::power(7, 0) == 1);
  CHECK(math::power(3, 33) == 5559060566555523.0);
  CHECK(math::power(2, 1023) == 0x1p1023);
  CHECK(math::power(10, 1000) == inf);
  CHECK(math::power(0.999, 1000) == doctest::Approx(std::pow(0.999, 1000)).epsilon(1e-12));
}

TEST_CASE("math: special values") {
  CHECK(math::exp(0) == 1);
  CHECK(math::exp(-inf) == 0);
  CHECK(math::exp(inf) == inf);
  CHECK(math::exp(-745.1) == tiny);
  CHECK(std::isnan(math::exp(not_a_number)));
  CHECK(math::exp2(-inf) == 0);
  CHECK(math::exp2(inf) == inf);
  CHECK(std::isnan(math::exp2(not_a_number)));
  CHECK(math::log(1) == 0);
  CHECK(math::log(0) == -inf);
  CHECK(math::log(inf) == inf);
  CHECK(std::isnan(math::log(-1)));
  CHECK(std::isnan(math::log2(not_a_number)));
}
