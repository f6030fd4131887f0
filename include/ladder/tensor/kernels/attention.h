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
// [keys, P] and stays in L1; keys that no query of the panel may see are never computed (mask.h).
// Nothing of size context² goes to memory: backward computes z again, which is cheaper than reading
// it back. What is kept for it is a number a query and head, and a second one, the row's maximum,
// only for scores that subtract it.
//
// A head's rows of query, key and value are read where they lie, except for rope, which needs them
// rotated, and for long contexts, where rows that are far apart would compete for the same cache
// sets: then they are copied side by side.
//
// Bits: a lane's chain of operations does not depend on other lanes or on keys that its query may
// not see, so outputs do not change when later tokens do.
#pragma once

#include <algorithm>
#include <limits>
#include <utility>

#include "ladder/tensor/kernels/attention_problem.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/kernels/panel.h"
#include "ladder/tensor/kernels/scratch.h"
#include "ladder/tensor/kernels/transpose.h"

namespace ladder::tensor {

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
        n_(problem.queries),
        keys_(problem.keys),
        e_(problem.head_size),
        padded_(padded_queries<T>(problem.queries)),
        copied_(problem.cosine || problem.keys > most_rows_in_place) {
    const std::size_t rows = copied_ ? static_cast<std::size_t>(std::max(n_, keys_)) * e_ : 0;
    const std::size_t columns = static_cast<std::size_t>(padded_) * e_;
    const std::size_t panel = static_cast<std::size_t>(keys_) * P;
    const int distances = p_.first_query + padded_ + keys_;  // from -distances to distances
    T* next = workspace<T>().reserve(6 * (rows + 16) + 2 * (columns + 16) + 3 * (panel + 16) +
                                     2 * distances);
    const auto take = [&next](std::size_t count) {  // each part begins aligned
      return std::exchange(next, next + (count + 15) / 16 * 16);
    };
    for (T*& copy : copies_) copy = take(rows);
    query_columns_ = take(columns), dout_columns_ = take(columns);
    z_ = take(panel), weight_ = take(panel), g_ = take(panel);
    decay_ = take(2 * distances) + distances;
  }

  void forward(int b, int h) {
    gather(b, h);
    T* const out = p_.out + at(p_.out_rows, b, 0) + h * e_;
    for (int i0 = 0; i0 < n_; i0 += P) {
      use_panel(i0);
      compute_weights(i0);
      for (const KeyRun& run : runs_)  // p = weight / sum
        for (int j = run.begin; j < run.end; ++j)
          for (int v = 0; v < P; v += lanes)
            simd::store(z_ + j * P + v, simd::load(z_ + j * P + v) * simd::load(one_by_sum_ + i0 + v));
      // out[i] = Σ_j p[i,j] value[j]
      multiply_runs(std::min(P, n_ - i0), Strided<T>{z_, 1, P}, value_,
                    {out + i0 * p_.out_rows.stride, p_.out_rows.stride, Write::replace});
    }
  }

  void backward(int b, int h) {
    gather(b, h);
    const T* dout = p_.dout + at(p_.out_rows, b, 0) + h * e_;
    columns_of(dout, p_.out_rows.stride, T(1), dout_columns_);
    const Gradient dquery = gradient(p_.dquery, p_.query_rows, p_.write_query, 3, b, h);
    const Gradient dkey = gradient(p_.dkey, p_.key_rows, p_.write_key, 4, b, h);
    const Gradient dvalue = gradient(p_.dvalue, p_.key_rows, p_.write_value, 5, b, h);

    int known = 0;  // keys before this one have a gradient already
    for (int i0 = 0; i0 < n_; i0 += P) {
      const int queries = std::min(P, n_ - i0);
      use_panel(i0);
      compute_gradients(i0);
      const Strided<T> dz{z_, P, 1}, p{weight_, P, 1};
      // z = scale·query·key:  dquery[i] = Σ_j dz[i,j] key[j],  dkey[j] = Σ_i dz[i,j] query[i]
      // out = p·value:  dvalue[j] = Σ_i p[i,j] dout[i]
      multiply_runs(queries, dz.transposed(), key_, dquery.from(i0));
      for (const KeyRun& run : runs_) {
        zero(dkey, known, run.begin), zero(dvalue, known, run.begin);
        const int old = std::clamp(known, run.begin, run.end);
        const auto add = [&](Strided<T> a, const T* rows, std::ptrdiff_t stride, Gradient to) {
          small_multiply(old - run.begin, e_, queries, a.at(run.begin, 0), rows, stride,
                         to.from(run.begin).data, to.stride, Write::accumulate);
          small_multiply(run.end - old, e_, queries, a.at(old, 0), rows, stride, to.from(old).data,
                         to.stride, to.write);
        };
        add(dz, query_.at(i0, 0).data, query_.row_stride, dkey);
        add(p, dout + i0 * p_.out_rows.stride, p_.out_rows.stride, dvalue);
        known = std::max(known, run.end);
      }
    }
    zero(dkey, known, keys_), zero(dvalue, known, keys_);
    scatter(b, h);
  }

