// y = activation(x)
#include <algorithm>
#include <cmath>

#include "tensor/ops/activation.h"
#include "ladder/tensor/operation_case.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/ops.h"

namespace ladder::tensor {

template <class T>
Tensor<T> activate(Graph<T>& graph, Tensor<T> x, Activation activation) {
  if (activation == Activation::none) return x;
  Tensor<T> y = graph.tensor(x.rows(), x.cols());
  T* slope = graph.scratch(y.size());

  graph.record(
      {x}, {y},
      [=] {
        with_activation(activation, [&](auto f) {
          for_each_vector<T>(y.size(), [&](auto at) {
            simd::Vec<T> value, derivative;
            f.apply(at.load(x.value()), value, derivative);
            at.store(y.value(), value);
            at.store(slope, derivative);
          });
        });
      },
      [=](Writes mode) {
        if (!x.grad()) return;
        // y = f(x):  dx = f'(x)·dy
        for_each_vector<T>(y.size(), [&](auto at) {
          write(at, x.grad(), at.load(slope) * at.load(y.grad()), mode[0]);
        });
      });
  return y;
}

template Tensor<float> activate(Graph<float>&, Tensor<float>, Activation);
template Tensor<double> activate(Graph<double>&, Tensor<double>, Activation);

double plain_activation(double x, Activation activation) {
  switch (activation) {
    case Activation::gelu: return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Activation::relu: return std::max(x, 0.0);
    case Activation::tanh: return std::tanh(x);
    case Activation::none: break;
  }
  return x;
}

static OperationCase activation_case(const Named<Activation>& activation) {
  return operation_case(
      {.name = activation.name,
       .sizes = {4, 5},
       .timed = {1024, 512},
       .inputs = [](const Sizes& n) { return CaseInputs{{n[0], n[1]}}; },
       .plain = [=](const Matrices& in, const Sizes&) {
         Matrix y = in[0];
         for (double& x : y.values) x = plain_activation(x, activation.value);
         return Matrices{y};
       }},
      [=](auto& graph, const auto& in, const Sizes&) { return activate(graph, in[0], activation.value); });
}
static const bool cases = [] {
  for (const auto& activation : activations) Registered<OperationCase> registered(activation_case(activation));
  return true;
}();

}  // namespace ladder::tensor
