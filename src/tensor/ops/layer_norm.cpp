// y = weight · (x - mean) / sqrt(variance + eps) + bias, of x or of x + residual
// Ba, Kiros, Hinton, arXiv:1607.06450
#include <cmath>

#include "ladder/tensor/operation_case.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/ops.h"

namespace ladder::tensor {

static constexpr double epsilon = 1e-5;

template <class T>
Tensor<T> layer_norm(Graph<T>& graph, Tensor<T> x, Tensor<T> weight, Tensor<T> bias,
                     Tensor<T> residual) {
  const int rows = x.rows(), cols = x.cols();
  const T inverse = T(1) / static_cast<T>(cols);
  Tensor<T> y = graph.tensor(rows, cols);
  T* normal = graph.scratch(y.size());   // (x - mean) / sd   [rows, cols]
  T* one_by_sd = graph.scratch(rows);

  const auto forward = [=] {
    for (int r = 0; r < rows; ++r) {
      const std::size_t row = static_cast<std::size_t>(r) * cols;
      T* n = normal + row;
      const T* from = x.value() + row;
      const T* other = residual ? residual.value() + row : nullptr;
      const T mean = inverse * sum_of<T>(cols, [&](auto at, simd::Vec<T> sum) {
        const simd::Vec<T> v = other ? at.load(from) + at.load(other) : at.load(from);
        at.store(n, v);
        return sum + v;
      });
      // Two passes: the variance of centred values does not cancel.
      for_each_vector<T>(cols, [&](auto at) { at.store(n, at.load(n) - mean); });
      const T variance = inverse * sum_of<T>(cols, [&](auto at, simd::Vec<T> sum) {
        const simd::Vec<T> v = at.load(n);
        return simd::fma(v, v, sum);
      });
      const T s = one_by_sd[r] = T(1) / std::sqrt(variance + static_cast<T>(epsilon));
      for_each_vector<T>(cols, [&](auto at) {
        const simd::Vec<T> v = at.load(n) * s;
        at.store(n, v);
        at.store(y.value() + row, simd::fma(v, at.load(weight.value()), at.load(bias.value())));
      });
    }
  };

  const auto backward = [=](Writes mode) {
    // y = w·n + b, n = (x - mean)·s:  dw = Σ_rows dy·n,  db = Σ_rows dy,
    // with g = w·dy:  dx = s·(g - mean(g) - n·mean(g·n)); the residual's is the same
    for (int r = 0; r < rows; ++r) {
      const std::size_t row = static_cast<std::size_t>(r) * cols;
      const T *dy = y.grad() + row, *n = normal + row;
      const Write weight_mode = r == 0 ? mode[1] : Write::accumulate;
      const Write bias_mode = r == 0 ? mode[2] : Write::accumulate;
      const auto [sum_g, sum_gn] = sums_of<T, 2>(cols, [&](auto at, auto& sums) {
        const simd::Vec<T> d = at.load(dy), v = at.load(n), g = d * at.load(weight.value());
        sums[0] += g;
        sums[1] = simd::fma(g, v, sums[1]);
        if (weight.grad()) write(at, weight.grad(), d * v, weight_mode);
        if (bias.grad()) write(at, bias.grad(), d, bias_mode);
      });
      const T mean_g = inverse * sum_g, minus_mean_gn = -inverse * sum_gn;
      const T s = one_by_sd[r];
      for_each_vector<T>(cols, [&](auto at) {
        const simd::Vec<T> g = at.load(dy) * at.load(weight.value());
        const simd::Vec<T> dx = s * simd::fma(at.load(n), minus_mean_gn, g - mean_g);
        if (x.grad()) write(at, x.grad() + row, dx, mode[0]);
        if (residual && residual.grad()) write(at, residual.grad() + row, dx, mode[3]);
      });
    }
  };

  std::vector<Tensor<T>> inputs = {x, weight, bias};
  if (residual) inputs.push_back(residual);
  graph.record(inputs, {y}, forward, backward);
  return y;
}

template Tensor<float> layer_norm(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>,
                                  Tensor<float>);
template Tensor<double> layer_norm(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>,
                                   Tensor<double>);

static OperationCase norm_case(const std::string& name, Sizes sizes, bool with_residual) {
  return operation_case(
      {.name = name,
       .sizes = std::move(sizes),
       .timed = {1024, 128},
       .inputs = [=](const Sizes& n) {
         CaseInputs inputs = {{n[0], n[1]}, {1, n[1]}, {1, n[1]}};
         if (with_residual) inputs.push_back({n[0], n[1]});
         return inputs;
       },
       .plain = [=](const Matrices& in, const Sizes& n) {
         Matrix y = in[0];
         for (int r = 0; r < n[0]; ++r) {
           double mean = 0, variance = 0;
           for (int c = 0; c < n[1]; ++c) {
             if (with_residual) y(r, c) += in[3](r, c);
             mean += y(r, c) / n[1];
           }
           for (int c = 0; c < n[1]; ++c) variance += (y(r, c) - mean) * (y(r, c) - mean) / n[1];
           for (int c = 0; c < n[1]; ++c)
             y(r, c) = in[1](0, c) * (y(r, c) - mean) / std::sqrt(variance + 1e-5) + in[2](0, c);
         }
         return Matrices{y};
       }},
      [=](auto& graph, const auto& in, const Sizes&) {
        return with_residual ? layer_norm(graph, in[0], in[1], in[2], in[3])
                             : layer_norm(graph, in[0], in[1], in[2]);
      });
}
static const Registered<OperationCase> alone(norm_case("layer_norm", {3, 11}, false));
static const Registered<OperationCase> of_a_sum(norm_case("layer_norm_residual", {3, 5}, true));

}  // namespace ladder::tensor
