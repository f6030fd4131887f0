// Compiles a score into the attention kernel: for the files that define one.
#pragma once

#include "ladder/nn/score.h"
#include "ladder/tensor/kernels/attention.h"

namespace ladder::nn {

template <class Form>
ScoreForm score_form(std::function<double(const Settings&, int context)> parameter = nullptr) {
  ScoreForm form{unnormalised, attention_kernel<Form, float>(), attention_kernel<Form, double>()};
  if constexpr (requires { Form::normaliser; }) form.normaliser = Form::normaliser;
  if constexpr (requires { Form::decays; }) form.decays = Form::decays;
  if constexpr (requires { Form::sees_itself; }) form.sees_itself = Form::sees_itself;
  if constexpr (requires { Form::of_distance; }) form.of_distance = Form::of_distance;
  form.parameter = std::move(parameter);
  return form;
}

}  // namespace ladder::nn
