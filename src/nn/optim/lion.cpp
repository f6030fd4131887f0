#include "ladder/nn/optimizer.h"

namespace ladder::nn {
namespace {

class Lion : public Optimizer {
 public:
  Lion(const Settings& s, std::size_t parameters)
      : beta1_(static_cast<float>(s.real("beta1"))),
        beta2_(static_cast<float>(s.real("beta2"))),
        decay_(s.real("weight_decay")),
        mean_(parameters) {}

  void update(std::span<float> p, std::span<const float> g, double learning_rate) override {
    const float lr = static_cast<float>(learning_rate);
    const float keep = static_cast<float>(1 - learning_rate * decay_);
    for (std::size_t i = 0; i < p.size(); ++i) {
      const float direction = beta1_ * mean_[i] + (1 - beta1_) * g[i];
      const float sign = static_cast<float>((direction > 0) - (direction < 0));
      p[i] = keep * p[i] - lr * sign;
      mean_[i] = beta2_ * mean_[i] + (1 - beta2_) * g[i];
    }
  }

  State state() override { return {{mean_}}; }

 private:
  float beta1_, beta2_;
  double decay_;
  std::vector<float> mean_;
};

// Its authors take beta2 = 0.99 and a rate 3 to 10 times below Adam's.
const Registered<OptimizerPlugin> registered({
    {.name = "lion",
     .rule = "p -= lr (sign(beta1 m + (1 - beta1) g) + weight_decay p); m = beta2 m + (1 - beta2) g",
     .source = "Chen et al., arXiv:2302.06675",
     .reads = {"weight_decay", "beta1", "beta2"}},
    0.0003,
    [](const Settings& s, std::size_t n) { return std::make_unique<Lion>(s, n); },
});

}  // namespace
}  // namespace ladder::nn
