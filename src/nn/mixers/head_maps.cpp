#include "nn/mixers/head_maps.h"

#include "ladder/tensor/operation_case.h"
#include "ladder/tensor/kernels/transpose.h"

namespace ladder::nn {

// Tokens of a block: one a lane, so that a head of few entries still fills vectors.
static constexpr int block = 64;

template <class T>
Tensor<T> head_norm(Graph<T>& graph, Tensor<T> x, Tensor<T> weight, Tensor<T> bias, int heads) {
  using Vec = simd::Vec<T>;
  constexpr int lanes = simd::lanes<T>;
  const int rows = x.rows(), size = x.cols() / heads, padded = (rows + block - 1) / block * block;
  const T inverse = T(1) / static_cast<T>(size);
  const Tensor<T> y = graph.tensor(rows, x.cols());
  T* one_by_sd = graph.scratch(static_cast<std::size_t>(heads) * padded);
  T* mean = graph.scratch(static_cast<std::size_t>(heads) * padded);
  T* columns = graph.scratch(static_cast<std::size_t>(size) * block);   // of x, then of y
  T* dcolumns = graph.scratch(static_cast<std::size_t>(size) * block);  // of dy, then of dx
  T* dx_rows = graph.scratch(static_cast<std::size_t>(size) * block);
  T* partial = graph.scratch(static_cast<std::size_t>(2) * size * sums::parts);

  const auto forward = [=] {
    for (int h = 0; h < heads; ++h)
      for (int t = 0; t < rows; t += block) {
        const int count = std::min(block, rows - t);
        transpose(count, size, x.value() + t * x.stride() + h * size, x.stride(), T(1), columns, block);
        for (int v = 0; v < block; v += lanes) {
          Vec total{}, squares{};
          for (int c = 0; c < size; ++c) total += simd::load(columns + c * block + v);
          const Vec centre = inverse * total;
          for (int c = 0; c < size; ++c) {
            const Vec d = simd::load(columns + c * block + v) - centre;
            squares = simd::fma(d, d, squares);
          }
          Vec s = inverse * squares + static_cast<T>(1e-5);
          for (int l = 0; l < lanes; ++l) s[l] = T(1) / std::sqrt(s[l]);
          simd::store(mean + h * padded + t + v, centre);
          simd::store(one_by_sd + h * padded + t + v, s);
          for (int c = 0; c < size; ++c) {
            T* at = columns + c * block + v;
            simd::store(at, simd::fma((simd::load(at) - centre) * s, weight.value()[c],
                                         Vec{} + bias.value()[c]));
          }
        }
        transpose(size, count, columns, block, T(1), y.value() + t * y.stride() + h * size, y.stride());
      }
  };

  const auto backward = [=](Writes mode) {
    // y = w·n + b, n = (x - mean)·s:  dw = Σ dy·n, db = Σ dy over tokens and heads,
    // with g = w·dy:  dx = s·(g - mean(g) - n·mean(g·n))
    check_gradients("head_norm", {x, weight, bias});
    T *dweight = partial, *dbias = partial + size * sums::parts;  // token t in part t % parts
    std::fill_n(partial, 2 * size * sums::parts, T(0));
    for (int h = 0; h < heads; ++h)
      for (int t = 0; t < rows; t += block) {
        const int count = std::min(block, rows - t);
        if (count < block) std::fill_n(dcolumns, size * block, T(0)), std::fill_n(columns, size * block, T(0));
        transpose(count, size, x.value() + t * x.stride() + h * size, x.stride(), T(1), columns, block);
        transpose(count, size, y.grad() + t * y.stride() + h * size, y.stride(), T(1), dcolumns, block);
        for (int v = 0; v < block; v += lanes) {
          const Vec centre = simd::load(mean + h * padded + t + v);
          const Vec s = simd::load(one_by_sd + h * padded + t + v);
          Vec sum_g{}, sum_gn{};
          for (int c = 0; c < size; ++c) {
            T *at = columns + c * block + v, *to = dcolumns + c * block + v;
            const Vec n = (simd::load(at) - centre) * s, d = simd::load(to), g = d * weight.value()[c];
            simd::store(at, n);
            simd::store(to, g);
            sum_g += g;
            sum_gn = simd::fma(g, n, sum_gn);
            T *dw = dweight + c * sums::parts + v % sums::parts, *db = dbias + c * sums::parts + v % sums::parts;
            simd::store(dw, simd::fma(d, n, simd::load(dw)));
            simd::store(db, simd::load(db) + d);
          }
          const Vec mean_g = inverse * sum_g, mean_gn = inverse * sum_gn;
          for (int c = 0; c < size; ++c) {
            T* to = dcolumns + c * block + v;
            simd::store(to, s * (simd::load(to) - mean_g - simd::load(columns + c * block + v) * mean_gn));
          }
        }
        transpose(size, count, dcolumns, block, T(1), dx_rows, size);
        for (int r = 0; r < count; ++r) {
          T* to = x.grad() + (t + r) * x.stride() + h * size;
          for_each_vector<T>(size, [&](auto at) { write(at, to, at.load(dx_rows + r * size), mode[0]); });
        }
      }
    const auto total = [&](const T* from, T* to, Write write) {
      for (int c = 0; c < size; ++c)
        to[c] = (write == Write::replace ? T(0) : to[c]) + sum(from + c * sums::parts, sums::parts);
    };
    total(dweight, weight.grad(), mode[1]);
    total(dbias, bias.grad(), mode[2]);
  };

  graph.record({x, weight, bias}, {y}, forward, backward);
  return y;
}

template <class T>
Tensor<T> head_linear(Graph<T>& graph, Tensor<T> x, Tensor<T> weight, Tensor<T> bias, int heads) {
  const int rows = x.rows(), in = x.cols() / heads, out = weight.rows();
  const Tensor<T> y = graph.tensor(rows, heads * out);
  std::vector<Tensor<T>> inputs = {x, weight};
  if (bias) inputs.push_back(bias);
  graph.record(inputs, {y},
               [=] {
                 for (int h = 0; h < heads; ++h)
                   matmul(rows, out, in, x.values().at(0, h * in), weight.values().transposed(),
                          y.value() + h * out, y.stride(), Write::replace,
                          bias ? bias.value() : nullptr);
               },
               [=](Writes mode) {
                 // y = x·Wᵀ + b:  dx = dy·W,  dW = Σ_heads dyᵀ·x,  db = Σ_rows,heads dy
                 for (int h = 0; h < heads; ++h) {
                   const Strided<T> dy = y.grads().at(0, h * out);
                   if (x.grad())
                     matmul(rows, in, out, dy, weight.values(), x.grad() + h * in, x.stride(), mode[0]);
                   if (weight.grad())
                     matmul(out, in, rows, dy.transposed(), x.values().at(0, h * in), weight.grad(),
                            weight.stride(), h == 0 ? mode[1] : Write::accumulate);
                   if (bias && bias.grad())
                     for (int r = 0; r < rows; ++r)
                       for_each_vector<T>(out, [&](auto at) {
                         write(at, bias.grad(), at.load(dy.data + r * dy.row_stride),
                               h == 0 && r == 0 ? mode[2] : Write::accumulate);
                       });
                 }
               });
  return y;
}

template <class T>
Tensor<T> head_join(Graph<T>& graph, Tensor<T> a, Tensor<T> b, int heads, bool shared) {
  const int rows = b.rows(), na = shared ? a.cols() : a.cols() / heads, nb = b.cols() / heads;
  const int period = a.rows(), size = na + nb;
  if (rows % period != 0) throw failure("head_join: the rows do not fit");
  const Tensor<T> y = graph.tensor(rows, heads * size);
  graph.record({a, b}, {y},
               [=] {
                 for (int r = 0; r < rows; ++r)
                   for (int h = 0; h < heads; ++h) {
                     T* to = y.value() + r * y.stride() + h * size;
                     std::copy_n(a.value() + r % period * a.stride() + (shared ? 0 : h * na), na, to);
                     std::copy_n(b.value() + r * b.stride() + h * nb, nb, to + na);
                   }
               },
               [=](Writes mode) {
                 check_gradients("head_join", {a, b});
                 for (int r = 0; r < rows; ++r)
                   for (int h = 0; h < heads; ++h) {
                     const T* from = y.grad() + r * y.stride() + h * size;
                     const bool first = r < period && (h == 0 || !shared);
                     T* da = a.grad() + r % period * a.stride() + (shared ? 0 : h * na);
                     T* db = b.grad() + r * b.stride() + h * nb;
                     for_each_vector<T>(na, [&](auto at) {
                       write(at, da, at.load(from), first ? mode[0] : Write::accumulate);
                     });
                     for_each_vector<T>(nb, [&](auto at) { write(at, db, at.load(from + na), mode[1]); });
                   }
               });
  return y;
}

template Tensor<float> head_norm(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>, int);
template Tensor<double> head_norm(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>, int);
template Tensor<float> head_linear(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>, int);
template Tensor<double> head_linear(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>, int);
template Tensor<float> head_join(Graph<float>&, Tensor<float>, Tensor<float>, int, bool);
template Tensor<double> head_join(Graph<double>&, Tensor<double>, Tensor<double>, int, bool);

static const Registered<OperationCase> norm_case(operation_case(
    {.name = "head_norm",  // rows, heads, entries
     .sizes = {70, 2, 3},
     .timed = {4096, 4, 32},
     .inputs = [](const Sizes& n) { return CaseInputs{{n[0], n[1] * n[2]}, {1, n[2]}, {1, n[2]}}; },
     .plain = [](const Matrices& in, const Sizes& n) {
       Matrix y = in[0];
       for (int r = 0; r < n[0]; ++r)
         for (int h = 0; h < n[1]; ++h) {
           double *x = &y(r, h * n[2]), mean = 0, variance = 0;
           for (int c = 0; c < n[2]; ++c) mean += x[c] / n[2];
           for (int c = 0; c < n[2]; ++c) variance += (x[c] - mean) * (x[c] - mean) / n[2];
           for (int c = 0; c < n[2]; ++c)
             x[c] = in[1](0, c) * (x[c] - mean) / std::sqrt(variance + 1e-5) + in[2](0, c);
         }
       return Matrices{y};
     }},
    [](auto& graph, const auto& in, const Sizes& n) { return head_norm(graph, in[0], in[1], in[2], n[1]); }));

static OperationCase linear_case(const std::string& name, bool with_bias, Sizes timed = {}) {
  return operation_case(
      {.name = name,  // rows, heads, entries, out
       .sizes = {5, 2, 3, 4},
       .timed = std::move(timed),
       .inputs = [=](const Sizes& n) {
         CaseInputs inputs = {{n[0], n[1] * n[2]}, {n[3], n[2]}};
         if (with_bias) inputs.push_back({1, n[3]});
         return inputs;
       },
       .plain = [=](const Matrices& in, const Sizes& n) {
         Matrix y(n[0], n[1] * n[3]);
         for (int r = 0; r < n[0]; ++r)
           for (int h = 0; h < n[1]; ++h)
             for (int o = 0; o < n[3]; ++o) {
               double& sum = y(r, h * n[3] + o) = with_bias ? in[2](0, o) : 0;
               for (int c = 0; c < n[2]; ++c) sum += in[0](r, h * n[2] + c) * in[1](o, c);
             }
         return Matrices{y};
       },
       .multiply_adds = [](const Sizes& n) { return 1.0 * n[0] * n[1] * n[2] * n[3]; }},
      [=](auto& graph, const auto& in, const Sizes& n) {
        return head_linear(graph, in[0], in[1], with_bias ? in[2] : std::remove_cvref_t<decltype(in[0])>(), n[1]);
      });
}
static const Registered<OperationCase> with_bias(linear_case("head_linear", true, {4096, 4, 32, 32}));
static const Registered<OperationCase> without_bias(linear_case("head_linear_without_bias", false));

static OperationCase join_case(const std::string& name, bool shared) {
  return operation_case(
      {.name = name,  // rows of a, rows of b, heads, entries of a and of b
       .sizes = {3, 6, 2, 2, 3},
       .timed = {128, 4096, 4, 32, 32},
       .inputs = [=](const Sizes& n) {
         return CaseInputs{{n[0], (shared ? 1 : n[2]) * n[3]}, {n[1], n[2] * n[4]}};
       },
       .plain = [=](const Matrices& in, const Sizes& n) {
         const int size = n[3] + n[4];
         Matrix y(n[1], n[2] * size);
         for (int r = 0; r < n[1]; ++r)
           for (int h = 0; h < n[2]; ++h)
             for (int c = 0; c < size; ++c)
               y(r, h * size + c) = c < n[3] ? in[0](r % n[0], (shared ? 0 : h * n[3]) + c)
                                             : in[1](r, h * n[4] + c - n[3]);
         return Matrices{y};
       }},
      [=](auto& graph, const auto& in, const Sizes& n) { return head_join(graph, in[0], in[1], n[2], shared); });
}
static const Registered<OperationCase> joined(join_case("head_join", false));
static const Registered<OperationCase> joined_shared(join_case("head_join_shared", true));

}  // namespace ladder::nn
