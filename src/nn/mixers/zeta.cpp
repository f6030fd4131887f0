// ZETA: queries and keys of few dimensions are ordered along a Z-curve; a query takes the top_k nearest of
// the keys that lie beside it there, and the mean of all it may see. With g = max(sigmoid(γ)², 1e-6):
//
//   w_ij = 1/(|q_i - k_j|² + g) for selected j,  w'_i the same for the running means k'_i, v'_i over 0..i
//   out_i = (Σ w_ij v_j + w'_i v'_i) / (Σ w_ij + w'_i)
//
// Candidates of query i: keys of earlier chunks, sorted by (code, position), the `neighbours` of them
// around the place of the query's code. Codes and selection are constants in the gradient.
// Zeng et al., arXiv:2501.14577
//
// All keys of a head are sorted once. Queries are then served from the last to the first, while the keys
// that may not be seen any more leave a linked list: a query costs the walk to its neighbours only.
#include <cstdint>
#include <utility>
#include <vector>

#include "nn/mixers/around.h"
#include "nn/mixers/operations.h"
#include "nn/mixers/plain.h"

namespace ladder::nn {

// A clamp to [0, 2^bits - 1] after rounding down; NaN counts as 0.
template <class T>
static std::uint64_t cell(T x, const ZetaOptions& o) {
  const std::uint64_t cells = std::uint64_t{1} << o.code_bits;
  const T u = (x / static_cast<T>(o.code_range) + 1) / 2 * static_cast<T>(cells);
  if (!(u > 0)) return 0;
  return u >= static_cast<T>(cells) ? cells - 1 : static_cast<std::uint64_t>(u);
}

template <class T>
std::uint64_t z_code(const T* x, int size, const ZetaOptions& o) {
  std::uint64_t code = 0;
  for (int c = 0; c < size; ++c) {
    const std::uint64_t u = cell(x[c], o);
    for (int bit = 0; bit < o.code_bits; ++bit) code |= (u >> bit & 1) << (bit * size + size - 1 - c);
  }
  return code;
}

template std::uint64_t z_code(const float*, int, const ZetaOptions&);
template std::uint64_t z_code(const double*, int, const ZetaOptions&);

namespace {

// The sorted keys of a head, as a list that keys leave one after the other. Place 0 stands before all.
class Neighbourhood {
 public:
  explicit Neighbourhood(int context)
      : order_(context), place_(context), next_(context + 1), previous_(context + 1), left_(context + 1) {}

  // code(j): of key j.
  template <class F>
  void sort(F code) {
    const int n = static_cast<int>(order_.size());
    for (int j = 0; j < n; ++j) order_[j] = {code(j), j};
    std::sort(order_.begin(), order_.end());
    for (int r = 0; r < n; ++r) place_[order_[r].second] = r + 1;
    for (int r = 0; r <= n; ++r) next_[r] = r < n ? r + 1 : 0, previous_[r] = r - 1, left_[r] = r;
  }

  void remove(int key) {
    const int r = place_[key];
    next_[previous_[r]] = next_[r];
    if (next_[r]) previous_[next_[r]] = previous_[r];
    left_[r] = r - 1;
  }

  // Calls f(key) for at most `before` keys whose code is smaller, the nearest places first, and then for
  // at most `after` others.
  template <class F>
  void visit(std::uint64_t code, int before, int after, F f) {
    const auto at = std::lower_bound(order_.begin(), order_.end(), std::pair{code, -1}) - order_.begin();
    const int last = present(static_cast<int>(at));
    for (int r = last, i = 0; r && i < before; r = previous_[r], ++i) f(order_[r - 1].second);
    for (int r = next_[last], i = 0; r && i < after; r = next_[r], ++i) f(order_[r - 1].second);
  }

 private:
  // The last place up to r whose key is still there; halves the ways for those who ask later.
  int present(int r) {
    while (left_[r] != r) r = left_[r] = left_[left_[r]];
    return r;
  }

  std::vector<std::pair<std::uint64_t, int>> order_;
  std::vector<int> place_, next_, previous_, left_;
};

template <class T>
class ZetaKernel {
  using Vec = simd::Vec<T>;

