// SEA: an estimator of linear cost guesses which keys matter, and softmax runs over those only.
// Lee et al., arXiv:2310.01777, the causal path of the authors' code. For head size d, `width` K columns:
//
//   C = causal linear attention (features relu(Ω d^-1/4 x) + 0.001, Ω fixed) over [e_t ; v_t], e learned
//   h = gelu(LN(W_e [C ; v]));  image = W_r h, 2 channels a head, K/4 wide;  LN over the width, twice a
//   convolution (3 x 3, in time t, t-2, t-4, in width -2, 0, 2) with relu, widened to K, 1 x 1 to a
//   channel a head, LN: scores S_t [heads, K];  Pm = softmax over K
//   with l = t + 1 visible keys: of all heads' columns the max(1, round(heads·top_k·K/l)) largest of Pm are
//   kept; key j has column floor((j + 0.5) K/l - 1e-4)
//   p = softmax of q_t·k_j/sqrt(d) over the keys of kept columns;  (a, b) = sigmoid(W_s h)
//   out_t = b a Σ p_j v_j + (1 - b) mean_{j<=t} v_j
//
// What is chosen is constant in the gradient, so the scores learn by distillation. The authors have a
// trained teacher; here is none, and OUR READING is that the layer's own dense softmax A (held constant)
// is: `distill` · mean over rows of 0.1 KL(A || u) + mean_j (u_j - A_j)², u = softmax of S spread over the
// keys, is added to the loss. That needs time quadratic in the context in training, but no map.
//
// Also ours: the 1 x 1 convolution has no padding; features are drawn once, not every 1000 steps.
#include <cstdint>

#include "ladder/base/math.h"
#include "ladder/base/random.h"
#include "ladder/tensor/operation_case.h"
#include "ladder/tensor/kernels/panel.h"
#include "ladder/tensor/kernels/transpose.h"
#include "nn/mixers/around.h"
#include "nn/mixers/head_maps.h"
#include "nn/mixers/operations.h"

namespace ladder::nn {

namespace {

// ---- the estimator's pieces ----

struct ReluAndALittle {  // positive features for linear attention
  static constexpr int degree = 1;
  static constexpr bool turning = false;
  static constexpr Divisor divisor = Divisor::plus_epsilon;

  template <class V>
  static void apply(V x, V& y, V& slope) {
    using T = std::remove_cvref_t<decltype(x[0])>;
    y = simd::max(x, V{}) + static_cast<T>(0.001);
    slope = simd::select(x > V{}, V{} + 1, V{});
  }
};

// Rows that are orthogonal within blocks of `size` and as long as normal vectors are, times size^-1/4.
std::vector<double> random_features(int count, int size) {
  const Random random(0, "sea features");
  std::vector<double> rows(static_cast<std::size_t>(count) * size);
  for (int r = 0; r < count; ++r) {
    double* row = rows.data() + static_cast<std::size_t>(r) * size;
    double length = 0;
    for (int c = 0; c < size; ++c) {
      row[c] = random.normal(static_cast<std::uint64_t>(r) * size + c, 0);
      const double other = random.normal(static_cast<std::uint64_t>(r) * size + c, 1);
      length += other * other;
    }
    for (int before = r / size * size; before < r; ++before) {
      const double* other = rows.data() + static_cast<std::size_t>(before) * size;
      double product = 0, square = 0;
      for (int c = 0; c < size; ++c) product += row[c] * other[c], square += other[c] * other[c];
      for (int c = 0; c < size; ++c) row[c] -= product / square * other[c];
    }
    double square = 0;
    for (int c = 0; c < size; ++c) square += row[c] * row[c];
    const double factor = std::sqrt(length / square) / std::sqrt(std::sqrt(static_cast<double>(size)));
    for (int c = 0; c < size; ++c) row[c] *= factor;
  }
  return rows;
}

// y[t, o, i] = b_o + Σ_c Σ_s W[o, c, s]·x[t - back_s, c, i + shift_s]; x [rows, channels·width], nothing
// beyond the borders. weight [out, channels·taps], bias [1, out] -> [rows, out·width]
template <class T>
class Convolution {
  static constexpr int tokens = 16;  // of one product

 public:
  struct Tap {
    int back, shift;
  };

