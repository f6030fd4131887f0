// The threshold τ of sparsemax and entmax: what lies above it takes part. Both grow it from below to
// its value, in all lanes until none grows any more; a lane that has settled does not change.
#pragma once

#include "ladder/nn/score_form.h"

namespace ladder::nn {

// step(τ) is a lower bound of the wanted τ if τ is one, and above τ unless that is the wanted one.
template <class Vec, class Step>
Vec grow_threshold(Vec tau, Step step) {
  for (int round = 0; round < 100; ++round) {  // a handful is usual
    const Vec next = step(tau);
    if (simd::word_of(next > tau) == 0) break;
    tau = simd::max(tau, next);
  }
  return tau;
}

// The same plainly: p = above(z, τ), which falls with τ, where Σ p = 1.
inline PlainScore plain_threshold(double (*above)(double z, double tau)) {
  return {[=](const PlainScore::Row& z, const PlainScore::Row& bias, double) {
    PlainScore::Row p(z.size());
    double low = -1e3, high = 1e3;
    for (int halving = 0; halving < 100; ++halving) {
      const double tau = (low + high) / 2;
      double sum = 0;
      for (std::size_t j = 0; j < z.size(); ++j) sum += p[j] = above(z[j] + bias[j], tau);
      (sum > 1 ? low : high) = tau;
    }
    return p;
  }};
}

}  // namespace ladder::nn
