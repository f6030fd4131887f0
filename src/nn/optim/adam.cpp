#include "nn/optim/adam.h"

#include <cmath>

#include "ladder/base/math.h"
#include "ladder/tensor/kernels/simd.h"

namespace ladder::nn {

Adam::Adam(const Settings& s, std::size_t parameters, double decay)
    : beta1_(s.real("beta1")),
      beta2_(s.real("beta2")),
      epsilon_(s.real("epsilon")),
      decay_(decay),
      mean_(parameters),
      square_(parameters) {}

void Adam::update(std::span<float> p, std::span<const float> g, double learning_rate) {
  ++step_;
  // m / (1 - β1^t) / (sqrt(v / (1 - β2^t)) + ε), with the corrections taken out of the loop
  const float rate = static_cast<float>(learning_rate / (1 - math::power(beta1_, step_)));
  const float root = static_cast<float>(1 / std::sqrt(1 - math::power(beta2_, step_)));
  const float keep = static_cast<float>(1 - learning_rate * decay_);
  const float b1 = static_cast<float>(beta1_), c1 = static_cast<float>(1 - beta1_);
  const float b2 = static_cast<float>(beta2_), c2 = static_cast<float>(1 - beta2_);
  const float epsilon = static_cast<float>(epsilon_);
  float *m = mean_.data(), *v = square_.data(), *x = p.data();
  const float* d = g.data();
  for (std::size_t i = 0; i < p.size(); ++i) {
    m[i] = simd::fma(b1, m[i], c1 * d[i]);
    v[i] = simd::fma(b2, v[i], c2 * d[i] * d[i]);
    x[i] = keep * x[i] - rate * m[i] / simd::fma(std::sqrt(v[i]), root, epsilon);
  }
}

static const Registered<OptimizerPlugin> registered({
    {.name = "adam",
     .rule = "p -= lr m' / (sqrt(v') + epsilon), m' and v' bias-corrected means of g and g^2",
     .source = "Kingma & Ba, arXiv:1412.6980",
     .settings = {Setting::real("epsilon", "1e-8", 1e-30, 1, "added to the root of the mean of squares",
                                "arXiv:1412.6980")},
     .reads = {"beta1", "beta2"}},
    0.001,
    [](const Settings& s, std::size_t n) { return std::make_unique<Adam>(s, n); },
});

}  // namespace ladder::nn