 public:
  ZetaKernel(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> gamma,
             Tensor<T> out, Cut cut, ZetaOptions options)
      : query_(query), key_(key), value_(value), gamma_(gamma), out_(out), cut_(cut), o_(options),
        n_(query.rows() / cut.batch), size_(query.cols() / cut.heads), width_(value.cols() / cut.heads),
        neighbourhood_(n_) {
    const auto take = [&](std::size_t rows, int cols) { return graph.scratch(rows * cols); };
    const std::size_t rows = static_cast<std::size_t>(cut.batch) * cut.heads * n_;
    selected_.resize(rows * o_.top_k);
    count_.resize(rows);
    weight_ = take(rows, o_.top_k + 1), one_by_sum_ = take(rows, 1);
    mean_key_ = take(1, size_), mean_value_ = take(1, width_);
    key_sum_ = take(1, size_), value_sum_ = take(1, width_);
    nearest_.resize(o_.top_k);
    if (!out.grad()) return;
    g_ = take(1, o_.top_k + 1);
    dk_ = take(n_, size_), dv_ = take(n_, width_), dmean_ = take(n_, size_), share_ = take(n_, 1);
    dq_ = take(1, size_);
  }

  void forward() {
    g0_ = width_of_kernel();
    for_each_head([&](int b, int h) {
      select(b, h);
      const HeadRows<T> q = values(query_, b, h), k = values(key_, b, h), v = values(value_, b, h);
      const HeadRows<T> out = head_rows(out_.value(), out_, cut_, b, h);
      start_means();
      for (int i = 0; i < n_; ++i) {
        add_to_means(k.row(i), v.row(i), i);
        T* w = weights(i);
        const int count = count_[head_ + i];
        const std::int32_t* js = list(i);
        T total = 0;
        for (int s = 0; s < count; ++s)
          total += w[s] = 1 / (distance(q.row(i), k.row(js[s])) + g0_);
        total += w[count] = 1 / (distance(q.row(i), mean_key_) + g0_);
        const T one_by_sum = one_by_sum_[head_ + i] = 1 / total;
        for_each_vector<T>(width_, [&](auto at) {
          Vec y{};
          for (int s = 0; s < count; ++s) y = simd::fma(w[s], at.load(v.row(js[s])), y);
          y = simd::fma(w[count], at.load(mean_value_), y);
          at.store(out.row(i), one_by_sum * y);
        });
      }
    });
  }

  // With G_j = dout·v_j and D the distances:  dD_j = -p_j w_j (G_j - Σ p G),
  // dq += 2 dD (q - k), dk -= 2 dD (q - k), dv += p dout, dg += dD; the means' share goes to all before.
  void backward(Writes write) {
    double dwidth = 0;  // of many small terms
    for_each_head([&](int b, int h) {
      const HeadRows<T> q = values(query_, b, h), k = values(key_, b, h), v = values(value_, b, h);
      const HeadRows<T> dout = head_rows(out_.grad(), out_, cut_, b, h);
      const HeadRows<T> dq = head_rows(query_.grad(), query_, cut_, b, h);
      std::fill_n(dk_, static_cast<std::size_t>(n_) * size_, T(0));
      std::fill_n(dv_, static_cast<std::size_t>(n_) * width_, T(0));
      start_means();
      for (int i = 0; i < n_; ++i) {
        add_to_means(k.row(i), v.row(i), i);
        const T *w = weights(i), one_by_sum = one_by_sum_[head_ + i];
        const int count = count_[head_ + i];
        const std::int32_t* js = list(i);
        T mean = 0;
        for (int s = 0; s <= count; ++s) {
          g_[s] = dot(dout.row(i), s < count ? v.row(js[s]) : mean_value_, width_);
          mean = simd::fma(w[s] * one_by_sum, g_[s], mean);
        }
        std::fill_n(dq_, size_, T(0));
        for (int s = 0; s <= count; ++s) {
          const T p = w[s] * one_by_sum, d = -p * w[s] * (g_[s] - mean);
          dwidth += d;
          const T* other = s < count ? k.row(js[s]) : mean_key_;
          T* dother = s < count ? dk_ + js[s] * size_ : dmean_ + i * size_;
          for (int c = 0; c < size_; ++c) {
            const T step = 2 * d * (q.row(i)[c] - other[c]);
            dq_[c] += step;
            if (s < count) dother[c] -= step;
            else dother[c] = -step / static_cast<T>(i + 1);
          }
          if (s < count) {
            T* to = dv_ + js[s] * width_;
            for_each_vector<T>(width_, [&](auto at) {
              at.store(to, simd::fma(p, at.load(dout.row(i)), at.load(to)));
            });
          } else {
            share_[i] = p / static_cast<T>(i + 1);
          }
        }
        give(dq_, size_, dq.row(i), write[0]);
      }
      const HeadRows<T> dk = head_rows(key_.grad(), key_, cut_, b, h);
      const HeadRows<T> dv = head_rows(value_.grad(), value_, cut_, b, h);
      std::fill_n(key_sum_, size_, T(0));
      std::fill_n(value_sum_, width_, T(0));
      for (int i = n_ - 1; i >= 0; --i) {
        for (int c = 0; c < size_; ++c) {
          key_sum_[c] += dmean_[i * size_ + c];
          dk_[i * size_ + c] += key_sum_[c];
        }
        give(dk_ + i * size_, size_, dk.row(i), write[1]);
        const T* from = dv_ + i * width_;
        for_each_vector<T>(width_, [&](auto at) {
          const Vec sum = simd::fma(share_[i], at.load(dout.row(i)), at.load(value_sum_));
          at.store(value_sum_, sum);
          nn::write(at, dv.row(i), at.load(from) + sum, write[2]);
        });
      }
    });
    // g = s², s = sigmoid(γ):  dγ = dg · 2 s² (1 - s); the lower bound is a constant.
    const double s = sigmoid(), d = s * s > smallest ? dwidth * 2 * s * s * (1 - s) : 0;
    T& dgamma = gamma_.grad()[0];
    dgamma = static_cast<T>((write[3] == Write::replace ? 0 : dgamma) + d);
  }

