// A score turns z = query·key into an attention weight. It is a small struct in a file of its own in
// src/nn/scores/, compiled into the attention kernel: one indirect call a layer, none an element.
//
//   struct Example {
//     static constexpr Normaliser normaliser = divide_by_sum;
//     template <class V> static V weight(V z);          // V is a vector of float or double
//     template <class V> static V slope(V z, V w);      // d weight / dz, given w = weight(z)
//   };
//   const Registered<Score> example({{.name = "example", .rule = "...", .source = "..."},
//                                    score_form<Example>(),
//                                    plain_weight([](double z, double) { return ...; })});
//
// weight must not be negative (a row's sum is divided by) and must be finite for |z| < 1e15. simd::exp,
// expm1 and tanh are there; arithmetic with scalars works element by element. A score with a number
// of its own takes it as a last argument of both, `T c`; ScoreForm::parameter says what it is.
//
// A score that is no weight of z alone has, instead of these, row functions: how all z of a query
// become its p, and back (tensor/kernels/attention_rows.h).
//
// Either may declare, where it differs from these:
//
//     static constexpr bool decays = true;        // alibi's decay is defined for it
//     static constexpr bool sees_itself = true;   // a query's own key is one of its keys
//     static constexpr bool of_distance = false;  // its z is scale · |query - key|²
//     template <class V> static V order(V z);     // of row functions: which z is first, for topk
//
// The file includes nn/score_form.h; this header is what the users of scores need.
#pragma once

#include <functional>
#include <memory>

#include "ladder/base/plugin.h"
#include "ladder/tensor/kernels/attention_problem.h"

namespace ladder::nn {

using namespace tensor;

struct MixerShape;
class AttentionAlgorithm;

// What attention needs of a score.
struct ScoreForm {
  Normaliser normaliser;  // of a weight of z
  AttentionKernel<float> in_float;
  AttentionKernel<double> in_double;
  bool decays = true, sees_itself = true, of_distance = false;
  // The number c of weight(z, c), given the model's context.
  std::function<double(const Settings&, int context)> parameter = nullptr;
  // Another way to the same result than the kernel's (nn/attention.h), where the settings want it; else
  // null. Throws a usage error where they want it and it cannot be.
  std::function<std::shared_ptr<const AttentionAlgorithm>(const Settings&, const MixerShape&)> algorithm = nullptr;

  template <class T>
  const AttentionKernel<T>& kernel() const {
    if constexpr (sizeof(T) == sizeof(float)) return in_float;
    else return in_double;
  }
};

// The score's formula written plainly, to check the kernel against. Optional: a score without is
// checked against its own numeric derivatives only.
struct PlainScore {
  using Row = std::vector<double>;
  // p of one query's keys, in their order, from their z, what alibi adds to them, and c.
  std::function<Row(const Row& z, const Row& bias, double c)> row = {};
  // The largest is first, for topk.
  std::function<double(double z, double c)> order = [](double z, double) { return z; };
};
// w = weight(z, c) e^bias; p = w / (Σ w + epsilon), or w if epsilon is below 0.
PlainScore plain_weight(double (*weight)(double z, double c), double epsilon = 1e-9);

struct Score : Plugin {
  static constexpr const char* kind = "score";
  static constexpr Group group = Group::model;
  ScoreForm form;
  PlainScore plain = {};
};

}  // namespace ladder::nn
