// Sums over squares: s[i, j] = (scale · q_i·k_j)², divided by Σ s + 1e-9. Score `square` in time linear
// in the context; and ReBased, which first normalises the entries of each head:
// x' = γ · (x - mean)/sqrt(variance + 1e-5) + β.   Aksenov et al., arXiv:2402.10644
#include "ladder/tensor/kernels/transpose.h"
#include "nn/mixers/operations.h"

namespace ladder::nn {
namespace {

struct Square {
  static constexpr int degree = 2;
  static constexpr bool turning = false;
  static constexpr Divisor divisor = Divisor::plus_epsilon;

  template <class V>
  static void apply(V x, V& y, V& slope) {
    y = x;
    slope = V{} + 1;
  }
};

const bool cases = (register_prefix_sum_cases<Square>("square_sums"), true);

// Tokens of a block: one a lane, so that a head of few entries still fills vectors.
constexpr int block = 64;

// The layer norm of every head's entries, all with the same weight and bias.
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
            squares = multiply_add(d, d, squares);
          }
          Vec s = inverse * squares + static_cast<T>(1e-5);
          for (int l = 0; l < lanes; ++l) s[l] = T(1) / std::sqrt(s[l]);
          simd::store(mean + h * padded + t + v, centre);
          simd::store(one_by_sd + h * padded + t + v, s);
          for (int c = 0; c < size; ++c) {
            T* at = columns + c * block + v;
            simd::store(at, multiply_add((simd::load(at) - centre) * s, weight.value()[c],
                                         Vec{} + bias.value()[c]));
          }
        }
        transpose(size, count, columns, block, T(1), y.value() + t * y.stride() + h * size, y.stride());
      }
  };

  const auto backward = [=](Writes mode) {
    // y = w·n + b, n = (x - mean)·s:  dw = Σ dy·n, db = Σ dy over tokens and heads,
    // with g = w·dy:  dx = s·(g - mean(g) - n·mean(g·n))
    check_gradients("rebased", {x, weight, bias});
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
            sum_gn = multiply_add(g, n, sum_gn);
            T *dw = dweight + c * sums::parts + v % sums::parts, *db = dbias + c * sums::parts + v % sums::parts;
            simd::store(dw, multiply_add(d, n, simd::load(dw)));
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

}  // namespace

template <class T>
Mixture<T> square_sums(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value,
                     PrefixSumOptions options) {
  return prefix_sums<Square>(graph, query, key, value, options);
}

template <class T>
Mixture<T> rebased(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> weight,
                 Tensor<T> bias, PrefixSumOptions options) {
  check_shapes("rebased", query, key, value, options.cut);
  const Tensor<T> q = head_norm(graph, query, weight, bias, options.cut.heads);
  const Tensor<T> k = head_norm(graph, key, weight, bias, options.cut.heads);
  return prefix_sums<Square>(graph, q, k, value, options);
}

template Mixture<float> square_sums(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>,
                                  PrefixSumOptions);
template Mixture<double> square_sums(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>,
                                   PrefixSumOptions);
template Mixture<float> rebased(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>, Tensor<float>,
                              Tensor<float>, PrefixSumOptions);
template Mixture<double> rebased(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>,
                               Tensor<double>, Tensor<double>, PrefixSumOptions);

namespace {

class Rebased {
 public:
  Rebased(const Settings& s, const MixerShape& shape)
      : shape_(shape),
        scale_(s.toggle("scale") ? 1 / std::sqrt(static_cast<double>(shape.head_size())) : 1) {}

  template <class T>
  Mixed<T> record(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const auto [query, key, value] = project(recorder, name, x, shape_);
    const std::vector<int> size = {shape_.head_size()};
    const Tensor<T> weight = recorder.parameter(name + "feature.weight", size, Initial::constant(1));
    const Tensor<T> bias = recorder.parameter(name + "feature.bias", size, Initial::constant(0));
    return project_out(recorder, name,
                       rebased(recorder.graph, query, key, value, weight, bias,
                               {{recorder.batch, shape_.heads}, scale_}),
                       shape_);
  }
  double multiply_adds(int context) const { return prefix_sum_multiply_adds<Square>(context, shape_); }
  double state_size(int) const { return prefix_sum_state<Square>(shape_); }

 private:
  const MixerShape shape_;
  const double scale_;
};

const Registered<MixerPlugin> registered(mixer<Rebased>(
    {.name = "rebased",
     .rule = "s_ij = (q'_i.k'_j)^2, x' = layer norm over a head's entries; sum_j s_ij v_j / (sum_j s_ij + 1e-9)",
     .source = "Aksenov et al., arXiv:2402.10644",
     .reads = {"heads", "scale", "qk_gain"}}));

}  // namespace

static const Registered<GradientCase> rebased_case(
    {"rebased", [](Graph<double>& graph, GradientProbe& probe) {
       const auto x = [&] { return probe.variable(2 * 35, 2 * 4); };
       const auto q = x(), k = x(), v = x(), w = probe.variable(1, 4), b = probe.variable(1, 4);
       return probe.weigh({rebased(graph, q, k, v, w, b, {{2, 2}, 0.5, Algorithm::linear}).out});
     }});

}  // namespace ladder::nn
