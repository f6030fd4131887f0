// Attention of one batch, for any score. With z = scale · query·key:
//
//   weight[i, j] = Score::weight(z[i, j]) · decay[i - j]      (0 where key j is not legal for query i)
//   p[i, j]      = weight[i, j] / (Σ_j weight[i, j] + epsilon)
//   out[i]       = Σ_j p[i, j] · value[j]
//
// and its gradient, with g[i, j] = dout[i]·value[j]:
//
//   dz[i, j] = (g[i, j] - Σ_j p[i, j] g[i, j]) · Score::slope(z) · decay / (Σ weight + epsilon)
//
// Softmax is the same with weight exp(z - row maximum), whose slope is the weight itself.
//
// Blocking. The queries of one (sequence, head) are taken a panel of P = 1 or 2 vectors at a time,
// one query a lane: score, mask, decay and row sum then need no sum across lanes. A panel of z is
// [keys, P] and stays in L1; keys beyond the panel's last query are never computed if causal.
// Nothing of size context² goes to memory: backward computes z again, which is cheaper than reading
// it back. What is kept for it is a number a query and head, and a second one, the row's maximum,
// only for scores that subtract it.
//
// A head's rows of query, key and value are read where they lie, except for rope, which needs them
// rotated, and for long contexts, where rows that are far apart would compete for the same cache
// sets: then they are copied side by side.
//
// Bits: a lane's chain of operations does not depend on other lanes or on later keys, so outputs do
// not change when later tokens do.
#pragma once

#include <algorithm>
#include <limits>
#include <utility>

#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/kernels/panel.h"
#include "ladder/tensor/kernels/scratch.h"
#include "ladder/tensor/kernels/transpose.h"

namespace ladder {

// How weights become probabilities.
struct Normaliser {
  bool subtract_maximum;  // weight(z - max z): for exp, which overflows otherwise
  bool divide_by_sum;
  double epsilon;  // added to the sum
};
inline constexpr Normaliser softmax_rows{true, true, 0};
inline constexpr Normaliser divide_by_sum{false, true, 1e-9};
inline constexpr Normaliser unnormalised{false, false, 0};

// Vectors of queries a panel. Two reuse each broadcast key twice; one wastes less of a short context.
template <class T>
constexpr int panel_vectors(int context) {
  return context > 3 * simd::lanes<T> ? 2 : 1;
}

// The context, rounded up to whole panels.
template <class T>
constexpr int padded_context(int context) {
  const int panel = panel_vectors<T>(context) * simd::lanes<T>;
  return (context + panel - 1) / panel * panel;
}

// One attention operation. Rows are tokens: row b·context + t. Head h owns columns
// [h·head_size, (h+1)·head_size) of query, key, value and out.
template <class T>
struct AttentionProblem {
  int batch, context, heads, head_size;
  std::ptrdiff_t input_stride;   // between rows of query, key, value and of their gradients
  std::ptrdiff_t output_stride;  // between rows of out and its gradient
  const T *query, *key, *value;
  T* out;
  bool causal;
  T scale;
  // Rotary angles of pair (d, d + head_size/2) at position t, [context, head_size/2]; or null.
  const T *cosine = nullptr, *sine = nullptr;
  // Slope m of each head's decay exp(-m·(query - key)), [heads]; or null.
  const T* decay_slope = nullptr;
  // Saved by forward for backward, [batch, heads, padded_context] each: 1/(Σ weight + epsilon); and
  // max z, where the score's normaliser subtracts it.
  T *one_by_sum = nullptr, *maximum = nullptr;
  // Backward only.
  const T* dout = nullptr;
  T *dquery = nullptr, *dkey = nullptr, *dvalue = nullptr;  // replaced, not added to
  Write write_query = Write::replace, write_key = Write::replace, write_value = Write::replace;
  // Where `weights` puts p and, unless null, z; [batch, heads, query, key], 0 if not legal.
  T *probabilities = nullptr, *products = nullptr;
};

template <class T>
struct AttentionKernel {
  void (*forward)(const AttentionProblem<T>&);
  void (*backward)(const AttentionProblem<T>&);
  void (*weights)(const AttentionProblem<T>&);  // forward's p and z, for people to look at
};

namespace attention_detail {

// Shared by all scores and panels of a thread. A static variable in a function: GCC 12 never destroys
// a thread_local variable template.
template <class T>
Scratch<T>& workspace() {
  static thread_local Scratch<T> one;
  return one;
}

// The work on one (sequence, head), with a panel of V vectors of queries.
template <class Score, int V, class T>
class Head {
  using Vec = simd::Vec<T>;
  static constexpr int lanes = simd::lanes<T>;
  static constexpr int P = V * lanes;
  static constexpr Normaliser normaliser = Score::normaliser;
  static constexpr int most_rows_in_place = 64;

