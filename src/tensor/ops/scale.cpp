// y = factor · x
#include "ladder/tensor/operation_case.h"
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

static const Registered<OperationCase> registered(operation_case(
    {.name = "scale",
     .sizes = {3, 7},
     .timed = {1024, 128},
     .inputs = [](const Sizes& n) { return CaseInputs{{n[0], n[1]}}; },
     .plain = [](const Matrices& in, const Sizes&) {
       Matrix y = in[0];
       for (double& x : y.values) x *= -1.7;
       return Matrices{y};
     }},
    [](auto& graph, const auto& in, const Sizes&) { return scale(graph, in[0], -1.7); }));

}  // namespace ladder::tensor
