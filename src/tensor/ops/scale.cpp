// y = factor · x
#include "ladder/tensor/gradcheck.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/ops.h"

namespace ladder::tensor {

template <class T>
Tensor<T> scale(Graph<T>& graph, Tensor<T> x, double factor) {
  Tensor<T> y = graph.tensor(x.rows(), x.cols());
  const T f = static_cast<T>(factor);
  graph.record(
      {x}, {y},
      [=] {
        for_each_vector<T>(y.size(), [&](auto at) { at.store(y.value(), f * at.load(x.value())); });
      },
      [=](Writes mode) {
        // y = f·x:  dx = f·dy
        if (x.grad())
          for_each_vector<T>(y.size(),
                             [&](auto at) { write(at, x.grad(), f * at.load(y.grad()), mode[0]); });
      });
  return y;
}

template Tensor<float> scale(Graph<float>&, Tensor<float>, double);
template Tensor<double> scale(Graph<double>&, Tensor<double>, double);

static const Registered<GradientCase> scale_case(
    {"scale", [](Graph<double>& graph, GradientProbe& probe) {
       return probe.weigh({scale(graph, probe.variable(3, 7), -1.7)});
     }});

}  // namespace ladder::tensor
