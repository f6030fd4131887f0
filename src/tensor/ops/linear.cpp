// y = activation(x·Wᵀ + b)
#include "tensor/ops/activation.h"

#include <algorithm>

#include "ladder/tensor/operation_case.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/kernels/matmul.h"
#include "ladder/tensor/ops.h"

namespace ladder::tensor {

// dy *= slope, if there is one, and db += Σ_r dy[r], in one pass: in four interleaved chains that need
// not wait for each other. db may be null.
template <class T>
static void finish_gradient(Tensor<T> dy, const T* slope, T* db, Write mode) {
  if (!slope && !db) return;
  const int rows = dy.rows(), fours = rows / 4 * 4;
  const std::ptrdiff_t stride = dy.stride();
  for_each_vector<T>(dy.cols(), [&](auto at) {
    T* row = dy.grad();
    const T* factor = slope;
    const auto next = [&](simd::Vec<T>& sum) {
      simd::Vec<T> x = at.load(row);
      if (slope) at.store(row, x = x * at.load(factor));
      sum += x;
      row += stride, factor += stride;
    };
    simd::Vec<T> a{}, b{}, c{}, d{};
    for (int r = 0; r < fours; r += 4) next(a), next(b), next(c), next(d);
    for (int r = fours; r < rows; ++r) next(a);
    if (db) write(at, db, (a + b) + (c + d), mode);
  });
}

// Rows of a product whose activation is taken while they are in the cache.
template <class T>
static int rows_at_once(int cols) {
  constexpr int bytes = 64 * 1024;
  return std::max(32, bytes / (cols * int{sizeof(T)}) / 32 * 32);
}

template <class T>
Tensor<T> linear(Graph<T>& graph, Tensor<T> x, Tensor<T> weight, Tensor<T> bias,
                 Activation activation) {
  const int rows = x.rows(), in = x.cols(), out = weight.rows();
  Tensor<T> y = graph.tensor(rows, out);
  T* slope = activation == Activation::none ? nullptr : graph.scratch(y.size());

  using Weight = typename Graph<T>::PackedParameter;
  const auto packed = [&](int k, int n, Strided<T> b) { return std::make_shared<Weight>(graph, k, n, b); };
  const auto forward_weight = packed(in, out, weight.values().transposed());
  const auto backward_weight = x.grad() ? packed(out, in, weight.values()) : nullptr;

  graph.record(
      {x, weight, bias}, {y},
      [=] {
        const auto product = [&](int first, int count) {
          matmul(count, out, in, x.values().at(first, 0), (*forward_weight)(), y.value() + first * y.stride(),
                 y.stride(), Write::replace, bias.value());
        };
        if (!slope) return product(0, rows);
        with_activation(activation, [&](auto f) {
          const int step = rows_at_once<T>(out);
          for (int first = 0; first < rows; first += step) {
            const int count = std::min(step, rows - first);
            product(first, count);
            T *const from = y.value() + first * y.stride(), *const to = slope + first * y.stride();
            for_each_vector<T>(static_cast<std::size_t>(count) * out, [&](auto at) {
              simd::Vec<T> value, derivative;
              f.apply(at.load(from), value, derivative);
              at.store(from, value);
              at.store(to, derivative);
            });
          }
        });
      },
      [=](Writes write) {
        // In place: nobody reads y's gradient after its only writer's consumer, which is here.
        finish_gradient(y, slope, bias.grad(), write[2]);
        // y = x·Wᵀ + b:  dx = dy·W,  dW = dyᵀ·x,  db = Σ_rows dy
        if (x.grad())
          matmul(rows, in, out, y.grads(), (*backward_weight)(), x.grad(), x.stride(), write[0]);
        if (weight.grad())
          matmul(out, in, rows, y.grads().transposed(), x.values(), weight.grad(), weight.stride(),
                 write[1]);
      });
  return y;
}

template Tensor<float> linear(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>, Activation);
template Tensor<double> linear(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>,
                               Activation);

static OperationCase linear_case(const std::string& name, Activation activation) {
  return operation_case(
      {.name = name,  // rows, in, out
       .sizes = {5, 3, 4},
       .timed = {2048, 128, 512},
       .inputs = [](const Sizes& n) { return CaseInputs{{n[0], n[1]}, {n[2], n[1]}, {1, n[2]}}; },
       .plain = [=](const Matrices& in, const Sizes& n) {
         Matrix y(n[0], n[2]);
         for (int r = 0; r < n[0]; ++r)
           for (int o = 0; o < n[2]; ++o) {
             double sum = in[2](0, o);
             for (int i = 0; i < n[1]; ++i) sum += in[0](r, i) * in[1](o, i);
             y(r, o) = plain_activation(sum, activation);
           }
         return Matrices{y};
       },
       .multiply_adds = [](const Sizes& n) { return 1.0 * n[0] * n[1] * n[2]; }},
      [=](auto& graph, const auto& in, const Sizes&) {
        return linear(graph, in[0], in[1], in[2], activation);
      });
}
static const Registered<OperationCase> plain(linear_case("linear", Activation::none));
static const bool activated = [] {
  for (const auto& activation : activations)
    Registered<OperationCase> registered(linear_case("linear_" + std::string(activation.name), activation.value));
  return true;
}();

}  // namespace ladder::tensor
