// The elementary functions that results depend on, in double: libm's differ from machine to machine
// in the last bit, these do not. They need nothing of libm but what is exact everywhere (frexp, ldexp,
// fma, rounding to an integer).
//
// Largest errors against std::, in units of the last place (tests/base/math_test.cpp asserts them):
//   exp, exp2  1.5 (subnormal results: one subnormal step)      log 3, log2 4
//   tanh       3                                                cos, sin    2 for |x| <= pi/4; beyond
//   pow        2 + 2 |exponent · log2(base)|                                it 2^-51 for |x| <= 2^20
// Special values: as std::, but sin and cos want finite numbers.
#pragma once

namespace ladder::math {

double exp(double x);
double exp2(double x);
double log(double x);
double log2(double x);
double tanh(double x);
double cos(double x);
double sin(double x);
// base^exponent, base > 0
double pow(double base, double exponent);
// base^n by squaring, n >= 0: exact as long as the result has no more than 53 bits.
double power(double base, long n);

// cos(2 pi u) for u in [0, 1)
double cos_turns(double u);

}  // namespace ladder::math
