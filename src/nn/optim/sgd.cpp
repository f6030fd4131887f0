#include "ladder/nn/optimizer.h"
#include "ladder/tensor/kernels/simd.h"

namespace ladder::nn {
namespace {

class Sgd : public Optimizer {
 public:
  Sgd(const Settings& s, std::size_t parameters)
      : momentum_(static_cast<float>(s.real("momentum"))), velocity_(parameters) {}

  void update(std::span<float> p, std::span<const float> g, double learning_rate) override {
    const float lr = static_cast<float>(learning_rate), momentum = momentum_;
    float* v = velocity_.data();
    for (std::size_t i = 0; i < p.size(); ++i) {
      v[i] = simd::fma(momentum, v[i], g[i]);
      p[i] = simd::fma(-lr, v[i], p[i]);
    }
  }
  State state() override { return {{velocity_}}; }

 private:
  float momentum_;
  std::vector<float> velocity_;
};

const Registered<OptimizerPlugin> registered({
    {.name = "sgd",
     .rule = "v = momentum v + g; p -= lr v",
     .source = "Polyak 1964",
     .settings = {Setting::real("momentum", "0.8", 0, 1, "share of the last update that is kept",
                                "ladder recipe")}},
    0.1,
    [](const Settings& s, std::size_t n) { return std::make_unique<Sgd>(s, n); },
});

}  // namespace
}  // namespace ladder::nn
