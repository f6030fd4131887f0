// Adam (Kingma & Ba, arXiv:1412.6980), the base of its variants.
#pragma once

#include "ladder/nn/optimizer.h"

namespace ladder::nn {

class Adam : public Optimizer {
 public:
  // `decay`: every parameter shrinks by learning_rate · decay before its step (adamw).
  Adam(const Settings& settings, std::size_t parameters, double decay = 0);
  void update(std::span<float> parameters, std::span<const float> gradients,
              double learning_rate) override;
  State state() override { return {{mean_, square_}, &step_}; }

 private:
  double beta1_, beta2_, epsilon_, decay_;
  std::int64_t step_ = 0;
  std::vector<float> mean_, square_;
};

}  // namespace ladder::nn
