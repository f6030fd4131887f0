// y = activation(x·Wᵀ + b)
#include "tensor/ops/activation.h"
#include "ladder/tensor/operation_case.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/kernels/matmul.h"
#include "ladder/tensor/ops.h"

namespace ladder::tensor {

// db += Σ_r dy[r], in four interleaved chains that need not wait for each other
template <class T>
static void sum_rows(Tensor<T> dy, T* db, Write mode) {
  const int rows = dy.rows(), fours = rows / 4 * 4;
  const std::ptrdiff_t stride = dy.stride();
  for_each_vector<T>(dy.cols(), [&](auto at) {
    const T* row = dy.grad();
    simd::Vec<T> a{}, b{}, c{}, d{};
    for (int r = 0; r < fours; r += 4, row += 4 * stride) {
      a += at.load(row);
      b += at.load(row + stride);
      c += at.load(row + 2 * stride);
      d += at.load(row + 3 * stride);
    }
    for (int r = fours; r < rows; ++r, row += stride) a += at.load(row);
    write(at, db, (a + b) + (c + d), mode);
  });
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
        matmul(rows, out, in, x.values(), (*forward_weight)(), y.value(), y.stride(), Write::replace,
               bias.value());
        if (!slope) return;
        with_activation(activation, [&](auto f) {
          for_each_vector<T>(y.size(), [&](auto at) {
            simd::Vec<T> value, derivative;
            f.apply(at.load(y.value()), value, derivative);
            at.store(y.value(), value);
            at.store(slope, derivative);
          });
        });
      },
      [=](Writes write) {
        // In place: nobody reads y's gradient after its only writer's consumer, which is here.
        if (slope)
          for_each_vector<T>(y.size(), [&](auto at) {
            at.store(y.grad(), at.load(y.grad()) * at.load(slope));
          });
        // y = x·Wᵀ + b:  dx = dy·W,  dW = dyᵀ·x,  db = Σ_rows dy
        if (x.grad())
          matmul(rows, in, out, y.grads(), (*backward_weight)(), x.grad(), x.stride(), write[0]);
        if (weight.grad())
          matmul(out, in, rows, y.grads().transposed(), x.values(), weight.grad(), weight.stride(),
                 write[1]);
        if (bias.grad()) sum_rows(y, bias.grad(), write[2]);
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
