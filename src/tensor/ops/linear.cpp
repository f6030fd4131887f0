// y = activation(x·Wᵀ + b)
#include "tensor/ops/activation.h"
#include "ladder/tensor/gradcheck.h"
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

static GradientCase linear_case(const std::string& name, Activation activation) {
  return {name, [=](Graph<double>& graph, GradientProbe& probe) {
            const auto x = probe.variable(5, 3), w = probe.variable(4, 3), b = probe.variable(1, 4);
            return probe.weigh({linear(graph, x, w, b, activation)});
          }};
}
static const Registered<GradientCase> plain(linear_case("linear", Activation::none));
static const Registered<GradientCase> gelu(linear_case("linear_gelu", Activation::gelu));
static const Registered<GradientCase> tanh(linear_case("linear_tanh", Activation::tanh));

}  // namespace ladder::tensor