 public:
  // Reserves all that forward and backward need; the pointers serve every head of the problem.
  explicit Head(const AttentionProblem<T>& problem)
      : p_(problem),
        n_(problem.context),
        e_(problem.head_size),
        padded_(padded_context<T>(problem.context)),
        copied_(problem.cosine || n_ > most_rows_in_place) {
    const std::size_t rows = copied_ ? static_cast<std::size_t>(n_) * e_ : 0;
    const std::size_t columns = static_cast<std::size_t>(padded_) * e_;
    const std::size_t panel = static_cast<std::size_t>(n_) * P;
    T* next = workspace<T>().reserve(6 * (rows + 16) + 2 * (columns + 16) + 3 * (panel + 16) +
                                     2 * padded_);
    const auto take = [&next](std::size_t count) {  // each part begins aligned
      return std::exchange(next, next + (count + 15) / 16 * 16);
    };
    for (T*& copy : copies_) copy = take(rows);
    query_columns_ = take(columns), dout_columns_ = take(columns);
    z_ = take(panel), weight_ = take(panel), g_ = take(panel);
    decay_ = take(2 * padded_) + padded_;
  }

  void forward(int b, int h) {
    gather(b, h);
    for (int i0 = 0; i0 < n_; i0 += P) {
      const int keys = keys_of(i0), queries = std::min(P, n_ - i0);
      compute_weights(i0, keys);
      for (int j = 0; j < keys; ++j)  // p = weight / sum
        for (int v = 0; v < P; v += lanes)
          simd::store(z_ + j * P + v, simd::load(z_ + j * P + v) * simd::load(one_by_sum_ + i0 + v));
      // out[i] = Σ_j p[i,j] value[j]
      small_multiply(queries, e_, keys, Strided<T>{z_, 1, P}, value_.data, value_.row_stride,
                     p_.out + row(b, i0) * p_.output_stride + h * e_, p_.output_stride);
    }
  }

  void backward(int b, int h) {
    gather(b, h);
    const T* dout = p_.dout + row(b, 0) * p_.output_stride + h * e_;
    columns_of(dout, p_.output_stride, T(1), dout_columns_);
    const Gradient dquery = gradient(p_.dquery, p_.write_query, 3, b, h);
    const Gradient dkey = gradient(p_.dkey, p_.write_key, 4, b, h);
    const Gradient dvalue = gradient(p_.dvalue, p_.write_value, 5, b, h);

    for (int i0 = 0, known = 0; i0 < n_; i0 += P) {
      const int keys = keys_of(i0), queries = std::min(P, n_ - i0);
      compute_gradients(i0, keys);
      const Strided<T> dz{z_, P, 1}, p{weight_, P, 1};
      // z = scale·query·key:  dquery[i] = Σ_j dz[i,j] key[j],  dkey[j] = Σ_i dz[i,j] query[i]
      // out = p·value:  dvalue[j] = Σ_i p[i,j] dout[i]
      small_multiply(queries, e_, keys, dz.transposed(), key_.data, key_.row_stride,
                     dquery.data + i0 * dquery.stride, dquery.stride, dquery.write);
      const auto add = [&](Strided<T> a, const T* rows, std::ptrdiff_t stride, const Gradient& to) {
        small_multiply(known, e_, queries, a, rows, stride, to.data, to.stride, Write::accumulate);
        small_multiply(keys - known, e_, queries, a.at(known, 0), rows, stride,
                       to.data + known * to.stride, to.stride, to.write);
      };
      add(dz, query_.at(i0, 0).data, query_.row_stride, dkey);
      add(p, dout + i0 * p_.output_stride, p_.output_stride, dvalue);
      known = keys;  // the keys that have a gradient already
    }
    scatter(b, h);
  }

