// SEA's last step, attention over the keys of the columns that a row keeps, and the loss by which its
// estimator learns which those are. Formulas: sea.cpp.
#include <cstdint>

#include "ladder/base/math.h"
#include "nn/mixers/operations.h"

namespace ladder::nn {

int sea_column(int key, int width, int visible) {
  const int column = static_cast<int>(std::floor((key + 0.5) * width / visible - 1e-4));
  return std::clamp(column, 0, width - 1);
}

namespace {

// Column c of the row that sees `visible` keys has the keys [row[c], row[c + 1]).
class ColumnBorders {
 public:
  ColumnBorders(int context, int width) : width_(width) {
    first_.reserve(static_cast<std::size_t>(context) * (width + 1));
    for (int visible = 1; visible <= context; ++visible) {
      int j = 0;
      for (int c = 0; c <= width; ++c) {
        // the first key whose column is c or more, from a guess that is not too large
        j = std::max<int>(j, static_cast<int>(static_cast<std::int64_t>(c) * visible / width) - 1);
        while (j < visible && sea_column(j, width, visible) < c) ++j;
        first_.push_back(c == width ? visible : j);
      }
    }
  }
  const int* row(int visible) const {
    return first_.data() + static_cast<std::size_t>(visible - 1) * (width_ + 1);
  }

 private:
  int width_;
  std::vector<int> first_;
};

template <class T>
class SeaKernel {
  using Vec = simd::Vec<T>;

 public:
  SeaKernel(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> scores,
            Tensor<T> gates, Tensor<T> out, Cut cut, int top_k)
      : query_(query), key_(key), value_(value), scores_(scores), gates_(gates), out_(out), cut_(cut),
        n_(query.rows() / cut.batch), e_(query.cols() / cut.heads), width_(scores.cols() / cut.heads),
        top_k_(top_k), scale_(static_cast<T>(1 / std::sqrt(static_cast<double>(e_)))),
        borders_(graph.declares() ? 0 : n_, width_) {
    const auto take = [&](int rows, int cols) {
      return graph.scratch(static_cast<std::size_t>(rows) * cols);
    };
    kept_.resize(scores.size());
    order_.resize(scores.cols());
    keys_.resize(n_);
    column_ = take(1, scores.cols()), p_ = take(1, n_), mean_ = take(1, e_), sum_ = take(1, e_);
    if (!out.grad()) return;
    dp_ = take(1, n_), dk_ = take(n_, e_), dv_ = take(n_, e_), dmean_ = take(n_, e_), dq_ = take(1, e_);
  }

  void forward() {
    choose();
    for_each_head([&](int b, int h) {
      const HeadRows<T> v = values(value_, b, h), out = head_rows(out_.value(), out_, cut_, b, h);
      std::fill_n(sum_, e_, T(0));
      for (int i = 0; i < n_; ++i) {
        const int count = attend(b, h, i);
        const auto [a, open] = gate(b, h, i);
        add_to_mean(v.row(i), i);
        for_each_vector<T>(e_, [&, a = a, open = open](auto at) {
          Vec y{};
          for (int s = 0; s < count; ++s) y = simd::fma(p_[s], at.load(v.row(keys_[s])), y);
          at.store(out.row(i), simd::fma(open * a, y, (1 - open) * at.load(mean_)));
        });
      }
    });
  }

