// The activations as functors on vectors: value and slope come from one evaluation.
#pragma once

#include "ladder/base/error.h"
#include "ladder/tensor/kernels/simd.h"
#include "ladder/tensor/ops.h"

namespace ladder {

// y = x/2 (1 + tanh u), u = sqrt(2/pi) (x + 0.044715 x³)   Hendrycks & Gimpel, arXiv:1606.08415
struct Gelu {
  template <class V>
  static void apply(V x, V& y, V& slope) {
    constexpr float c = 0.7978845608f, a = 0.044715f;
    constexpr double exact_c = 0.79788456080286535588, exact_a = 0.044715;
    if constexpr (sizeof(x[0]) == sizeof(float)) evaluate(x, y, slope, c, a);
    else evaluate(x, y, slope, exact_c, exact_a);
  }
  template <class V, class S>
  static void evaluate(V x, V& y, V& slope, S c, S a) {
    const V x2 = x * x;
    const V t = simd::tanh(c * x * (1 + a * x2));
    const V half = S(0.5) * (1 + t);
    y = x * half;
    // dy/dx = (1 + t)/2 + x/2 (1 - t²) du/dx
    slope = half + S(0.5) * x * (1 - t * t) * (c * (1 + 3 * a * x2));
  }
};

struct Relu {
  template <class V>
  static void apply(V x, V& y, V& slope) {
    y = simd::max(x, V{});
    slope = simd::select(x > V{}, V{} + 1, V{});
  }
};

struct Tanh {
  template <class V>
  static void apply(V x, V& y, V& slope) {
    y = simd::tanh(x);
    slope = 1 - y * y;
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

}  // namespace ladder
