// A score turns z = query·key into an attention weight. It is a small struct in a file of its own in
// src/nn/scores/, compiled into the attention kernel: one indirect call a layer, none an element.
//
//   struct Example {
//     static constexpr const char* name = "example";
//     static constexpr const char* formula = "...";     // for `ladder list scores`
//     static constexpr const char* source = "...";      // who proposed it
//     static constexpr Normaliser normaliser = divide_by_sum;
//     template <class V> static V weight(V z);          // V is a vector of float or double
//     template <class V> static V slope(V z, V w);      // d weight / dz, given w = weight(z)
//   };
//   static const Registered<Score> registered(make_score<Example>());
//
// weight must not be negative (a row's sum is divided by) and must be finite for |z| < 1e15. simd::exp
// and simd::tanh are there; arithmetic with scalars works element by element.
#pragma once

#include <string>

#include "ladder/base/registry.h"
#include "ladder/tensor/kernels/attention.h"

namespace ladder::nn {

using namespace tensor;

struct Score {
  static constexpr const char* kind = "score";
  std::string name, formula, source;
  Normaliser normaliser;
  AttentionKernel<float> single;
  AttentionKernel<double> twice;  // double precision

  template <class T>
  const AttentionKernel<T>& kernel() const {
    if constexpr (sizeof(T) == sizeof(float)) return single;
    else return twice;
  }
};

template <class Form>
Score make_score() {
  return {Form::name,       Form::formula, Form::source, Form::normaliser, attention_kernel<Form, float>(),
          attention_kernel<Form, double>()};
}

}  // namespace ladder::nn
