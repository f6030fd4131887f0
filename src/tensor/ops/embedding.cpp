// y[r] = table[tokens[r]], and its untrained form y[r] = value · unit vector number tokens[r]
#include <algorithm>

#include "ladder/tensor/operation_case.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/ops.h"

namespace ladder::tensor {

template <class T>
Tensor<T> embedding(Graph<T>& graph, const std::int32_t* tokens, int rows, Tensor<T> table) {
  const int cols = table.cols();
  Tensor<T> y = graph.tensor(rows, cols);

  graph.record(
      {table}, {y},
      [=] {
        for (int r = 0; r < rows; ++r)
          std::copy_n(table.value() + tokens[r] * table.stride(), cols, y.value() + r * y.stride());
      },
      [=](Writes mode) {
        if (!table.grad()) return;
        // y[r] = table[token]:  dtable[token] += dy[r]
        if (mode[0] == Write::replace) std::fill_n(table.grad(), table.size(), T(0));
        for (int r = 0; r < rows; ++r) {
          const T* dy = y.grad() + r * y.stride();
          T* row = table.grad() + tokens[r] * table.stride();
          for_each_vector<T>(cols, [&](auto at) { write(at, row, at.load(dy), Write::accumulate); });
        }
      });
  return y;
}

template <class T>
Tensor<T> one_hot(Graph<T>& graph, const std::int32_t* tokens, int rows, int cols, double value) {
  Tensor<T> y = graph.leaf(rows, cols);
  graph.record(
      {}, {y},
      [=] {
        std::fill_n(y.value(), y.size(), T(0));
        for (int r = 0; r < rows; ++r) y.value()[r * y.stride() + tokens[r]] = static_cast<T>(value);
      },
      [](Writes) {});
  return y;
}

template Tensor<float> embedding(Graph<float>&, const std::int32_t*, int, Tensor<float>);
template Tensor<double> embedding(Graph<double>&, const std::int32_t*, int, Tensor<double>);
template Tensor<float> one_hot(Graph<float>&, const std::int32_t*, int, int, double);
template Tensor<double> one_hot(Graph<double>&, const std::int32_t*, int, int, double);

static const Registered<OperationCase> learned(operation_case(
    {.name = "embedding",  // rows, vocabulary, columns
     .sizes = {7, 4, 3},
     .timed = {1024, 64, 128},
     .inputs = [](const Sizes& n) { return CaseInputs{{n[1], n[2]}}; },
     .plain = [](const Matrices& in, const Sizes& n) {
       Matrix y(n[0], n[2]);
       for (int r = 0; r < n[0]; ++r)
         for (int c = 0; c < n[2]; ++c) y(r, c) = in[0](case_tokens(n[0], n[1])[r], c);
       return Matrices{y};
     }},
    [](auto& graph, const auto& in, const Sizes& n) {
      return embedding(graph, case_tokens(n[0], n[1]).data(), n[0], in[0]);
    }));
static const Registered<OperationCase> not_learned(operation_case(
    {.name = "one_hot",
     .sizes = {7, 4, 5},
     .timed = {1024, 64, 128},
     .inputs = [](const Sizes& n) { return CaseInputs{{n[0], n[2]}}; },  // x: y = x + one hot
     .plain = [](const Matrices& in, const Sizes& n) {
       Matrix y = in[0];
       for (int r = 0; r < n[0]; ++r) y(r, case_tokens(n[0], n[1])[r]) += 0.7;
       return Matrices{y};
     }},
    [](auto& graph, const auto& in, const Sizes& n) {
      return add(graph, in[0], one_hot(graph, case_tokens(n[0], n[1]).data(), n[0], n[2], 0.7));
    }));

}  // namespace ladder::tensor