  void backward(Writes mode) {
    for_each_head([&](int b, int h) {
      const HeadRows<T> q = values(query_, b, h), k = values(key_, b, h), v = values(value_, b, h);
      const HeadRows<T> dout = head_rows(out_.grad(), out_, cut_, b, h);
      const HeadRows<T> dq = head_rows(query_.grad(), query_, cut_, b, h);
      const HeadRows<T> dgates = head_rows(gates_.grad(), gates_, cut_, b, h);
      std::fill_n(dk_, static_cast<std::size_t>(n_) * e_, T(0));
      std::fill_n(dv_, static_cast<std::size_t>(n_) * e_, T(0));
      std::fill_n(sum_, e_, T(0));
      for (int i = 0; i < n_; ++i) {
        const int count = attend(b, h, i);
        const auto [a, open] = gate(b, h, i);
        add_to_mean(v.row(i), i);
        // out = b a y + (1 - b) mean, y = Σ p v:  dp = b a dout·v,  dz = p (dp - Σ p dp)
        const T factor = a * open;
        T gain = 0;  // dout·y
        for (int s = 0; s < count; ++s) {
          dp_[s] = dot(dout.row(i), v.row(keys_[s]), e_);
          gain = simd::fma(p_[s], dp_[s], gain);
        }
        const T rest = dot(dout.row(i), mean_, e_);
        const T da = open * gain * a * (1 - a), db = (a * gain - rest) * open * (1 - open);
        for (const auto& [d, at] : {std::pair{da, 0}, std::pair{db, 1}}) {
          T& to = dgates.row(i)[at];
          to = mode[4] == Write::replace ? d : to + d;
        }
        std::fill_n(dq_, e_, T(0));
        for (int s = 0; s < count; ++s) {
          const int j = keys_[s];
          const T dz = scale_ * factor * p_[s] * (dp_[s] - gain), dy = factor * p_[s];
          T *dk = dk_ + j * e_, *dv = dv_ + j * e_;
          for_each_vector<T>(e_, [&](auto at) {
            at.store(dq_, simd::fma(dz, at.load(k.row(j)), at.load(dq_)));
            at.store(dk, simd::fma(dz, at.load(q.row(i)), at.load(dk)));
            at.store(dv, simd::fma(dy, at.load(dout.row(i)), at.load(dv)));
          });
        }
        const T share = (1 - open) / static_cast<T>(i + 1);
        for_each_vector<T>(e_, [&](auto at) {
          write(at, dq.row(i), at.load(dq_), mode[0]);
          at.store(dmean_ + i * e_, share * at.load(dout.row(i)));
        });
      }
      const HeadRows<T> dk = head_rows(key_.grad(), key_, cut_, b, h);
      const HeadRows<T> dv = head_rows(value_.grad(), value_, cut_, b, h);
      std::fill_n(sum_, e_, T(0));
      for (int i = n_ - 1; i >= 0; --i)
        for_each_vector<T>(e_, [&](auto at) {
          const Vec later = at.load(sum_) + at.load(dmean_ + i * e_);
          at.store(sum_, later);
          write(at, dk.row(i), at.load(dk_ + i * e_), mode[1]);
          write(at, dv.row(i), at.load(dv_ + i * e_) + later, mode[2]);
        });
    });
    if (scores_.grad() && mode[3] == Write::replace)  // what is chosen is constant
      std::fill_n(scores_.grad(), scores_.size(), T(0));
  }

  void look(const AttentionMaps<T>& maps) {
    fill_maps(maps, n_, [&](int i, T* row) {
      const int count = attend(maps.sequence, maps.head, i);
      const auto [a, open] = gate(maps.sequence, maps.head, i);
      std::fill_n(row, i + 1, (1 - open) / static_cast<T>(i + 1));
      for (int s = 0; s < count; ++s) row[keys_[s]] += a * open * p_[s];
    });
  }

  std::vector<int> selected(int b, int h, int i) {
    const int count = select(b, h, i);
    return {keys_.begin(), keys_.begin() + count};
  }

 private:
  template <class F>
  void for_each_head(F f) {
    for (int b = 0; b < cut_.batch; ++b)
      for (int h = 0; h < cut_.heads; ++h) f(b, h);
  }
  HeadRows<T> values(Tensor<T> x, int b, int h) const { return head_rows(x.value(), x, cut_, b, h); }

  // The columns that each row keeps, of all heads together: the largest, the earlier one of equals.
  void choose() {
    const int columns = scores_.cols(), heads = cut_.heads;
    for (int r = 0; r < scores_.rows(); ++r) {
      const double wanted = static_cast<double>(top_k_) * columns / (r % n_ + 1);
      const int count = std::min<double>(columns, std::max(1.0, std::floor(wanted + 0.5)));
      for (int h = 0; h < heads && count < columns; ++h) {
        const T* s = scores_.value() + r * scores_.stride() + h * width_;
        T* p = column_ + h * width_;
        const T most = *std::max_element(s, s + width_);
        for_each_vector<T>(width_, [&](auto at) { at.store(p, simd::exp(at.load(s) - most)); });
        const T one_by_sum = 1 / sum(p, width_);
        for_each_vector<T>(width_, [&](auto at) { at.store(p, at.load(p) * one_by_sum); });
      }
      std::uint8_t* kept = kept_.data() + static_cast<std::size_t>(r) * columns;
      std::fill_n(kept, columns, std::uint8_t{count == columns});
      if (count == columns) continue;
      for (int c = 0; c < columns; ++c) order_[c] = c;
      std::nth_element(order_.begin(), order_.begin() + count - 1, order_.end(), [&](int c, int other) {
        return column_[c] != column_[other] ? column_[c] > column_[other] : c < other;
      });
      for (int c = 0; c < count; ++c) kept[order_[c]] = 1;
    }
  }

