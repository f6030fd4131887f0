// y = a + b, where b's rows may repeat; y = factor · x; and split, which only takes views
#include "ladder/base/error.h"
#include "ladder/tensor/gradcheck.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/ops.h"

namespace ladder::tensor {

template <class T>
Tensor<T> add(Graph<T>& graph, Tensor<T> a, Tensor<T> b) {
  if (a.cols() != b.cols() || a.rows() % b.rows() != 0 || !a.contiguous() || !b.contiguous())
    throw failure("add: the shapes do not fit");
  Tensor<T> y = graph.tensor(a.rows(), a.cols());
  const std::size_t period = b.size(), repeats = a.size() / period;

  graph.record(
      {a, b}, {y},
      [=] {
        for (std::size_t i = 0; i < repeats; ++i) {
          const T* from = a.value() + i * period;
          T* to = y.value() + i * period;
          for_each_vector<T>(period, [&](auto at) { at.store(to, at.load(from) + at.load(b.value())); });
        }
      },
      [=](Writes mode) {
        // y = a + b:  da = dy,  db = Σ over the repeats of dy
        if (a.grad())
          for_each_vector<T>(y.size(),
                             [&](auto at) { write(at, a.grad(), at.load(y.grad()), mode[0]); });
        if (b.grad())
          for (std::size_t i = 0; i < repeats; ++i) {
            const T* dy = y.grad() + i * period;
            const Write first = i == 0 ? mode[1] : Write::accumulate;
            for_each_vector<T>(period, [&](auto at) { write(at, b.grad(), at.load(dy), first); });
          }
      });
  return y;
}

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

template <class T>
std::vector<Tensor<T>> split(Graph<T>& graph, Tensor<T> x, int parts) {
  if (x.cols() % parts != 0) throw failure("split: the columns do not divide into equal parts");
  if (x.storage()->parameter_offset >= 0)
    throw failure("split: a parameter's gradient moves; take its parts as parameters of their own");
  const int cols = x.cols() / parts;
  std::vector<Tensor<T>> views;
  for (int i = 0; i < parts; ++i) views.push_back(graph.columns(x, i * cols, cols));
  // The readers of the views write straight into x's gradient: nothing is left to do.
  graph.record({x}, views, [] {}, [](Writes mode) {
    if (mode[0] == Write::accumulate)
      throw failure("split: the tensor that was split has another reader");
  });
  return views;
}

template Tensor<float> add(Graph<float>&, Tensor<float>, Tensor<float>);
template Tensor<double> add(Graph<double>&, Tensor<double>, Tensor<double>);
template Tensor<float> scale(Graph<float>&, Tensor<float>, double);
template Tensor<double> scale(Graph<double>&, Tensor<double>, double);
template std::vector<Tensor<float>> split(Graph<float>&, Tensor<float>, int);
template std::vector<Tensor<double>> split(Graph<double>&, Tensor<double>, int);

static const Registered<GradientCase> add_case(
    {"add", [](Graph<double>& graph, GradientProbe& probe) {
       const auto a = probe.variable(6, 5), b = probe.variable(3, 5);
       return probe.weigh({add(graph, add(graph, a, b), a)});
     }});
static const Registered<GradientCase> scale_case(
    {"scale", [](Graph<double>& graph, GradientProbe& probe) {
       return probe.weigh({scale(graph, probe.variable(3, 7), -1.7)});
     }});
static const Registered<GradientCase> split_case(
    {"split", [](Graph<double>& graph, GradientProbe& probe) {
       const auto x = scale(graph, probe.variable(4, 6), 1);
       const auto parts = split(graph, x, 2);
       const auto w = probe.variable(2, 3), b = probe.variable(1, 2);
       return probe.weigh({linear(graph, parts[0], w, b), linear(graph, parts[1], w, b)});
     }});

}  // namespace ladder::tensor