  Convolution(Graph<T>& graph, Tensor<T> x, Tensor<T> weight, Tensor<T> bias, Tensor<T> y, int batch,
              std::vector<Tap> taps)
      : x_(x), weight_(weight), bias_(bias), y_(y), batch_(batch), n_(x.rows() / batch),
        taps_(std::move(taps)), out_(weight.rows()), in_(weight.cols()),
        channels_(in_ / static_cast<int>(taps_.size())), width_(x.cols() / channels_),
        columns_(tokens * width_) {
    patches_ = graph.scratch(static_cast<std::size_t>(in_) * columns_);
    dpatches_ = y.grad() ? graph.scratch(static_cast<std::size_t>(in_) * columns_) : nullptr;
    result_ = graph.scratch(static_cast<std::size_t>(out_) * columns_);
  }

  void forward() {
    for_each_block([&](int b, int t, int count) {
      take_patches(b, t, count);
      for (int o = 0; o < out_; ++o) std::fill_n(result_ + o * columns_, count * width_, bias_.value()[o]);
      small_multiply(out_, count * width_, in_, weight_.values(), patches_, columns_, result_, columns_,
                     Write::accumulate);
      for (int i = 0; i < count; ++i)
        for (int o = 0; o < out_; ++o)
          std::copy_n(result_ + o * columns_ + i * width_, width_, row(y_, y_.value(), b, t + i) + o * width_);
    });
  }

  void backward(Writes mode) {
    check_gradients("convolution", {x_, weight_, bias_});
    if (mode[0] == Write::replace)
      for (int r = 0; r < x_.rows(); ++r) std::fill_n(x_.grad() + r * x_.stride(), x_.cols(), T(0));
    Write first = mode[1];
    if (mode[2] == Write::replace) std::fill_n(bias_.grad(), out_, T(0));
    for_each_block([&](int b, int t, int count) {
      take_patches(b, t, count);
      for (int i = 0; i < count; ++i)
        for (int o = 0; o < out_; ++o)
          std::copy_n(row(y_, y_.grad(), b, t + i) + o * width_, width_, result_ + o * columns_ + i * width_);
      for (int o = 0; o < out_; ++o) bias_.grad()[o] += sum(result_ + o * columns_, count * width_);
      matmul(out_, in_, count * width_, Strided<T>{result_, columns_, 1}, Strided<T>{patches_, 1, columns_},
             weight_.grad(), weight_.stride(), first);
      first = Write::accumulate;
      small_multiply(in_, count * width_, out_, weight_.values().transposed(), result_, columns_,
                     dpatches_, columns_);
      for_each_patch(dpatches_, b, t, count, [&](std::ptrdiff_t at, const T* patch, int begin, int end) {
        T* to = x_.grad() + at;
        for (int i = begin; i < end; ++i) to[i] += patch[i];
      });
    });
  }

 private:
  T* row(Tensor<T> x, T* whole, int b, int t) const {
    return whole + (static_cast<std::ptrdiff_t>(b) * n_ + t) * x.stride();
  }
  template <class F>
  void for_each_block(F f) {
    for (int b = 0; b < batch_; ++b)
      for (int t = 0; t < n_; t += tokens) f(b, t, std::min(tokens, n_ - t));
  }
  // Calls f(at, patch, begin, end): patch[i] belongs to element at + i of x, begin <= i < end.
  template <class F>
  void for_each_patch(T* patches, int b, int t, int count, F f) {
    for (int c = 0; c < channels_; ++c)
      for (std::size_t s = 0; s < taps_.size(); ++s) {
        T* patch = patches + (c * taps_.size() + s) * columns_;
        const auto [back, shift] = taps_[s];
        const int begin = std::max(0, -shift), end = std::min(width_, width_ - shift);
        for (int i = std::max(0, back - t); i < count && begin < end; ++i)
          f((static_cast<std::ptrdiff_t>(b) * n_ + t + i - back) * x_.stride() + c * width_ + shift,
            patch + i * width_, begin, end);
      }
  }
  // patches_ [channels·taps, tokens·width]; beyond the borders of the width it is always 0.
  void take_patches(int b, int t, int count) {
    for (int p = 0; t == 0 && p < in_; ++p)  // nor is there anything before the first token
      std::fill_n(patches_ + p * columns_, std::min(tokens, taps_[p % taps_.size()].back) * width_, T(0));
    for_each_patch(patches_, b, t, count, [&](std::ptrdiff_t at, T* patch, int begin, int end) {
      const T* from = x_.value() + at;
      for (int i = begin; i < end; ++i) patch[i] = from[i];
    });
  }