  void weights(int b, int h) {
    gather(b, h);
    const std::size_t map = (static_cast<std::size_t>(b) * p_.heads + h) * n_ * n_;
    for (int i0 = 0; i0 < n_; i0 += P) {
      const int keys = keys_of(i0);
      if (p_.products) {
        compute_z(i0, keys);
        copy_map(i0, p_.products + map, [](int) { return T(1); });
      }
      compute_weights(i0, keys);
      copy_map(i0, p_.probabilities + map, [&](int i) { return one_by_sum_[i]; });
    }
  }

 private:
  std::size_t row(int b, int t) const { return static_cast<std::size_t>(b) * n_ + t; }
  int keys_of(int i0) const { return p_.causal ? std::min(n_, i0 + P) : n_; }

  // Finds the head's query, key and value, or copies them to contiguous rows [context, head_size],
  // rotated if need be; and the scaled queries to columns [head_size, padded].
  void gather(int b, int h) {
    const std::ptrdiff_t from = row(b, 0) * p_.input_stride + h * e_;
    const auto rows = [&](const T* whole, int copy, bool rotated) -> Strided<T> {
      if (!copied_) return {whole + from, p_.input_stride, 1};
      for (int t = 0; t < n_; ++t)
        copy_rotated(whole + from + t * p_.input_stride, copies_[copy] + t * e_, rotated, t, T(1),
                     Write::replace);
      return {copies_[copy], e_, 1};
    };
    query_ = rows(p_.query, 0, true), key_ = rows(p_.key, 1, true), value_ = rows(p_.value, 2, false);
    columns_of(query_.data, query_.row_stride, p_.scale, query_columns_);
    const std::size_t saved = (static_cast<std::size_t>(b) * p_.heads + h) * padded_;
    one_by_sum_ = p_.one_by_sum + saved;
    if constexpr (normaliser.subtract_maximum) maximum_ = p_.maximum + saved;
    if (p_.decay_slope)
      for (int distance = -padded_; distance < padded_; ++distance) {
        const T bias = -p_.decay_slope[h] * static_cast<T>(std::abs(distance));
        decay_[distance] = normaliser.subtract_maximum ? bias : simd::exp(bias);
      }
  }

  // Where a gradient [context, head_size] is built: in place, or in a copy that scatter takes back.
  struct Gradient {
    T* data;
    std::ptrdiff_t stride;
    Write write;
  };
  Gradient gradient(T* whole, Write write, int copy, int b, int h) const {
    if (copied_) return {copies_[copy], e_, Write::replace};
    return {whole + row(b, 0) * p_.input_stride + h * e_, p_.input_stride, write};
  }

  // The gradients' way back: rotation by -angle is the transpose of rotation by the angle.
  void scatter(int b, int h) {
    if (!copied_) return;
    const std::ptrdiff_t to = row(b, 0) * p_.input_stride + h * e_;
    for (int t = 0; t < n_; ++t) {
      const std::ptrdiff_t at = to + t * p_.input_stride, from = static_cast<std::ptrdiff_t>(t) * e_;
      copy_rotated(copies_[3] + from, p_.dquery + at, true, t, T(-1), p_.write_query);
      copy_rotated(copies_[4] + from, p_.dkey + at, true, t, T(-1), p_.write_key);
      copy_rotated(copies_[5] + from, p_.dvalue + at, false, t, T(-1), p_.write_value);
    }
  }