  void weights(const AttentionMaps<T>& maps) {
    gather(maps.sequence, maps.head);
    const auto all = static_cast<std::size_t>(maps.end - maps.begin) * keys_;
    if (maps.probabilities) std::fill_n(maps.probabilities, all, T(0));
    if (maps.products) std::fill_n(maps.products, all, T(0));
    if (maps.legal) std::fill_n(maps.legal, all, std::uint8_t{0});
    for (int i0 = maps.begin / P * P; i0 < maps.end; i0 += P) {
      use_panel(i0);
      const auto copy = [&](auto* to, auto value) {
        if (!to) return;
        for_each_pair([&](int q, int j) {
          if (const int i = i0 + q; i >= maps.begin && i < maps.end)
            to[static_cast<std::size_t>(i - maps.begin) * keys_ + j] = value(q, j);
        });
      };
      copy(maps.legal, [](int, int) { return std::uint8_t{1}; });
      compute_z(i0);
      copy(maps.products, [&](int q, int j) { return z_[j * P + q]; });
      compute_weights(i0);
      copy(maps.probabilities, [&](int q, int j) { return z_[j * P + q] * one_by_sum_[i0 + q]; });
    }
  }

 private:
  static std::size_t at(const RowLayout& rows, int b, int t) {
    return b * rows.sequence + t * rows.stride;
  }

  // The runs of the panel whose first query is i0.
  void use_panel(int i0) { runs_ = mask_->runs(i0 / P); }

  // Where a result [rows, head_size] is built.
  struct Gradient {
    T* data;
    std::ptrdiff_t stride;
    Write write;
    Gradient from(int row) const { return {data + row * stride, stride, write}; }
  };

  // to[m, head_size] = Σ over the runs' keys j of a[m, j] b[j]; 0 where there is none.
  void multiply_runs(int m, Strided<T> a, Strided<T> b, Gradient to) const {
    for (const KeyRun& run : runs_) {
      small_multiply(m, e_, run.end - run.begin, a.at(0, run.begin), b.at(run.begin, 0).data,
                     b.row_stride, to.data, to.stride, to.write);
      to.write = Write::accumulate;
    }
    if (runs_.empty() && to.write == Write::replace)
      for (int i = 0; i < m; ++i) std::fill_n(to.data + i * to.stride, e_, T(0));
  }

  // Keys [begin, end) that no query has seen.
  void zero(const Gradient& gradient, int begin, int end) const {
    for (int j = begin; j < end && gradient.write == Write::replace; ++j)
      std::fill_n(gradient.from(j).data, e_, T(0));
  }

  // Finds the head's query, key and value, or copies them to contiguous rows, rotated if need be;
  // and the scaled queries to columns [head_size, padded].
  void gather(int b, int h) {
    const auto rows = [&](const T* whole, const RowLayout& layout, int count, int first, int copy,
                          bool rotated) -> Strided<T> {
      const T* from = whole + at(layout, b, 0) + h * e_;
      if (!copied_) return {from, layout.stride, 1};
      for (int t = 0; t < count; ++t)
        copy_rotated(from + t * layout.stride, copies_[copy] + t * e_, rotated, first + t, T(1),
                     Write::replace);
      return {copies_[copy], e_, 1};
    };
    query_ = rows(p_.query, p_.query_rows, n_, p_.first_query, 0, true);
    key_ = rows(p_.key, p_.key_rows, keys_, 0, 1, true);
    value_ = rows(p_.value, p_.key_rows, keys_, 0, 2, false);
    columns_of(query_.data, query_.row_stride, p_.scale, query_columns_);
    const std::size_t head = static_cast<std::size_t>(b) * p_.heads + h, saved = head * padded_;
    mask_ = p_.masks + (p_.mask_a_head ? head : 0);
    one_by_sum_ = p_.one_by_sum + saved;
    if constexpr (normaliser.subtract_maximum) maximum_ = p_.maximum + saved;
    if (p_.decay_slope)
      for (int distance = -keys_; distance < p_.first_query + padded_; ++distance) {
        const T bias = -p_.decay_slope[h] * static_cast<T>(std::abs(distance));
        decay_[distance] = normaliser.subtract_maximum ? bias : simd::exp(bias);
      }
  }