  Tensor<T> x_, weight_, bias_, y_;
  int batch_, n_;
  std::vector<Tap> taps_;
  int out_, in_, channels_, width_, columns_;
  T *patches_, *dpatches_, *result_;
};

template <class T>
Tensor<T> convolve(Graph<T>& graph, Tensor<T> x, Tensor<T> weight, Tensor<T> bias, int batch,
                   std::vector<typename Convolution<T>::Tap> taps) {
  const int channels = weight.cols() / static_cast<int>(taps.size()), width = x.cols() / channels;
  const Tensor<T> y = graph.tensor(x.rows(), weight.rows() * width);
  const auto kernel = std::make_shared<Convolution<T>>(graph, x, weight, bias, y, batch, std::move(taps));
  graph.record({x, weight, bias}, {y}, [=] { kernel->forward(); },
               [=](Writes mode) { kernel->backward(mode); });
  return y;
}

template <class T>
std::vector<typename Convolution<T>::Tap> three_by_three() {
  std::vector<typename Convolution<T>::Tap> taps;
  for (const int back : {4, 2, 0})
    for (const int shift : {-2, 0, 2}) taps.push_back({back, shift});
  return taps;
}

// Every column `times` times.
template <class T>
Tensor<T> widen(Graph<T>& graph, Tensor<T> x, int times) {
  const Tensor<T> y = graph.tensor(x.rows(), x.cols() * times);
  graph.record({x}, {y},
               [=] {
                 for (std::size_t i = 0; i < y.size(); ++i) y.value()[i] = x.value()[i / times];
               },
               [=](Writes mode) {
                 for (std::size_t i = 0; i < x.size(); ++i) {
                   T total = 0;
                   for (int j = 0; j < times; ++j) total += y.grad()[i * times + j];
                   x.grad()[i] = mode[0] == Write::replace ? total : x.grad()[i] + total;
                 }
               });
  return y;
}

// ---- the mixer ----

class Sea {
 public:
  static constexpr bool one_context = true;  // the estimator's positions

  Sea(const Settings& s, const MixerShape& shape)
      : shape_(shape), top_k_(s.integer("top_k")), width_(s.integer("estimate_width")),
        distill_(s.real("distill")) {
    if (width_ % 4 != 0) throw s.invalid("estimate_width", "a multiple of 4");
    const double e = shape.head_size();
    features_ = std::max(1, static_cast<int>(e * math::log(e)));
  }

  template <class T>
  Mixed<T> record(Recorder<T>& r, const std::string& name, Tensor<T> x) const {
    const int heads = shape_.heads, e = shape_.head_size();
    Graph<T>& graph = r.graph;
    const auto linear = [&](const std::string& part, Tensor<T> input, int out, int in) {
      const Tensor<T> weight = r.parameter(name + part + ".weight", {out, in}, Initial::linear(in));
      return head_linear(graph, input, weight, r.parameter(name + part + ".bias", {out}, Initial::linear(in)),
                         heads);
    };
    const auto norm = [&](const std::string& part, Tensor<T> input, int slices) {
      const std::vector<int> size = {input.cols() / slices};
      const Tensor<T> weight = r.parameter(name + part + ".weight", size, Initial::constant(1));
      return head_norm(graph, input, weight, r.parameter(name + part + ".bias", size, Initial::constant(0)),
                       slices);
    };
    const auto convolution = [&](const std::string& part, Tensor<T> input, int out, int in,
                                 std::vector<typename Convolution<T>::Tap> taps) {
      const int fan_in = in * static_cast<int>(taps.size());
      const Tensor<T> weight = r.parameter(name + part + ".weight", {out, fan_in}, Initial::linear(fan_in));
      return convolve(graph, input, weight,
                      r.parameter(name + part + ".bias", {out}, Initial::linear(fan_in)), r.batch,
                      std::move(taps));
    };

    const auto [query, key, value] = project(r, name, x, shape_);
    const std::vector<double> omega = random_features(features_, e);
    const Tensor<T> features = graph.constant(features_, e, [&](std::size_t i) { return omega[i]; });
    const Tensor<T> positions =
        r.parameter(name + "estimate_position.weight", {r.context, e}, Initial::normal(1));
    const Tensor<T> context =
        prefix_sums<ReluAndALittle>(graph, head_linear(graph, query, features, {}, heads),
                                    head_linear(graph, key, features, {}, heads),
                                    head_join(graph, positions, value, heads, true), {{r.batch, heads}})
            .out;
    const Tensor<T> hidden =
        activate(graph,
                 norm("estimate_norm",
                      linear("estimate", head_join(graph, context, value, heads, false), 2 * e, 3 * e), heads),
                 Activation::gelu);
    Tensor<T> image = norm("image_norm", linear("decode", hidden, width_ / 2, 2 * e), 2 * heads);
    for (const char* part : {"conv1", "conv2"})
      image = activate(graph, convolution(part, image, 2 * heads, 2 * heads, three_by_three<T>()),
                       Activation::relu);
    image = convolution("conv3", image, heads, 2 * heads, {{0, 0}});
    const Tensor<T> scores = norm("score_norm", widen(graph, image, 4), heads);
    const Tensor<T> gates = linear("gate", hidden, 2, 2 * e);

    auto mixture = sea_attention(graph, query, key, value, scores, gates, {r.batch, heads}, top_k_).mixed;
    if (mixture.out.grad())  // only training needs it
      mixture.extra_loss = sea_distillation(graph, query, key, scores, {r.batch, heads}, distill_);
    return project_out(r, name, mixture, shape_);
  }

