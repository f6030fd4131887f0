// The activations as functors on vectors: value and slope come from one evaluation.
#pragma once

#include <type_traits>

#include "ladder/base/error.h"
#include "ladder/tensor/kernels/simd.h"
#include "ladder/tensor/ops.h"

namespace ladder::tensor {

// y = x/2 (1 + tanh u), u = sqrt(2/pi) (x + 0.044715 x³)   Hendrycks & Gimpel, arXiv:1606.08415
// (1 + tanh u)/2 is the logistic function of 2u, which is cheaper.
struct Gelu {
  template <class V>
  [[gnu::always_inline]] static void apply(V x, V& y, V& slope) {
    using T = std::remove_cvref_t<decltype(x[0])>;
    constexpr T c = static_cast<T>(2 * 0.79788456080286535588), a = static_cast<T>(0.044715);
    const V x2 = x * x;
    // exp of at most 80: beyond, the logistic function is 0 in float, and 1/(1 + e^80) is harmless
    const V exponent = -simd::max(c * x * simd::fma(x2, a, T(1)), V{} - 80);
    const V s = simd::reciprocal(1 + simd::exp(exponent));
    y = x * s;
    // dy/dx = s + x s (1 - s) d(2u)/dx
    slope = simd::fma(y * (1 - s), c * simd::fma(x2, 3 * a, T(1)), s);
  }
};

struct Relu {
  template <class V>
  [[gnu::always_inline]] static void apply(V x, V& y, V& slope) {
    y = simd::max(x, V{});
    slope = simd::select(x > V{}, V{} + 1, V{});
  }
};

struct Tanh {
  template <class V>
  [[gnu::always_inline]] static void apply(V x, V& y, V& slope) {
    y = simd::tanh(x);
    slope = simd::fma(-y, y, std::remove_cvref_t<decltype(y[0])>(1));
  }
};

// Calls f with the functor that `activation` names: one dispatch a tensor, none an element.
template <class F>
void with_activation(Activation activation, F&& f) {
  switch (activation) {
    case Activation::gelu: return f(Gelu{});
    case Activation::relu: return f(Relu{});
    case Activation::tanh: return f(Tanh{});
    case Activation::none: break;
  }
  throw failure("activation: there is none to apply");
}

// The same plainly, for checks.
double plain_activation(double x, Activation activation);

}  // namespace ladder::tensor
