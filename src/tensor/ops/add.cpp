// y = a + b, where b's rows may repeat
#include "ladder/base/error.h"
#include "ladder/tensor/operation_case.h"
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

template Tensor<float> add(Graph<float>&, Tensor<float>, Tensor<float>);
template Tensor<double> add(Graph<double>&, Tensor<double>, Tensor<double>);

static const Registered<OperationCase> registered(operation_case(
    {.name = "add",  // y = (a + b) + a: a has two readers
     .sizes = {6, 3, 5},
     .timed = {1024, 64, 128},
     .inputs = [](const Sizes& n) { return CaseInputs{{n[0], n[2]}, {n[1], n[2]}}; },
     .plain = [](const Matrices& in, const Sizes& n) {
       Matrix y = in[0];
       for (int r = 0; r < n[0]; ++r)
         for (int c = 0; c < n[2]; ++c) y(r, c) += in[1](r % n[1], c) + in[0](r, c);
       return Matrices{y};
     }},
    [](auto& graph, const auto& in, const Sizes&) { return add(graph, add(graph, in[0], in[1]), in[0]); }));

}  // namespace ladder::tensor
