// Vectors as wide as the target's registers, written with the GCC/Clang vector extensions only.
//
// Vec<T> is a built-in vector type: + - * / and comparisons work per lane, a scalar operand is
// broadcast, and a comparison gives a mask (integer lanes, all ones or zero) for select.
// No function here throws or allocates; pointers need the alignment of T only.
//
// exp and tanh in float are our own: polynomials without tables or branches, so that a whole vector
// takes about twenty operations. Largest errors against double std:: over all floats of the range
// (tests/tensor/simd_test.cpp sweeps it and asserts these bounds):
//   exp   1.0 ulp for results in the normal range; subnormal results within 1 subnormal step
//   tanh  3.0 ulp everywhere, odd, exactly +-1 from |x| = 9.02 on
// The scalar forms run the vector forms, so both give the same bits. In double both are base/math.h's.
//
// The same bits on every machine: compilers must not contract a·b + c into one rounding
// (-ffp-contract=off), for they choose differently; where one rounding is wanted, fma says so. And no
// sum may depend on the width of a vector: see reduction_lanes.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "ladder/base/math.h"

namespace ladder::simd {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr int vector_bytes = 32;
#else
inline constexpr int vector_bytes = 16;
#endif

template <class T, int bytes>
struct VectorOf {
  typedef T type __attribute__((vector_size(bytes)));
};

// The widest vector of T on this target, and a half-wide one for short rows (never under 16 bytes).
template <class T>
using Vec = typename VectorOf<T, vector_bytes>::type;
template <class T>
using HalfVec = typename VectorOf<T, (vector_bytes > 16 ? vector_bytes / 2 : 16)>::type;

template <class T>
inline constexpr int lanes = vector_bytes / static_cast<int>(sizeof(T));

// Sums over a row have so many partial sums, however many lanes the target has: element i belongs to
// partial sum i % reduction_lanes.
template <class T>
inline constexpr int reduction_lanes = 64 / static_cast<int>(sizeof(T));

// Loads and stores of a Vec<T>, or of a narrower vector V when it is named: load<T, HalfVec<T>>(p).
template <class T, class V = Vec<T>>
inline V load(const T* p) {
  V v;
  std::memcpy(&v, p, sizeof(V));
  return v;
}

template <class T, class V = Vec<T>>
inline void store(T* p, V v) {
  std::memcpy(p, &v, sizeof(V));
}

// Copies n < 2 * piece elements in moves of fixed size, one for each set bit of n.
template <int piece, class T>
inline void copy_pieces(T* to, const T* from, int n) {
  if (n & piece) {
    std::memcpy(to, from, piece * sizeof(T));
    to += piece, from += piece;
  }
  if constexpr (piece > 1) copy_pieces<piece / 2>(to, from, n);
}

// The two vectors side by side.
template <class V, class Half, int... i>
inline V join(Half low, Half high, std::integer_sequence<int, i...>) {
  return __builtin_shufflevector(low, high, i...);
}

// The first n lanes, 0 <= n <= lanes; load_partial fills the others with zero. Memory past n is not
// touched. The vector is put together from its halves in registers: through memory the whole load
// would have to wait until the pieces just stored have left the core.
template <class T, class V = Vec<T>>
inline V load_partial(const T* p, int n) {
  constexpr int all = sizeof(V) / sizeof(T), half = all / 2;
  if (n == all) return load<T, V>(p);
  if constexpr (sizeof(V) > 16) {
    using Half = typename VectorOf<T, sizeof(V) / 2>::type;
    constexpr auto lanes_of_both = std::make_integer_sequence<int, all>{};
    return n < half ? join<V>(load_partial<T, Half>(p, n), Half{}, lanes_of_both)
                    : join<V>(load<T, Half>(p), load_partial<T, Half>(p + half, n - half),
                              lanes_of_both);
  } else {
    V v{};
    for (int i = 0; i < all - 1; ++i) {
      if (i < n) v[i] = p[i];
    }
    return v;
  }
}

template <class T, class V = Vec<T>>
inline void store_partial(T* p, V v, int n) {
  constexpr int all = sizeof(V) / sizeof(T);
  if (n == all) return store<T, V>(p, v);
  alignas(V) T part[all];
  store<T, V>(part, v);
  copy_pieces<all / 2>(p, part, n);
}

template <class T, class V = Vec<T>>
inline V broadcast(T x) {
  return x - V{};  // x - 0 is x for every x, -0 included
}

inline float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }

namespace detail {

template <class V, class X>
inline V vector_of(X x) {
  if constexpr (std::is_arithmetic_v<X>) return x - V{};
  else return x;
}

}  // namespace detail