  void look(const AttentionMaps<T>& maps) {
    at_head(maps.sequence, maps.head);
    fill_maps(maps, n_, [&](int i, T* row) {
      const int count = count_[head_ + i];
      const T *w = weights(i), one_by_sum = one_by_sum_[head_ + i];
      std::fill_n(row, i + 1, w[count] * one_by_sum / static_cast<T>(i + 1));
      for (int s = 0; s < count; ++s) row[list(i)[s]] += w[s] * one_by_sum;
    });
  }

  std::vector<int> selected(int b, int h, int i) const {
    const std::size_t row = (static_cast<std::size_t>(b) * cut_.heads + h) * n_ + i;
    const auto begin = selected_.begin() + row * o_.top_k;
    return {begin, begin + count_[row]};
  }

 private:
  template <class F>
  void for_each_head(F f) {
    for (int b = 0; b < cut_.batch; ++b)
      for (int h = 0; h < cut_.heads; ++h) {
        at_head(b, h);
        f(b, h);
      }
  }
  void at_head(int b, int h) { head_ = (static_cast<std::size_t>(b) * cut_.heads + h) * n_; }
  HeadRows<T> values(Tensor<T> x, int b, int h) const { return head_rows(x.value(), x, cut_, b, h); }
  std::int32_t* list(int i) { return selected_.data() + (head_ + i) * o_.top_k; }
  T* weights(int i) { return weight_ + (head_ + i) * (o_.top_k + 1); }

  double sigmoid() const { return 1 / (1 + simd::exp(-static_cast<double>(gamma_.value()[0]))); }
  T width_of_kernel() const {
    const double s = sigmoid();
    return static_cast<T>(std::max(s * s, smallest));
  }

  T distance(const T* q, const T* k) const {
    T total = 0;
    for (int c = 0; c < size_; ++c) {
      const T d = q[c] - k[c];
      total = simd::fma(d, d, total);
    }
    return total;
  }

  void select(int b, int h) {
    const HeadRows<T> q = values(query_, b, h), k = values(key_, b, h);
    neighbourhood_.sort([&](int j) { return z_code(k.row(j), size_, o_); });
    int present = n_;
    const int before = o_.neighbours / 2, after = o_.neighbours - before;
    for (int i = n_ - 1; i >= 0; --i) {
      while (present > i / o_.chunk * o_.chunk) neighbourhood_.remove(--present);
      int count = 0;
      neighbourhood_.visit(z_code(q.row(i), size_, o_), before, after, [&](int j) {
        const std::pair<T, int> candidate{distance(q.row(i), k.row(j)), j};
        int at = count < o_.top_k ? count++ : o_.top_k;  // sorted by (distance, position)
        for (; at > 0 && candidate < nearest_[at - 1]; --at)
          if (at < o_.top_k) nearest_[at] = nearest_[at - 1];
        if (at < o_.top_k) nearest_[at] = candidate;
      });
      std::int32_t* to = list(i);
      for (int s = 0; s < count; ++s) to[s] = nearest_[s].second;
      std::sort(to, to + count);
      count_[head_ + i] = count;
    }
  }

