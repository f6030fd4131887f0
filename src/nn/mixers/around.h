// The linear maps around the operation of a mixer, which all mixers have alike.
#pragma once

#include "ladder/nn/mixer.h"
#include "nn/mixers/mixture.h"

namespace ladder::nn {

template <class T>
struct Projected {
  Tensor<T> query, key, value;
};

// Query and key with key_columns columns (0: d_model), value with d_model.
template <class T>
Projected<T> project(Recorder<T>& recorder, const std::string& name, Tensor<T> x, const MixerShape& shape,
                     int key_columns = 0) {
  const int d = shape.d_model, keys = key_columns ? key_columns : d;
  const auto parts = recorder.linear(
      name, x, {{"query", keys, shape.qk_gain}, {"key", keys, shape.qk_gain}, {"value", d}});
  return {parts[0], parts[1], parts[2]};
}

template <class T>
Mixed<T> project_out(Recorder<T>& recorder, const std::string& name, const Mixture<T>& mixture,
                     const MixerShape& shape) {
  if (mixture.extra_loss) recorder.add_loss(mixture.extra_loss);
  return {recorder.linear(name + "out", mixture.out, shape.d_model),
          {.maps = mixture.look, .heads = shape.heads, .query = {}, .key = {}}};
}

}  // namespace ladder::nn
