// Compiles a score into the attention kernel: for the files that define one.
#pragma once

#include "ladder/nn/score.h"
#include "ladder/tensor/kernels/attention.h"

namespace ladder::nn {

template <class Form>
ScoreForm score_form() {
  return {Form::normaliser, attention_kernel<Form, float>(), attention_kernel<Form, double>()};
}

}  // namespace ladder::nn
