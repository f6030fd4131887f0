#include "ladder/tensor/kernels/gauss.h"

#include <doctest/doctest.h>

#include <cmath>

namespace ladder {
namespace {

// The largest |a - b| / b of f against `exact` over [from, to], where exact is at least `least`.
template <class T, class F, class Exact>
double worst(double from, double to, double least, F f, Exact exact) {
  double result = 0;
  const int steps = 200'000 / simd::lanes<T>;
  for (int i = 0; i < steps; ++i) {
    simd::Vec<T> x{};
    for (int lane = 0; lane < simd::lanes<T>; ++lane)
      x[lane] = static_cast<T>(from + (to - from) * (i + lane / double(simd::lanes<T>)) / steps);
    const simd::Vec<T> y = f(x);
    for (int lane = 0; lane < simd::lanes<T>; ++lane) {
      const double expected = exact(static_cast<double>(x[lane]));
      if (expected < least) continue;
      const double error = std::fabs(y[lane] - expected) / expected;
      if (!(error <= result)) result = error;
    }
  }
  return result;
}

const auto our_share = [](auto x) { return simd::gauss_below(x, simd::gauss(x)); };
const auto our_gauss = [](auto x) { return simd::gauss(x); };
double exact_share(double x) { return std::erfc(-x * std::sqrt(std::log(2))) / 2; }
double exact_gauss(double x) { return std::exp2(-x * x); }

TEST_CASE("gauss: right in relative terms, however small it is") {
  CHECK(worst<float>(-14, 14, 1.2e-38, our_share, exact_share) < 1e-6);
  CHECK(worst<float>(-14, 14, 1.2e-38, our_gauss, exact_gauss) < 1e-6);
  CHECK(worst<double>(-36, 36, 1e-300, our_share, exact_share) < 4e-13);
  CHECK(worst<double>(-36, 36, 1e-300, our_gauss, exact_gauss) < 4e-13);
}

TEST_CASE("gauss: its limits") {
  for (const float x : {20.0f, 1e10f, 1e30f}) {
    CHECK(our_share(simd::broadcast(-x))[0] == 0);
    CHECK(our_share(simd::broadcast(x))[0] == 1);
    CHECK(simd::gauss(simd::broadcast(-x))[0] == 0);
  }
  CHECK(our_share(simd::broadcast(0.0f))[0] == doctest::Approx(0.5).epsilon(1e-6));
}

TEST_CASE("expm1: right in relative terms near 0, and -1 far below it") {
  const auto ours = [](auto x) { return -simd::expm1(-x); };
  const auto exact = [](double x) { return -std::expm1(-x); };
  CHECK(worst<float>(1e-6, 1, 0, ours, exact) < 4e-7);
  CHECK(worst<float>(1, 200, 0, ours, exact) < 4e-7);
  CHECK(worst<double>(1e-9, 60, 0, ours, exact) < 4e-15);
  const auto upward = [](auto x) { return simd::expm1(x); };
  CHECK(worst<float>(1e-6, 80, 0, upward, [](double x) { return std::expm1(x); }) < 4e-7);
}

}  // namespace
}  // namespace ladder