  void start_means() {
    std::fill_n(key_sum_, size_, T(0));
    std::fill_n(value_sum_, width_, T(0));
  }
  void add_to_means(const T* k, const T* v, int i) {
    const T factor = 1 / static_cast<T>(i + 1);
    for (int c = 0; c < size_; ++c) mean_key_[c] = factor * (key_sum_[c] += k[c]);
    for_each_vector<T>(width_, [&](auto at) {
      const Vec sum = at.load(value_sum_) + at.load(v);
      at.store(value_sum_, sum);
      at.store(mean_value_, factor * sum);
    });
  }
  static void give(const T* from, int size, T* to, Write mode) {
    for (int c = 0; c < size; ++c) to[c] = mode == Write::replace ? from[c] : to[c] + from[c];
  }

  static constexpr double smallest = 1e-6;

  Tensor<T> query_, key_, value_, gamma_, out_;
  Cut cut_;
  ZetaOptions o_;
  int n_, size_, width_;
  Neighbourhood neighbourhood_;
  std::vector<std::pair<T, int>> nearest_;
  T g0_ = 0;
  // Kept for backward, a row a token of a head: selected keys in order, their w and the means', 1/Σ.
  std::vector<std::int32_t> selected_, count_;
  T *weight_, *one_by_sum_;
  std::size_t head_ = 0;  // where the head's rows begin
  T *mean_key_, *mean_value_, *key_sum_, *value_sum_;
  T *g_ = nullptr, *dk_ = nullptr, *dv_ = nullptr, *dmean_ = nullptr, *share_ = nullptr, *dq_ = nullptr;
};

}  // namespace

template <class T>
Zeta<T> zeta(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> gamma, Cut cut,
             ZetaOptions options) {
  check_shapes("zeta", query, key, value, cut);
  if (options.code_bits * (query.cols() / cut.heads) > 63)
    throw failure("zeta: a code has more than 63 bits");
  const Tensor<T> out = graph.tensor(value.rows(), value.cols());
  const auto kernel =
      std::make_shared<ZetaKernel<T>>(graph, query, key, value, gamma, out, cut, options);
  graph.record({query, key, value, gamma}, {out}, [=] { kernel->forward(); },
               [=](Writes write) {
                 check_gradients("zeta", {query, key, value, gamma});
                 kernel->backward(write);
               });
  return {{out, [=](const AttentionMaps<T>& maps) { kernel->look(maps); }},
          [=](int b, int h, int i) { return kernel->selected(b, h, i); }};
}

template Zeta<float> zeta(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>, Tensor<float>, Cut,
                          ZetaOptions);
template Zeta<double> zeta(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>,
                           Tensor<double>, Cut, ZetaOptions);

namespace {

class ZetaMixer {
 public:
  ZetaMixer(const Settings& s, const MixerShape& shape)
      : shape_(shape), key_size_(s.integer("key_size")),
        options_{s.integer("code_bits"), s.real("code_range"), s.integer("chunk"), s.integer("neighbours"),
                 s.integer("top_k")} {
    if (options_.code_bits * key_size_ > 63)
      throw s.invalid("code_bits", "at most 63 / key_size = " + std::to_string(63 / key_size_));
    if (!(options_.code_range > 0)) throw s.invalid("code_range", "a number above 0");
  }

  template <class T>
  Mixed<T> record(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const auto [query, key, value] = project(recorder, name, x, shape_, shape_.heads * key_size_);
    const Tensor<T> gamma = recorder.parameter(name + "gamma", {1}, Initial::constant(0));
    return project_out(recorder, name,
                       zeta(recorder.graph, query, key, value, gamma, {recorder.batch, shape_.heads},
                            options_).mixed,
                       shape_);
  }
  double multiply_adds(int context) const {
    const double o = options_.neighbours + 1, selected = options_.top_k + 1;
    return context * (shape_.heads * key_size_ * o + shape_.d_model * selected);
  }
  // Sorted keys and their values, and the two sums.
  double state_size(int context) const {
    return (context + 1.0) * (shape_.heads * key_size_ + shape_.d_model);
  }