// a·b + c with one rounding, per lane; a scalar counts for every lane. The loop becomes one
// instruction; where the target has none, libm computes the same bits, slowly. The pragma makes GCC
// vectorise it as a loop: as single statements in the midst of others it sometimes fails to. That
// happens after inlining, before which these loops look large: functions with several of them must
// say always_inline.
template <class A, class B, class C, class V = decltype(A{} * B{} + C{})>
  requires(!std::is_arithmetic_v<V>)
[[gnu::always_inline]] inline V fma(A a, B b, C c) {
  const V x = detail::vector_of<V>(a), y = detail::vector_of<V>(b), z = detail::vector_of<V>(c);
  constexpr int n = sizeof(V) / sizeof(x[0]);
  V result;
#pragma omp simd
  for (int i = 0; i < n; ++i) result[i] = fma(x[i], y[i], z[i]);
  return result;
}

// Per lane: mask ? a : b.
template <class Mask, class V>
inline V select(Mask mask, V a, V b) {
  return mask ? a : b;
}

// Stands for a mask in which every lane is set.
struct AllLanes {};
template <class V>
inline V select(AllLanes, V a, V) {
  return a;
}

// Per lane the larger; b where a or b is NaN.
template <class V>
inline V max(V a, V b) {
  return a > b ? a : b;
}

namespace detail {

template <class V>
using Lane = std::remove_cvref_t<decltype(std::declval<V>()[0])>;

template <class V, int... i>
inline V iota(std::integer_sequence<int, i...>) {
  return V{static_cast<Lane<V>>(i)...};
}

// v with lane i taken from lane i ^ distance.
template <int distance, class V, int... i>
inline V swap(V v, std::integer_sequence<int, i...>) {
  return __builtin_shufflevector(v, v, (i ^ distance)...);
}

template <int distance, class V>
inline Lane<V> fold(V v) {
  if constexpr (distance == 0) {
    return v[0];
  } else {
    constexpr int n = sizeof(V) / sizeof(Lane<V>);
    return fold<distance / 2>(v + swap<distance>(v, std::make_integer_sequence<int, n>{}));
  }
}

}  // namespace detail

// 0, 1, 2, ... : the index of each lane.
template <class T>
inline Vec<T> iota() {
  return detail::iota<Vec<T>>(std::make_integer_sequence<int, lanes<T>>{});
}

// The mask whose lane i is set where bit i of the word is.
template <class T>
inline auto mask_of(std::uint32_t word) {
  using Ints = decltype(Vec<T>{} == Vec<T>{});
  using Int = std::remove_cvref_t<decltype(std::declval<Ints>()[0])>;
  const Ints bit = Int{1} << detail::iota<Ints>(std::make_integer_sequence<int, lanes<T>>{});
  return (bit & static_cast<Int>(word)) != 0;
}

// Bit i is lane i of the mask: the inverse of mask_of.
template <class Mask>
inline std::uint32_t word_of(Mask mask) {
  using Int = detail::Lane<Mask>;
  constexpr int n = sizeof(Mask) / sizeof(Int);
  const Mask bit = Int{1} << detail::iota<Mask>(std::make_integer_sequence<int, n>{});
  return static_cast<std::uint32_t>(detail::fold<n / 2>(mask & bit));
}

// The sum of all lanes, as a tree: lane i is first added to lane i + lanes / 2, and so on down.
template <class V>
inline auto sum(V v) {
  return detail::fold<sizeof(V) / sizeof(v[0]) / 2>(v);
}

namespace detail {

using Floats = Vec<float>;
using Ints = Vec<std::int32_t>;

inline Ints bits(Floats x) {
  Ints b;
  std::memcpy(&b, &x, sizeof b);
  return b;
}

inline Floats from_bits(Ints b) {
  Floats x;
  std::memcpy(&x, &b, sizeof x);
  return x;
}

// 2^n for -126 <= n <= 127, through the exponent field; 0 for n = -127.
inline Floats power_of_two(Ints n) { return from_bits((n + 127) << 23); }

// Adding it rounds to an integer and leaves that in the low bits of the mantissa.
constexpr float rounding = 12582912.0f;  // 1.5 * 2^23

// x = n ln2 + r with |r| <= ln2 / 2; returns n and q = e^r - 1, which keeps its relative accuracy
// near r = 0. Needs |x| < 2^20.
struct Reduced {
  Ints n;
  Floats q;
};

[[gnu::always_inline]] inline Reduced reduce(Floats x) {
  const Floats magic = broadcast(rounding);
  const Floats shifted = fma(x, 1.44269504088896341f, magic);
  const Floats n = shifted - magic;
  // ln2 in two parts
  const Floats r = fma(n, 2.12194440054690583e-4f, fma(n, -0.693359375f, x));
  Floats p = fma(r, 1.9875691500e-4f, 1.3981999507e-3f);
  p = fma(p, r, 8.3334519073e-3f);
  p = fma(p, r, 4.1665795894e-2f);
  p = fma(p, r, 1.6666665459e-1f);
  p = fma(p, r, 5.0000001201e-1f);
  return {bits(shifted) - bits(magic), fma(r * r, p, r)};
}

}  // namespace detail

