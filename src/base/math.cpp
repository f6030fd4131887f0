#include "ladder/base/math.h"

#include <cmath>
#include <limits>

namespace ladder::math {

static constexpr double infinity = std::numeric_limits<double>::infinity();
static constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
static constexpr double ln2 = 0.69314718055994531;
// ln2 = ln2_high + ln2_low; the first has 32 bits, so that its product with an exponent is exact.
static constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;

// ---- exponentials -------------------------------------------------------------------------------

// e^r - 1 for |r| <= ln2 / 2, with its relative accuracy near 0: the Taylor series.
static double exp_minus_1(double r) {
  static constexpr double one_by_factorial[] = {  // 1/13!, 1/12!, ... 1/2!
      1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
      1.0 / 5040,       1.0 / 720,       1.0 / 120,      1.0 / 24,      1.0 / 6,      0.5};
  double series = 0;
  for (const double c : one_by_factorial) series = std::fma(series, r, c);
  return std::fma(r * r, series, r);
}

// x = n ln2 + r with |r| <= ln2 / 2
struct Reduced {
  int n;
  double r;
};
static Reduced reduce(double x) {
  const double n = std::floor(x / ln2 + 0.5);
  return {static_cast<int>(n), std::fma(n, -ln2_low, std::fma(n, -ln2_high, x))};
}

double exp(double x) {
  if (std::isnan(x)) return x;
  if (x > 710) return infinity;
  if (x < -746) return 0;
  const auto [n, r] = reduce(x);
  return std::ldexp(1 + exp_minus_1(r), n);
}

double exp2(double x) {
  if (std::isnan(x)) return x;
  if (x > 1025) return infinity;
  if (x < -1076) return 0;
  const double n = std::floor(x + 0.5);
  return std::ldexp(1 + exp_minus_1((x - n) * ln2), static_cast<int>(n));
}

// tanh |x| = m / (m + 2) with m = e^2|x| - 1, formed as 2^n q + (2^n - 1): nothing cancels near 0.
double tanh(double x) {
  const double size = std::fabs(x);
  if (!(size < 20)) return std::isnan(x) ? x : std::copysign(1.0, x);
  const auto [n, r] = reduce(2 * size);
  const double scale = std::ldexp(1.0, n);
  const double m = std::fma(scale, exp_minus_1(r), scale - 1);
  return std::copysign(m / (m + 2), x);
}

// ---- logarithms ---------------------------------------------------------------------------------

// x = m·2^exponent with m in [sqrt(1/2), sqrt(2)), ln m = 2 artanh((m-1)/(m+1)) = 2 t series(t²).
// For x > 0 and finite. Random numbers depend on every bit of it.
struct Logarithm {
  double ln_m;
  int exponent;
};
static Logarithm parts_of_log(double x) {
  int exponent;
  double m = std::frexp(x, &exponent);
  if (m < 0.70710678118654752) m *= 2, --exponent;
  const double t = (m - 1) / (m + 1), t2 = t * t;
  double series = 0;
  for (int n = 25; n >= 1; n -= 2) series = series * t2 + 1.0 / n;
  return {2 * t * series, exponent};
}

// The logarithm where it is no number of ordinary size.
static double special_log(double x) { return x == 0 ? -infinity : x > 0 ? x : not_a_number; }
static bool is_special(double x) { return !(x > 0 && x < infinity); }

double log(double x) {
  if (is_special(x)) return special_log(x);
  const auto [ln_m, exponent] = parts_of_log(x);
  return ln_m + exponent * ln2;
}

double log2(double x) {
  if (is_special(x)) return special_log(x);
  const auto [ln_m, exponent] = parts_of_log(x);
  return ln_m / ln2 + exponent;
}

double pow(double base, double exponent) { return exp2(exponent * log2(base)); }

double power(double base, long n) {
  double result = 1;
  for (; n > 0; n /= 2, base *= base)
    if (n % 2 == 1) result *= base;
  return result;
}

// ---- sine and cosine ----------------------------------------------------------------------------

// cos a, or sin a, for 0 <= a <= pi/4: the Taylor series. Random numbers depend on every bit of it.
static double sine_or_cosine(bool sine, double a) {
  const double a2 = a * a;
  double series = 1;
  for (int n = 20; n >= 2; n -= 2) series = 1 - series * a2 / (sine ? (n + 1) * n : n * (n - 1));
  return sine ? a * series : series;
}

double cos_turns(double u) {
  if (u > 0.5) u = 1 - u;          // cos(-a) = cos a
  const bool negative = u > 0.25;  // cos(pi - a) = -cos a
  if (negative) u = 0.5 - u;
  const bool sine = u > 0.125;     // cos(pi/2 - a) = sin a
  const double value = sine_or_cosine(sine, 6.283185307179586 * (sine ? 0.25 - u : u));
  return negative ? -value : value;
}

// cos(x - quarters·pi/2)
static double shifted_cosine(double x, int quarters) {
  // pi/2 in three parts; the first two have 33 bits, so that their products with n are exact.
  static constexpr double high = 0x1.921fb544p+0, middle = 0x1.0b4611a6p-34,
                          low = 0x1.3198a2e037073p-69;
  const double n = std::floor(x / (high + middle) + 0.5);
  const double r = std::fma(n, -low, std::fma(n, -middle, std::fma(n, -high, x)));
  // cos(r + q pi/2) for q = 0 .. 3: cos r, -sin r, -cos r, sin r
  const int q = static_cast<int>(static_cast<long long>(n) - quarters) & 3;
  const double value = sine_or_cosine(q % 2 == 1, std::fabs(r));
  const bool negative = (q == 1 || q == 2) != (q % 2 == 1 && std::signbit(r));
  return negative ? -value : value;
}

double cos(double x) { return shifted_cosine(x, 0); }
double sin(double x) { return shifted_cosine(x, 1); }

}  // namespace ladder::math
