// An optimizer turns gradients into updates of one flat parameter buffer. Each is one file in
// src/nn/optim/ that registers itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ladder/base/plugin.h"

namespace ladder::nn {

class Optimizer {
 public:
  // All that its updates depend on beside what update is given: what a checkpoint keeps, and sets.
  struct State {
    std::vector<std::span<float>> buffers;  // in an order of its own
    std::int64_t* step = nullptr;           // updates done, where these matter
  };

  virtual ~Optimizer() = default;
  virtual State state() = 0;
  // One step, in place; the spans have the size given to make, at every call.
  virtual void update(std::span<float> parameters, std::span<const float> gradients,
                      double learning_rate) = 0;
};

struct OptimizerPlugin : Plugin {
  static constexpr const char* kind = "optimizer";
  static constexpr Group group = Group::training;
  double learning_rate;  // what learning_rate = auto stands for
  std::function<std::unique_ptr<Optimizer>(const Settings&, std::size_t parameters)> make;
};

// The optimizer that the (resolved) settings name.
std::unique_ptr<Optimizer> make_optimizer(const Settings& settings, std::size_t parameters);

}  // namespace ladder::nn