  // keys_ = those of the kept columns, in order; returns their number.
  int select(int b, int h, int i) {
    const std::uint8_t* kept =
        kept_.data() + (static_cast<std::size_t>(b) * n_ + i) * scores_.cols() + h * width_;
    const int* first = borders_.row(i + 1);
    int count = 0;
    for (int c = 0; c < width_; ++c)
      if (kept[c])
        for (int j = first[c]; j < first[c + 1]; ++j) keys_[count++] = j;
    return count;
  }
  // p_ = softmax over them.
  int attend(int b, int h, int i) {
    const int count = select(b, h, i);
    if (count == 0) return 0;
    const HeadRows<T> q = values(query_, b, h), k = values(key_, b, h);
    T most = std::numeric_limits<T>::lowest();
    for (int s = 0; s < count; ++s) most = std::max(most, p_[s] = scale_ * dot(q.row(i), k.row(keys_[s]), e_));
    for_each_vector<T>(count, [&](auto at) { at.store(p_, simd::exp(at.load(p_) - most)); });
    const T one_by_sum = 1 / sum(p_, count);
    for_each_vector<T>(count, [&](auto at) { at.store(p_, at.load(p_) * one_by_sum); });
    return count;
  }

  std::pair<T, T> gate(int b, int h, int i) const {
    const T* x = values(gates_, b, h).row(i);
    return {1 / (1 + simd::exp(-x[0])), 1 / (1 + simd::exp(-x[1]))};
  }
  void add_to_mean(const T* v, int i) {
    const T factor = 1 / static_cast<T>(i + 1);
    for_each_vector<T>(e_, [&](auto at) {
      const Vec total = at.load(sum_) + at.load(v);
      at.store(sum_, total);
      at.store(mean_, factor * total);
    });
  }

  Tensor<T> query_, key_, value_, scores_, gates_, out_;
  Cut cut_;
  int n_, e_, width_, top_k_;
  T scale_;
  ColumnBorders borders_;
  std::vector<std::uint8_t> kept_;  // [rows, heads·width]: saved for backward
  std::vector<int> order_, keys_;
  T *column_, *p_, *mean_, *sum_;
  T *dp_ = nullptr, *dk_ = nullptr, *dv_ = nullptr, *dmean_ = nullptr, *dq_ = nullptr;
};

// ---- distillation ----

// Keys of one column have equal u, so a row needs, beside Σ A² and Σ A log A, a column's share of A only.
template <class T>
class Distillation {
  using Vec = simd::Vec<T>;
  static constexpr int B = 16;  // queries of a product

 public:
  Distillation(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> scores, Tensor<T> loss, Cut cut,
               double weight)
      : query_(query), key_(key), scores_(scores), loss_(loss), cut_(cut), n_(query.rows() / cut.batch),
        e_(query.cols() / cut.heads), width_(scores.cols() / cut.heads),
        weight_(weight / (static_cast<double>(query.rows()) * cut.heads)),
        scale_(static_cast<T>(1 / std::sqrt(static_cast<double>(e_)))),
        borders_(graph.declares() ? 0 : n_, width_) {
    d_ = graph.scratch(scores.size());
    stride_ = n_ + 16;
    key_columns_ = graph.scratch(static_cast<std::size_t>(e_) * stride_);
    z_ = graph.scratch(static_cast<std::size_t>(B) * stride_);
    product_ = graph.scratch(stride_);
    share_ = graph.scratch(width_), u_ = graph.scratch(width_), g_ = graph.scratch(width_);
  }

  void forward() {
    double total = 0;  // of many small terms
    for (int b = 0; b < cut_.batch; ++b)
      for (int h = 0; h < cut_.heads; ++h) {
        const HeadRows<T> q = head_rows(query_.value(), query_, cut_, b, h);
        const HeadRows<T> k = head_rows(key_.value(), key_, cut_, b, h);
        const HeadRows<T> s = head_rows(scores_.value(), scores_, cut_, b, h);
        transpose(n_, e_, k.data, k.stride, scale_, key_columns_, stride_);
        for (int t = 0; t < n_; t += B) {
          const int queries = std::min(B, n_ - t), keys = std::min(n_, t + B);
          small_multiply(queries, keys, e_, Strided<T>{q.row(t), q.stride, 1}, key_columns_, stride_, z_,
                         stride_);
          for (int i = t; i < t + queries; ++i)
            total += row(z_ + (i - t) * stride_, s.row(i), i + 1,
                         d_ + (static_cast<std::size_t>(b) * n_ + i) * scores_.cols() + h * width_);
        }
      }
    loss_.value()[0] = static_cast<T>(total * weight_);
  }

