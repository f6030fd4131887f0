// An optimizer of one's own: steps of one size, by the gradient's sign.
#include "ladder/nn/optimizer.h"

namespace ladder::nn {
namespace {

struct Signs : Optimizer {
  State state() override { return {}; }  // nothing is carried from step to step
  void update(std::span<float> p, std::span<const float> g, double learning_rate) override {
    for (std::size_t i = 0; i < p.size(); ++i)
      p[i] -= static_cast<float>(learning_rate) * static_cast<float>((g[i] > 0) - (g[i] < 0));
  }
};

const Registered<OptimizerPlugin> registered({
    {.name = "signs", .rule = "p -= lr sign(g)", .source = "README example"},
    0.001,
    [](const Settings&, std::size_t) { return std::make_unique<Signs>(); },
});

}  // namespace
}  // namespace ladder::nn
