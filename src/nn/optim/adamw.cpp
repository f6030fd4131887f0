#include "nn/optim/adam.h"

namespace ladder::nn {

static const Registered<OptimizerPlugin> registered({
    {.name = "adamw",
     .rule = "p *= 1 - lr weight_decay; then as adam",
     .source = "Loshchilov & Hutter, arXiv:1711.05101",
     .reads = {"weight_decay", "beta1", "beta2", "epsilon"}},
    0.001,
    [](const Settings& s, std::size_t n) {
      return std::make_unique<Adam>(s, n, s.real("weight_decay"));
    },
});

}  // namespace ladder::nn