  void backward(Writes mode) {
    const T factor = loss_.grad()[0];
    for_each_vector<T>(scores_.size(), [&](auto at) {
      write(at, scores_.grad(), factor * at.load(d_), mode[0]);
    });
  }

 private:
  // The loss of one row with z [visible]; writes d [width].
  double row(T* z, const T* scores, int visible, T* d) {
    const int* first = borders_.row(visible);
    const T most = *std::max_element(z, z + visible);
    for_each_vector<T>(visible, [&](auto at) {
      const Vec shifted = at.load(z) - most, w = simd::exp(shifted);
      at.store(z, w);
      at.store(product_, w * shifted);
    });
    const T mass = sum(z, visible), one_by_mass = 1 / mass;
    // Σ A log A = Σ A (z - most) - log Σ exp(z - most)
    double divergence = static_cast<double>(sum(product_, visible) * one_by_mass) - math::log(mass);
    double error = dot(z, z, visible) * one_by_mass * one_by_mass;
    const T largest = *std::max_element(scores, scores + width_);
    for_each_vector<T>(width_, [&](auto at) { at.store(u_, simd::exp(at.load(scores) - largest)); });
    T all = 0, mean = 0;
    for (int c = 0; c < width_; ++c) all = simd::fma(static_cast<T>(first[c + 1] - first[c]), u_[c], all);
    const double log_all = math::log(all);
    const T one_by_all = 1 / all, two_by_visible = T(2) / static_cast<T>(visible);
    for (int c = 0; c < width_; ++c) {
      const int keys = first[c + 1] - first[c];
      const T count = static_cast<T>(keys);
      share_[c] = (keys == 1 ? z[first[c]] : keys ? sum(z + first[c], keys) : 0) * one_by_mass;
      u_[c] *= one_by_all;
      divergence -= share_[c] * (scores[c] - largest - log_all);
      error += count * u_[c] * u_[c] - 2 * u_[c] * share_[c];
      g_[c] = two_by_visible * (count * u_[c] - share_[c]);  // of the error, over the column's keys
      mean = simd::fma(u_[c], g_[c], mean);
    }
    const T weight = static_cast<T>(weight_);
    for (int c = 0; c < width_; ++c) {  // a column without keys gets none
      const T count = static_cast<T>(first[c + 1] - first[c]);
      const T d_error = count > 0 ? u_[c] * (g_[c] - count * mean) : T(0);
      d[c] = weight * (static_cast<T>(0.1) * (count * u_[c] - share_[c]) + d_error);
    }
    return 0.1 * divergence + error / visible;
  }

  Tensor<T> query_, key_, scores_, loss_;
  Cut cut_;
  int n_, e_, width_, stride_;
  double weight_;
  T scale_;
  ColumnBorders borders_;
  T *d_, *key_columns_, *z_, *product_, *share_, *u_, *g_;
};

}  // namespace

template <class T>
SeaAttention<T> sea_attention(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value,
                              Tensor<T> scores, Tensor<T> gates, Cut cut, int top_k) {
  check_shapes("sea", query, key, value, cut);
  const Tensor<T> out = graph.tensor(value.rows(), value.cols());
  const auto kernel =
      std::make_shared<SeaKernel<T>>(graph, query, key, value, scores, gates, out, cut, top_k);
  graph.record({query, key, value, scores, gates}, {out}, [=] { kernel->forward(); },
               [=](Writes mode) {
                 check_gradients("sea", {query, key, value, gates});
                 kernel->backward(mode);
               });
  return {{out, [=](const AttentionMaps<T>& maps) { kernel->look(maps); }},
          [=](int b, int h, int i) { return kernel->selected(b, h, i); }};
}

template <class T>
Tensor<T> sea_distillation(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> scores, Cut cut,
                           double weight) {
  const Tensor<T> loss = graph.tensor(1, 1);
  const auto kernel = std::make_shared<Distillation<T>>(graph, query, key, scores, loss, cut, weight);
  graph.record({scores}, {loss}, [=] { kernel->forward(); },
               [=](Writes mode) { kernel->backward(mode); });
  return loss;
}

template SeaAttention<float> sea_attention(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>,
                                           Tensor<float>, Tensor<float>, Cut, int);
template SeaAttention<double> sea_attention(Graph<double>&, Tensor<double>, Tensor<double>,
                                            Tensor<double>, Tensor<double>, Tensor<double>, Cut, int);
template Tensor<float> sea_distillation(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>, Cut,
                                        double);
template Tensor<double> sea_distillation(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>,
                                         Cut, double);

}  // namespace ladder::nn
