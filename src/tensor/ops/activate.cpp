// y = activation(x)
#include "tensor/ops/activation.h"
#include "ladder/tensor/gradcheck.h"
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

static GradientCase activation_case(const std::string& name, Activation activation) {
  return {name, [=](Graph<double>& graph, GradientProbe& probe) {
            return probe.weigh({activate(graph, probe.variable(4, 5), activation)});
          }};
}
static const Registered<GradientCase> gelu(activation_case("gelu", Activation::gelu));
static const Registered<GradientCase> relu(activation_case("relu", Activation::relu));
static const Registered<GradientCase> tanh(activation_case("tanh", Activation::tanh));

}  // namespace ladder::tensor