  double multiply_adds(int context) const {
    const double e = shape_.head_size(), heads = shape_.heads, m = features_;
    const double estimate = heads * (2 * e * m + 4 * m * e + 6 * e * e + e * width_ + 4 * e);
    const int quarter = width_ / 4;
    const double convolutions = 2.0 * (2 * heads) * (2 * heads) * 9 * quarter;
    return context * (estimate + convolutions + 2.0 * std::min(top_k_, context) * shape_.d_model);
  }
  // Keys, values and the mean; the linear attention's sums; four rows of images for each convolution.
  double state_size(int context) const {
    const double e = shape_.head_size(), heads = shape_.heads;
    const int half = width_ / 2;
    return 2.0 * context * shape_.d_model + shape_.d_model + heads * features_ * (2 * e + 1) +
           2 * 4 * heads * half;
  }

 private:
  const MixerShape shape_;
  const int top_k_, width_;
  const double distill_;
  int features_;
};

const Registered<MixerPlugin> registered(mixer<Sea>(
    {.name = "sea",
     .rule = "b a softmax(q_i.k_j / sqrt(head size)) over keys that an estimator keeps, v_j, + (1 - b) mean of v; "
             "our reading: it learns from the layer's own dense attention",
     .source = "Lee et al., arXiv:2310.01777",
     .settings = {Setting::integer("estimate_width", "32", 4, 4096,
                                   "columns of the estimated attention; a multiple of 4", "this program"),
                  Setting::real("distill", "1", 0, 1e6,
                                "weight of the estimator's loss, per layer", "this program")},
     .reads = {"heads", "qk_gain", "top_k"},
     .tiny = {{"estimate_width", "8"}}}));

}  // namespace

static const Registered<OperationCase> convolution_case(operation_case(
    {.name = "sea_convolution",  // batch, context, channels in and out, width
     .sizes = {2, 19, 2, 3, 5},
     .timed = {8, 128, 8, 8, 8},
     .inputs = [](const Sizes& n) {
       return CaseInputs{{n[0] * n[1], n[2] * n[4]}, {n[3], n[2] * 9}, {1, n[3]}};
     },
     .plain = [](const Matrices& in, const Sizes& n) {
       const int width = n[4];
       const auto taps = three_by_three<double>();
       Matrix y(n[0] * n[1], n[3] * width);
       for (int r = 0; r < y.rows; ++r)
         for (int o = 0; o < n[3]; ++o)
           for (int i = 0; i < width; ++i) {
             double& sum = y(r, o * width + i) = in[2](0, o);
             for (int c = 0; c < n[2]; ++c)
               for (int s = 0; s < 9; ++s) {
                 const int back = taps[s].back, at = i + taps[s].shift;
                 if (back <= r % n[1] && at >= 0 && at < width)
                   sum += in[1](o, c * 9 + s) * in[0](r - back, c * width + at);
               }
           }
       return Matrices{y};
     },
     .multiply_adds = [](const Sizes& n) { return 9.0 * n[0] * n[1] * n[2] * n[3] * n[4]; }},
    [](auto& graph, const auto& in, const Sizes& n) {
      using T = std::remove_cvref_t<decltype(*in[0].value())>;
      return convolve(graph, in[0], in[1], in[2], n[0], three_by_three<T>());
    }));
static const Registered<OperationCase> widen_case(operation_case(
    {.name = "sea_widen",  // rows, columns, times
     .sizes = {3, 4, 4},
     .inputs = [](const Sizes& n) { return CaseInputs{{n[0], n[1]}}; },
     .plain = [](const Matrices& in, const Sizes& n) {
       Matrix y(n[0], n[1] * n[2]);
       for (int r = 0; r < n[0]; ++r)
         for (int c = 0; c < y.cols; ++c) y(r, c) = in[0](r, c / n[2]);
       return Matrices{y};
     }},
    [](auto& graph, const auto& in, const Sizes& n) { return widen(graph, in[0], n[2]); }));

}  // namespace ladder::nn