  // In place, or in a copy that scatter takes back.
  Gradient gradient(T* whole, const RowLayout& rows, Write write, int copy, int b, int h) const {
    if (copied_) return {copies_[copy], e_, Write::replace};
    return {whole + at(rows, b, 0) + h * e_, rows.stride, write};
  }

  // The gradients' way back: rotation by -angle is the transpose of rotation by the angle.
  void scatter(int b, int h) {
    if (!copied_) return;
    const auto back = [&](int copy, T* whole, const RowLayout& rows, int count, int first,
                          bool rotated, Write mode) {
      for (int t = 0; t < count; ++t)
        copy_rotated(copies_[copy] + static_cast<std::ptrdiff_t>(t) * e_,
                     whole + at(rows, b, t) + h * e_, rotated, first + t, T(-1), mode);
    };
    back(3, p_.dquery, p_.query_rows, n_, p_.first_query, true, p_.write_query);
    back(4, p_.dkey, p_.key_rows, keys_, 0, true, p_.write_key);
    back(5, p_.dvalue, p_.key_rows, keys_, 0, false, p_.write_value);
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

  // to[d, t] = factor · from[t, d], [head_size, padded]; columns beyond the queries are 0.
  void columns_of(const T* from, std::ptrdiff_t stride, T factor, T* to) const {
    transpose(n_, e_, from, stride, factor, to, padded_);
    for (int d = 0; n_ < padded_ && d < e_; ++d)
      std::fill(to + static_cast<std::size_t>(d) * padded_ + n_, to + (d + std::size_t{1}) * padded_, T(0));
  }

  // Calls f(offset in the panel, decay, legal lanes) for vector v of every key of the panel.
  template <class F>
  void for_each_key(int i0, int v, F&& f) const {
    const T* const decay = decay_ + p_.first_query + i0 + v * lanes;  // of the query in lane 0
    for (const KeyRun& run : runs_) {
      const std::uint32_t* words = run.lanes < 0 ? nullptr : mask_->lanes() + run.lanes;
      for (int j = run.begin; j < run.end; ++j) {
        const Vec bias = p_.decay_slope ? simd::load(decay - j) : Vec{};
        if (words) f(j * P + v * lanes, bias, simd::mask_of<T>(words[j - run.begin] >> v * lanes));
        else f(j * P + v * lanes, bias, simd::AllLanes{});
      }
    }
  }

  // Calls f(query of the panel, key) for every legal pair.
  template <class F>
  void for_each_pair(F&& f) const {
    for (const KeyRun& run : runs_)
      for (int j = run.begin; j < run.end; ++j) {
        const std::uint32_t word =
            run.lanes < 0 ? mask_->all() : mask_->lanes()[run.lanes + j - run.begin];
        for (int q = 0; q < P; ++q)
          if (word >> q & 1) f(q, j);
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
  Vec weight_of(Vec z) const {
    if constexpr (requires { Score::weight(z, p_.parameter); }) return Score::weight(z, p_.parameter);
    else return Score::weight(z);
  }
  Vec slope_of(Vec z, Vec w) const {
    if constexpr (requires { Score::slope(z, w, p_.parameter); }) return Score::slope(z, w, p_.parameter);
    else return Score::slope(z, w);
  }
  Vec decayed(Vec weight, Vec decay) const {
    if constexpr (!normaliser.subtract_maximum)
      if (p_.decay_slope) weight *= decay;
    return weight;
  }

  void compute_z(int i0) {
    for (const KeyRun& run : runs_)
      panel_multiply<V>(run.end - run.begin, e_, key_.at(run.begin, 0), query_columns_ + i0, padded_,
                        z_ + run.begin * P, P);
  }

  // z_ [keys, P] becomes the weights; one_by_sum_ and maximum_ of the panel's queries are set.
  void compute_weights(int i0) {
    compute_z(i0);
    for (int v = 0; v < V; ++v) {
      Vec maximum{};
      if constexpr (normaliser.subtract_maximum) {
        maximum -= std::numeric_limits<T>::max();
        for_each_key(i0, v, [&](int offset, Vec decay, auto legal) {
          const Vec z = shifted(offset, decay, Vec{});
          maximum = simd::select(legal, simd::max(z, maximum), maximum);
        });
      }
      Vec sum{};
      for_each_key(i0, v, [&](int offset, Vec decay, auto legal) {
        Vec w = decayed(weight_of(shifted(offset, decay, maximum)), decay);
        w = simd::select(legal, w, Vec{});
        sum += w;
        simd::store(z_ + offset, w);
      });
      if constexpr (normaliser.one_more) sum += simd::exp(-maximum);
      Vec one_by_sum = Vec{} + 1;
      if constexpr (normaliser.divide_by_sum)  // an empty row gives zeros, not NaN
        one_by_sum = simd::select(sum == Vec{}, Vec{}, 1 / (sum + static_cast<T>(normaliser.epsilon)));
      simd::store(one_by_sum_ + i0 + v * lanes, one_by_sum);
      if constexpr (normaliser.subtract_maximum)
        simd::store(maximum_ + i0 + v * lanes, maximum);
    }
  }

  // z_ becomes scale · dz and weight_ becomes p, both [keys, P].
  void compute_gradients(int i0) {
    compute_z(i0);
    for (const KeyRun& run : runs_)
      panel_multiply<V>(run.end - run.begin, e_, value_.at(run.begin, 0), dout_columns_ + i0, padded_,
                        g_ + run.begin * P, P);
    for (int v = 0; v < V; ++v) {
      const Vec one_by_sum = simd::load(one_by_sum_ + i0 + v * lanes);
      Vec maximum{};
      if constexpr (normaliser.subtract_maximum) maximum = simd::load(maximum_ + i0 + v * lanes);
      Vec mean_g{};  // Σ_j p g
      for_each_key(i0, v, [&](int offset, Vec decay, auto legal) {
        const Vec z = shifted(offset, decay, maximum);
        const Vec w = weight_of(z);
        const Vec slope = simd::select(legal, decayed(slope_of(z, w), decay), Vec{});
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
      for (const KeyRun& run : runs_)
        for (int j = run.begin; j < run.end; ++j) {
          const int offset = j * P + v * lanes;
          const Vec g = simd::load(g_ + offset) - mean_g;
          simd::store(z_ + offset, simd::load(z_ + offset) * factor * g);
        }
    }
  }

  const AttentionProblem<T>& p_;
  const int n_, keys_, e_, padded_;
  const bool copied_;
  const Mask* mask_ = nullptr;       // the head's
  std::span<const KeyRun> runs_;     // the panel's
  T* copies_[6];                     // query, key, value and their gradients [rows, head_size]
  Strided<T> query_, key_, value_;   // the head's rows, wherever they are
  T *query_columns_, *dout_columns_;                      // [head_size, padded]
  T *z_, *weight_, *g_;                                   // [keys, P]
  T* decay_;                                              // by distance
  T *one_by_sum_ = nullptr, *maximum_ = nullptr;          // the head's, [padded]
};

// Calls f with the worker for panels of the size that suits the problem.
template <class Score, class T, class F>
void with_head(const AttentionProblem<T>& problem, F&& f) {
  if (panel_vectors<T>(problem.queries) == 2) f(Head<Score, 2, T>(problem));
  else f(Head<Score, 1, T>(problem));
}

template <class Score, class T, class Method>
void for_each_head(const AttentionProblem<T>& problem, Method method) {
  const auto run = [&](auto head) {
    for (int b = 0; b < problem.batch; ++b)
      for (int h = 0; h < problem.heads; ++h) method(head, b, h);
  };
  with_head<Score>(problem, run);
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
      [](const Problem& p, const AttentionMaps<T>& maps) {
        attention_detail::with_head<Score>(p, [&](auto head) { head.weights(maps); });
      },
  };
}

}  // namespace ladder::tensor