  // The panel z_ as rows of a map [query, key], row i times factor(i).
  template <class F>
  void copy_map(int i0, T* to, F factor) const {
    for (int i = i0; i < std::min(i0 + P, n_); ++i)
      for (int j = 0; j < n_; ++j)
        to[static_cast<std::size_t>(i) * n_ + j] =
            p_.causal && j > i ? T(0) : z_[j * P + i - i0] * factor(i);
  }

  // to = from, rotated by sign · angle(t): (a, b) -> (a cos - b sin, b cos + a sin)
  void copy_rotated(const T* from, T* to, bool rotated, int t, T sign, Write mode) const {
    if (!rotated || !p_.cosine) {
      for_each_vector<T>(e_, [&](auto at) { write(at, to, at.load(from), mode); });
      return;
    }
    const int half = e_ / 2;
    const T *c = p_.cosine + t * half, *s = p_.sine + t * half;
    for_each_vector<T>(half, [&](auto at) {
      const Vec a = at.load(from), b = at.load(from + half), sine = sign * at.load(s);
      write(at, to, simd::fma(a, at.load(c), -(b * sine)), mode);
      write(at, to + half, simd::fma(b, at.load(c), a * sine), mode);
    });
  }

  // to[d, t] = factor · from[t, d], [head_size, padded]; columns beyond the context are 0.
  void columns_of(const T* from, std::ptrdiff_t stride, T factor, T* to) const {
    transpose(n_, e_, from, stride, factor, to, padded_);
    for (int d = 0; n_ < padded_ && d < e_; ++d)
      std::fill(to + static_cast<std::size_t>(d) * padded_ + n_, to + (d + std::size_t{1}) * padded_, T(0));
  }

  // Calls f(offset in the panel, z, decay, legal lanes) for vector v of every key.
  template <class F>
  void for_each_key(int i0, int v, int keys, F&& f) const {
    const int first = i0 + v * lanes;  // the query in lane 0
    const Vec query = simd::iota<T>() + static_cast<T>(first);
    for (int j = 0; j < keys; ++j) {
      const Vec decay = p_.decay_slope ? simd::load(decay_ + first - j) : Vec{};
      f(j * P + v * lanes, decay, query >= static_cast<T>(p_.causal ? j : 0));
    }
  }

  // z of one place, as it enters Score::weight.
  Vec shifted(int offset, Vec decay, Vec maximum) const {
    Vec z = simd::load(z_ + offset);
    if constexpr (normaliser.subtract_maximum) {
      if (p_.decay_slope) z += decay;  // exp(z)·exp(-m·distance), without underflow
      z -= maximum;
    }
    return z;
  }
  Vec decayed(Vec weight, Vec decay) const {
    if constexpr (!normaliser.subtract_maximum)
      if (p_.decay_slope) weight *= decay;
    return weight;
  }

  void compute_z(int i0, int keys) {
    panel_multiply<V>(keys, e_, key_, query_columns_ + i0, padded_, z_, P);
  }

  // z_ [keys, P] becomes the weights; one_by_sum_ and maximum_ of the panel's queries are set.
  void compute_weights(int i0, int keys) {
    compute_z(i0, keys);
    for (int v = 0; v < V; ++v) {
      Vec maximum{};
      if constexpr (normaliser.subtract_maximum) {
        maximum -= std::numeric_limits<T>::max();
        for_each_key(i0, v, keys, [&](int offset, Vec decay, auto legal) {
          const Vec z = shifted(offset, decay, Vec{});
          maximum = simd::select(legal, simd::max(z, maximum), maximum);
        });
      }
      Vec sum{};
      for_each_key(i0, v, keys, [&](int offset, Vec decay, auto legal) {
        Vec w = decayed(Score::weight(shifted(offset, decay, maximum)), decay);
        w = simd::select(legal, w, Vec{});
        sum += w;
        simd::store(z_ + offset, w);
      });
      Vec one_by_sum = Vec{} + 1;
      if constexpr (normaliser.divide_by_sum)  // an empty row gives zeros, not NaN
        one_by_sum = simd::select(sum == Vec{}, Vec{}, 1 / (sum + static_cast<T>(normaliser.epsilon)));
      simd::store(one_by_sum_ + i0 + v * lanes, one_by_sum);
      if constexpr (normaliser.subtract_maximum)
        simd::store(maximum_ + i0 + v * lanes, maximum);
    }
  }

