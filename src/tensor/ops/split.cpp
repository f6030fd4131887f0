// x -> views on its columns
#include <numeric>

#include "ladder/base/error.h"
#include "ladder/tensor/gradcheck.h"
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

static const Registered<GradientCase> split_case(
    {"split", [](Graph<double>& graph, GradientProbe& probe) {
       const auto x = scale(graph, probe.variable(4, 6), 1);
       const auto parts = split(graph, x, {3, 3});
       const auto w = probe.variable(2, 3), b = probe.variable(1, 2);
       return probe.weigh({linear(graph, parts[0], w, b), linear(graph, parts[1], w, b)});
     }});

}  // namespace ladder::tensor