 private:
  const MixerShape shape_;
  const int key_size_;
  const ZetaOptions options_;
};

const Registered<MixerPlugin> registered(mixer<ZetaMixer>(
    {.name = "zeta",
     .rule = "weights 1/(|q_i - k_j|^2 + g) of the nearest among neighbours on a Z-curve, and of the mean so far",
     .source = "Zeng et al., arXiv:2501.14577",
     .settings =
         {Setting::integer("code_bits", "10", 1, 63, "bits of a coordinate", "this program"),
          Setting::real("code_range", "4", 0, 1e6, "codes clamp coordinates to +-code_range",
                        "this program"),
          Setting::integer("chunk", "2", 1, 65536, "queries of a chunk see keys of earlier chunks",
                           "this program"),
          Setting::integer("neighbours", "8", 1, 65536, "sorted keys from which top_k are taken",
                           "this program"),
          Setting::integer("key_size", "3", 1, 63, "dimensions of a head's query and key", "Zeng et al.")},
     .reads = {"heads", "qk_gain", "top_k"},
     .tiny = {{"code_bits", "6"}, {"neighbours", "4"}, {"key_size", "2"}, {"top_k", "2"}}}));

}  // namespace

static std::uint64_t plain_code(const double* x, int size, const ZetaOptions& o) {
  std::vector<std::uint64_t> u(size);
  for (int c = 0; c < size; ++c) {
    const double top = std::pow(2.0, o.code_bits);
    u[c] = static_cast<std::uint64_t>(
        std::min(std::max(std::floor((x[c] / o.code_range + 1) / 2 * top), 0.0), top - 1));
  }
  std::uint64_t code = 0;
  for (int bit = o.code_bits - 1; bit >= 0; --bit)
    for (int c = 0; c < size; ++c) code = code << 1 | (u[c] >> bit & 1);
  return code;
}

static double plain_distance(const double* q, const double* k, int size) {
  double d = 0;
  for (int c = 0; c < size; ++c) d += (q[c] - k[c]) * (q[c] - k[c]);
  return d;
}

std::vector<int> plain::zeta_selection(const Numbers& q, const Numbers& k, int size, int i, const ZetaOptions& o) {
  std::vector<std::pair<std::uint64_t, int>> keys;
  for (int j = 0; j < i / o.chunk * o.chunk; ++j) keys.push_back({plain_code(&k[j * size], size, o), j});
  std::sort(keys.begin(), keys.end());
  int at = 0;
  for (const auto& key : keys) at += key.first < plain_code(&q[i * size], size, o);
  std::vector<std::pair<double, int>> candidates;
  const int end = std::min(static_cast<int>(keys.size()), at + o.neighbours - o.neighbours / 2);
  for (int r = std::max(0, at - o.neighbours / 2); r < end; ++r)
    candidates.push_back({plain_distance(&q[i * size], &k[keys[r].second * size], size), keys[r].second});
  std::sort(candidates.begin(), candidates.end());
  std::vector<int> selected;
  for (const auto& candidate : candidates)
    if (static_cast<int>(selected.size()) < o.top_k) selected.push_back(candidate.second);
  std::sort(selected.begin(), selected.end());
  return selected;
}

plain::Numbers plain::zeta(int context, const Numbers& q, const Numbers& k, double gamma, const ZetaOptions& o) {
  const int n = context, size = static_cast<int>(q.size()) / n;
  const double sigmoid = 1 / (1 + std::exp(-gamma)), g = std::max(sigmoid * sigmoid, 1e-6);
  Numbers map(n * n), mean(size), sum(size);
  for (int i = 0; i < n; ++i) {
    for (int c = 0; c < size; ++c) mean[c] = (sum[c] += k[i * size + c]) / (i + 1);
    double total = 0, w = 1 / (plain_distance(&q[i * size], mean.data(), size) + g);
    total += w;
    for (int j = 0; j <= i; ++j) map[i * n + j] = w / (i + 1);
    for (const int j : zeta_selection(q, k, size, i, o)) {
      w = 1 / (plain_distance(&q[i * size], &k[j * size], size) + g);
      map[i * n + j] += w, total += w;
    }
    for (int j = 0; j <= i; ++j) map[i * n + j] /= total;
  }
  return map;
}

static OperationCase zeta_case(const std::string& name, ZetaOptions options, Sizes sizes, Sizes timed = {}) {
  return mixture_case(
      {.name = name,
       .sizes = std::move(sizes),
       .timed = std::move(timed),
       .more = [](const Sizes&) { return CaseInputs{{1, 1}}; },
       .map = [=](int context, const auto& in) { return plain::zeta(context, in[0], in[1], in[2][0], options); }},
      [=](auto& graph, const auto& in, Cut cut) {
        return zeta(graph, in[0], in[1], in[2], in[3], cut, options).mixed.out;
      });
}
static const Registered<OperationCase> all(
    zeta_case("zeta_all", {.chunk = 1, .neighbours = 16, .top_k = 8}, {2, 2, 7, 2, 3}));
// Selects for real: where a step changes a list there is a kink.
static const Registered<OperationCase> some(
    zeta_case("zeta", {.code_bits = 4, .chunk = 2, .neighbours = 6, .top_k = 2}, {1, 2, 12, 2, 3}, {32, 4, 128, 3, 32}));

}  // namespace ladder::nn