inline Vec<float> absolute(Vec<float> x) {
  return detail::from_bits(detail::bits(x) & std::numeric_limits<std::int32_t>::max());
}
inline Vec<double> absolute(Vec<double> x) { return select(x < Vec<double>{}, -x, x); }

// 1 / x for x of normal size up to 2^125, within 1 ulp: the bits of x subtracted from a constant
// are a guess within 7.2 %, and each Newton step squares its error. A division takes several times
// as long; it is what double uses.
[[gnu::always_inline]] inline Vec<float> reciprocal(Vec<float> x) {
  Vec<float> r = detail::from_bits(0x7EF6CF42 - detail::bits(x));
  r = r * fma(-x, r, 2.0f);
  r = r * fma(-x, r, 2.0f);
  return fma(r, fma(-x, r, 1.0f), r);
}
inline Vec<double> reciprocal(Vec<double> x) { return 1 / x; }

// e^x. exp(-inf) = 0, beyond 88.72 inf, NaN stays NaN; small results pass through the subnormals.
[[gnu::always_inline]] inline Vec<float> exp(Vec<float> x) {
  // Outside these bounds the result is 0 or inf anyway; a NaN fails both comparisons and stays.
  const Vec<float> low = broadcast(-105.0f), high = broadcast(89.0f);
  x = select(x < low, low, x);
  x = select(x > high, high, x);
  const auto [n, q] = detail::reduce(x);
  // 2^n in two factors, since n reaches beyond the exponents of normal numbers on both sides.
  const auto half = n >> 1;
  return ((q + 1.0f) * detail::power_of_two(half)) * detail::power_of_two(n - half);
}

// The same for |x| <= 87 in fewer steps, as no result is subnormal there.
[[gnu::always_inline]] inline Vec<float> bounded_exp(Vec<float> x) {
  const auto [n, q] = detail::reduce(x);
  return (q + 1.0f) * detail::power_of_two(n);
}

// e^x - 1 for x < 88, to 2 ulp also near 0.
[[gnu::always_inline]] inline Vec<float> expm1(Vec<float> x) {
  const Vec<float> low = broadcast(-40.0f);  // beyond, the result is -1 anyway
  const auto [n, q] = detail::reduce(select(x < low, low, x));
  const Vec<float> scale = detail::power_of_two(n);
  return fma(scale, q, scale - 1.0f);
}

// tanh |x| = m / (m + 2) with m = e^2|x| - 1: the difference is formed as 2^n q + (2^n - 1), whose
// second part is exact, so nothing cancels near 0.
[[gnu::always_inline]] inline Vec<float> tanh(Vec<float> x) {
  const auto sign = detail::bits(x) & std::numeric_limits<std::int32_t>::min();
  Vec<float> y = detail::from_bits(detail::bits(x) ^ sign);
  const Vec<float> high = broadcast(9.5f);
  y = select(y > high, high, y);
  const auto [n, q] = detail::reduce(y + y);
  const Vec<float> scale = detail::power_of_two(n);
  const Vec<float> m = fma(scale, q, scale - 1.0f), one = broadcast(1.0f);
  Vec<float> t = m * reciprocal(m + 2.0f);
  t = select(t > one, one, t);  // the last step may round past 1
  return detail::from_bits(detail::bits(t) | sign);
}

inline float exp(float x) { return exp(broadcast(x))[0]; }
inline float tanh(float x) { return tanh(broadcast(x))[0]; }

inline double exp(double x) { return math::exp(x); }
inline double tanh(double x) { return math::tanh(x); }

// As 2t / (1 - t) with t = tanh(x/2), which keeps the relative accuracy near 0.
inline double expm1(double x) {
  if (x > 1 || x < -1) return math::exp(x) - 1;
  const double t = math::tanh(x / 2);
  return 2 * t / (1 - t);
}

inline Vec<double> exp(Vec<double> x) {
  for (int i = 0; i < lanes<double>; ++i) x[i] = math::exp(x[i]);
  return x;
}

inline Vec<double> bounded_exp(Vec<double> x) { return exp(x); }

inline Vec<double> expm1(Vec<double> x) {
  for (int i = 0; i < lanes<double>; ++i) x[i] = expm1(x[i]);
  return x;
}

inline Vec<double> tanh(Vec<double> x) {
  for (int i = 0; i < lanes<double>; ++i) x[i] = math::tanh(x[i]);
  return x;
}

}  // namespace ladder::simd
