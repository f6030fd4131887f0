// x -> views on its columns
#include <numeric>

#include "ladder/base/error.h"
#include "ladder/tensor/operation_case.h"
#include "ladder/tensor/ops.h"

namespace ladder::tensor {

template <class T>
std::vector<Tensor<T>> split(Graph<T>& graph, Tensor<T> x, const std::vector<int>& widths) {
  if (std::accumulate(widths.begin(), widths.end(), 0) != x.cols())
    throw failure("split: the parts' columns are not those of the whole");
  if (x.storage()->parameter_offset >= 0)
    throw failure("split: a parameter's gradient moves; take its parts as parameters of their own");
  std::vector<Tensor<T>> views;
  int begin = 0;
  for (const int width : widths) {
    views.push_back(graph.columns(x, begin, width));
    begin += width;
  }
  // The readers of the views write straight into x's gradient: nothing is left to do.
  graph.record({x}, views, [] {}, [](Writes mode) {
    if (mode[0] == Write::accumulate)
      throw failure("split: the tensor that was split has another reader");
  });
  return views;
}

template std::vector<Tensor<float>> split(Graph<float>&, Tensor<float>, const std::vector<int>&);
template std::vector<Tensor<double>> split(Graph<double>&, Tensor<double>, const std::vector<int>&);

static const Registered<OperationCase> registered(operation_case(
    {.name = "split",  // rows, columns of either part; each is then mapped: a view may be strided
     .sizes = {4, 3},
     .inputs = [](const Sizes& n) { return CaseInputs{{n[0], 2 * n[1]}, {2, n[1]}, {1, 2}}; },
     .plain = [](const Matrices& in, const Sizes& n) {
       Matrices parts(2, Matrix(n[0], 2));
       for (int p = 0; p < 2; ++p)
         for (int r = 0; r < n[0]; ++r)
           for (int o = 0; o < 2; ++o) {
             parts[p](r, o) = in[2](0, o);
             for (int c = 0; c < n[1]; ++c) parts[p](r, o) += in[0](r, p * n[1] + c) * in[1](o, c);
           }
       return parts;
     }},
    [](auto& graph, const auto& in, const Sizes& n) {
      const auto parts = split(graph, scale(graph, in[0], 1), {n[1], n[1]});
      return std::vector{linear(graph, parts[0], in[1], in[2]), linear(graph, parts[1], in[1], in[2])};
    }));

}  // namespace ladder::tensor