  // z_ becomes scale · dz and weight_ becomes p, both [keys, P].
  void compute_gradients(int i0, int keys) {
    compute_z(i0, keys);
    panel_multiply<V>(keys, e_, value_, dout_columns_ + i0, padded_, g_, P);
    for (int v = 0; v < V; ++v) {
      const Vec one_by_sum = simd::load(one_by_sum_ + i0 + v * lanes);
      Vec maximum{};
      if constexpr (normaliser.subtract_maximum) maximum = simd::load(maximum_ + i0 + v * lanes);
      Vec mean_g{};  // Σ_j p g
      for_each_key(i0, v, keys, [&](int offset, Vec decay, auto legal) {
        const Vec z = shifted(offset, decay, maximum);
        const Vec w = Score::weight(z);
        const Vec slope = simd::select(legal, decayed(Score::slope(z, w), decay), Vec{});
        const Vec p = simd::select(legal, decayed(w, decay), Vec{}) * one_by_sum;
        // A product that overflows beyond the mask must not reach what lies within.
        const Vec g = simd::select(legal, simd::load(g_ + offset), Vec{});
        mean_g = simd::fma(p, g, mean_g);
        simd::store(g_ + offset, g);
        simd::store(z_ + offset, slope);
        simd::store(weight_ + offset, p);
      });
      if constexpr (!normaliser.divide_by_sum) mean_g = Vec{};
      const Vec factor = one_by_sum * p_.scale;
      for (int j = 0; j < keys; ++j) {
        const int offset = j * P + v * lanes;
        const Vec g = simd::load(g_ + offset) - mean_g;
        simd::store(z_ + offset, simd::load(z_ + offset) * factor * g);
      }
    }
  }

  const AttentionProblem<T>& p_;
  const int n_, e_, padded_;
  const bool copied_;
  T* copies_[6];                     // query, key, value and their gradients [context, head_size]
  Strided<T> query_, key_, value_;   // the head's rows, wherever they are
  T *query_columns_, *dout_columns_;                      // [head_size, padded]
  T *z_, *weight_, *g_;                                   // [keys, P]
  T* decay_;                                              // [-padded .. padded)
  T *one_by_sum_ = nullptr, *maximum_ = nullptr;          // the head's, [padded]
};

template <class Score, class T, class Method>
void for_each_head(const AttentionProblem<T>& problem, Method method) {
  const auto run = [&](auto head) {
    for (int b = 0; b < problem.batch; ++b)
      for (int h = 0; h < problem.heads; ++h) method(head, b, h);
  };
  if (panel_vectors<T>(problem.context) == 2) run(Head<Score, 2, T>(problem));
  else run(Head<Score, 1, T>(problem));
}

}  // namespace attention_detail

// The kernel of one score: see nn/score.h for what a Score is.
template <class Score, class T>
AttentionKernel<T> attention_kernel() {
  using Problem = AttentionProblem<T>;
  return {
      [](const Problem& p) {
        attention_detail::for_each_head<Score>(p, [](auto& head, int b, int h) { head.forward(b, h); });
      },
      [](const Problem& p) {
        attention_detail::for_each_head<Score>(p, [](auto& head, int b, int h) { head.backward(b, h); });
      },
      [](const Problem& p) {
        attention_detail::for_each_head<Score>(p, [](auto& head, int b, int h) { head.weights(b, h); });
      },
  };
}

}  // namespace ladder
