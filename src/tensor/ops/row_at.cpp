// y = x[*row]
#include <algorithm>

#include "ladder/base/error.h"
#include "ladder/tensor/ops.h"

namespace ladder::tensor {

template <class T>
Tensor<T> row_at(Graph<T>& graph, Tensor<T> x, const int* row) {
  const Tensor<T> y = graph.tensor(1, x.cols());
  graph.record({x}, {y}, [=] { std::copy_n(x.value() + *row * x.stride(), x.cols(), y.value()); },
               [](Writes) { throw failure("row_at has no gradient"); });
  return y;
}

template Tensor<float> row_at(Graph<float>&, Tensor<float>, const int*);
template Tensor<double> row_at(Graph<double>&, Tensor<double>, const int*);

}  // namespace ladder::tensor
