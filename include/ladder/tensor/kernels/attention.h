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
// Softmax is the same with weight exp(z - row maximum), whose slope is the weight itself. Scores that
// are no weight of z alone bring row functions of their own: see attention_rows.h, where all of this
// happens. A score of distance has z = scale · |query - key|² instead.
//
// Blocking. The queries of one (sequence, head) are taken a panel of P = 1 or 2 vectors at a time,
// one query a lane: score, mask, decay and row sum then need no sum across lanes. A panel of z is
// [keys, P] and stays in L1; keys that no query of the panel may see are never computed (mask.h).
// Nothing of size context² goes to memory: backward computes z again, which is cheaper than reading
// it back. What is kept for it is a number or two a query and head, or none, as the score needs.
//
// A head's rows of query, key and value are read where they lie, except for rope, which needs them
// rotated, and for long contexts, where rows that are far apart would compete for the same cache
// sets: then they are copied side by side.
//
// Bits: a lane's chain of operations does not depend on other lanes or on keys that its query may
// not see, so outputs do not change when later tokens do.
#pragma once

#include <algorithm>
#include <tuple>
#include <utility>

#include "ladder/tensor/kernels/attention_problem.h"
#include "ladder/tensor/kernels/attention_rows.h"
#include "ladder/tensor/kernels/attention_step.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/kernels/panel.h"
#include "ladder/tensor/kernels/rotate.h"
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
  using Form = RowsOf<Score>;
  using PanelRows = Rows<T, P>;
  static constexpr bool of_distance = requires { requires Score::of_distance; };
  static constexpr int most_rows_in_place = 64;

 public:
  // Reserves all that forward and backward need; the pointers serve every head of the problem.
  explicit Head(const AttentionProblem<T>& problem, int most = 0)
      : p_(problem),
        n_(problem.queries),
        keys_(problem.keys),
        e_(problem.head_size),
        padded_(padded_queries<T>(problem.queries)),
        most_(std::min(most, problem.keys)),
        copied_(problem.cosine || problem.keys > most_rows_in_place) {
    const std::size_t rows = copied_ ? static_cast<std::size_t>(std::max(n_, keys_)) * e_ : 0;
    const std::size_t columns = static_cast<std::size_t>(padded_) * e_;
    const std::size_t panel = static_cast<std::size_t>(keys_) * P;
    const int distances = p_.first_query + padded_ + keys_;  // from -distances to distances
    T* next = workspace<T>().reserve(6 * (rows + 16) + 2 * (columns + 16) + 3 * (panel + 16) +
                                     2 * distances + 16 + (most_of_few + 1) * lanes + 16 +
                                     2 * (keys_ + std::size_t{16}));
    const auto take = [&next](std::size_t count) {  // each part begins aligned
      return std::exchange(next, next + (count + 15) / 16 * 16);
    };
    for (T*& copy : copies_) copy = take(rows);
    query_columns_ = take(columns), dout_columns_ = take(columns);
    z_ = take(panel), p_panel_ = take(panel), g_ = take(panel);
    list_ = take(most_of_few * lanes);
    key_sums_ = take(keys_), words_ = reinterpret_cast<std::uint32_t*>(take(keys_));
    decay_ = take(2 * distances) + distances;
  }

  void forward(int b, int h) {
    gather(b, h);
    T* const out = p_.out + at(p_.out_rows, b, 0) + h * e_;
    for (int i0 = 0; i0 < n_; i0 += P) {
      use_panel(i0);
      compute_probabilities(i0);
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
    if constexpr (of_distance) std::fill_n(key_sums_, keys_, T(0));

    int known = 0;  // keys before this one have a gradient already
    for (int i0 = 0; i0 < n_; i0 += P) {
      const int queries = std::min(P, n_ - i0);
      use_panel(i0);
      compute_gradients(i0);
      T query_sums[P];
      if constexpr (of_distance) sum_distances(queries, query_sums);
      const Strided<T> dz{z_, P, 1}, p{p_panel_, P, 1};
      // z = scale·query·key:  dquery[i] = Σ_j dz[i,j] key[j],  dkey[j] = Σ_i dz[i,j] query[i]
      // out = p·value:  dvalue[j] = Σ_i p[i,j] dout[i]
      multiply_runs(queries, dz.transposed(), key_, dquery.from(i0));
      if constexpr (of_distance)
        subtract_multiples(query_sums, query_.at(i0, 0), dquery.from(i0), queries);
      each_span(runs_, [&](int begin, int end) {
        zero(dkey, known, begin), zero(dvalue, known, begin);
        const int old = std::clamp(known, begin, end);
        const auto add = [&](Strided<T> a, const T* rows, std::ptrdiff_t stride, Gradient to) {
          small_multiply(old - begin, e_, queries, a.at(begin, 0), rows, stride,
                         to.from(begin).data, to.stride, Write::accumulate);
          small_multiply(end - old, e_, queries, a.at(old, 0), rows, stride, to.from(old).data,
                         to.stride, to.write);
        };
        add(dz, query_.at(i0, 0).data, query_.row_stride, dkey);
        add(p, dout + i0 * p_.out_rows.stride, p_.out_rows.stride, dvalue);
        known = std::max(known, end);
      });
    }
    zero(dkey, known, keys_), zero(dvalue, known, keys_);
    if constexpr (of_distance) subtract_multiples(key_sums_, key_, dkey, keys_);
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
      compute_probabilities(i0);
      copy(maps.probabilities, [&](int q, int j) { return z_[j * P + q]; });
    }
  }

  // The mask of the `most` keys of each query.
  void choose(int b, int h, Mask& chosen) {
    gather(b, h);
    chosen.clear();
    std::fill_n(words_, keys_, 0u);
    for (int i0 = 0; i0 < n_; i0 += P) {
      use_panel(i0);
      compute_z(i0);
      for (int v = 0; v < V; ++v) choose_keys<Form>(rows_at(i0, v), most_, list_, words_);
      const std::uint32_t exist = n_ - i0 < P ? (1u << (n_ - i0)) - 1 : mask_->all();
      for (const KeyRun& run : runs_)
        for (int j = run.begin; j < run.end; ++j) chosen.add(j, std::exchange(words_[j], 0) & exist);
      chosen.close();
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
    each_span(runs_, [&](int begin, int end) {
      small_multiply(m, e_, end - begin, a.at(0, begin), b.at(begin, 0).data, b.row_stride, to.data,
                     to.stride, to.write);
      to.write = Write::accumulate;
    });
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
    constexpr int ahead = 16;  // rows
    const auto rows = [&](const T* whole, const RowLayout& layout, int count, int first, int copy,
                          bool rotated) -> Strided<T> {
      const T* from = whole + at(layout, b, 0) + h * e_;
      if (!copied_) return {from, layout.stride, 1};
      for (int t = 0; t < count; ++t) {
        // A head takes part of each row: no processor foresees such steps across pages.
        if (t + ahead < count) __builtin_prefetch(from + (t + ahead) * layout.stride);
        copy_row(from + t * layout.stride, copies_[copy] + t * e_, rotated, first + t, T(1),
                 Write::replace);
      }
      return {copies_[copy], e_, 1};
    };
    query_ = rows(p_.query, p_.query_rows, n_, p_.first_query, 0, true);
    key_ = rows(p_.key, p_.key_rows, keys_, 0, 1, true);
    value_ = rows(p_.value, p_.key_rows, keys_, 0, 2, false);
    columns_of(query_.data, query_.row_stride, of_distance ? T(1) : p_.scale, query_columns_);
    const std::size_t head = static_cast<std::size_t>(b) * p_.heads + h;
    mask_ = p_.masks + (p_.mask_a_head ? head : 0);
    saved_ = p_.saved + head * Form::saved * padded_;
    if (p_.decay_slope)
      for (int distance = -keys_; distance < p_.first_query + padded_; ++distance) {
        const T bias = -p_.decay_slope[h] * static_cast<T>(std::abs(distance));
        decay_[distance] = Form::adds_decay ? bias : simd::exp(bias);
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
        copy_row(copies_[copy] + static_cast<std::ptrdiff_t>(t) * e_,
                 whole + at(rows, b, t) + h * e_, rotated, first + t, T(-1), mode);
    };
    back(3, p_.dquery, p_.query_rows, n_, p_.first_query, true, p_.write_query);
    back(4, p_.dkey, p_.key_rows, keys_, 0, true, p_.write_key);
    back(5, p_.dvalue, p_.key_rows, keys_, 0, false, p_.write_value);
  }

  // to = from, rotated by sign · angle(t) if need be.
  void copy_row(const T* from, T* to, bool rotated, int t, T sign, Write mode) const {
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(t) * (e_ / 2);
    const bool turns = rotated && p_.cosine;
    copy_rotated(from, to, e_, turns ? p_.cosine + at : nullptr, turns ? p_.sine + at : nullptr, sign, mode);
  }

  // to[d, t] = factor · from[t, d], [head_size, padded]; columns beyond the queries are 0.
  void columns_of(const T* from, std::ptrdiff_t stride, T factor, T* to) const {
    transpose(n_, e_, from, stride, factor, to, padded_);
    for (int d = 0; n_ < padded_ && d < e_; ++d)
      std::fill(to + static_cast<std::size_t>(d) * padded_ + n_, to + (d + std::size_t{1}) * padded_, T(0));
  }

  // Vector v of the queries of the panel that begins with query i0.
  PanelRows rows_at(int i0, int v, bool in_backward = false) const {
    const int at = v * lanes;
    return {runs_, mask_->lanes(), at, z_ + at, p_panel_ + at, g_ + at, in_backward,
            p_.decay_slope ? decay_ + p_.first_query + i0 + at : nullptr,
            saved_ + i0 + at, padded_, p_.scale, p_.parameter};
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

  // z_ becomes z, [keys, P].
  void compute_z(int i0) {
    each_span(runs_, [&](int begin, int end) {
      const auto [m, keys, z] = std::tuple(end - begin, key_.at(begin, 0), z_ + begin * P);
      if constexpr (of_distance) {
        panel_distances<V>(m, e_, keys, query_columns_ + i0, padded_, z, P);
        for (int at = 0; at < m * P; at += lanes) simd::store(z + at, simd::load(z + at) * p_.scale);
      } else {
        panel_multiply<V>(m, e_, keys, query_columns_ + i0, padded_, z, P);
      }
    });
  }

  // z_ becomes p.
  void compute_probabilities(int i0) {
    compute_z(i0);
    for (int v = 0; v < V; ++v) Form::forward(rows_at(i0, v));
  }

  // z_ becomes scale · dz and p_panel_ becomes p, both [keys, P].
  void compute_gradients(int i0) {
    compute_z(i0);
    each_span(runs_, [&](int begin, int end) {
      panel_multiply<V>(end - begin, e_, value_.at(begin, 0), dout_columns_ + i0, padded_, g_ + begin * P, P);
    });
    for (int v = 0; v < V; ++v) Form::backward(rows_at(i0, v, true));
  }

  // With c = -2 scale · dz:  dquery[i] = Σ_j c[i,j] (key[j] - query[i]),  dkey[j] = Σ_i c[i,j]
  // (query[i] - key[j]). The products give the first terms; these sums are for the second ones.
  void sum_distances(int queries, T* query_sums) {
    T ones[P];
    std::fill_n(ones, P, T(1));
    for (int v = 0; v < P; v += lanes) {
      Vec sum{};
      for (const KeyRun& run : runs_)
        for (int j = run.begin; j < run.end; ++j) {
          const Vec c = simd::load(z_ + j * P + v) * T(-2);
          simd::store(z_ + j * P + v, c);
          sum += c;
        }
      simd::store(query_sums + v, sum);
    }
    for (const KeyRun& run : runs_)
      small_multiply(run.end - run.begin, 1, queries, Strided<T>{z_ + run.begin * P, P, 1}, ones, 1,
                     key_sums_ + run.begin, 1, Write::accumulate);
  }
  // to[t] -= factor[t] · rows[t]
  void subtract_multiples(const T* factor, Strided<T> rows, const Gradient& to, int count) const {
    for (int t = 0; t < count; ++t) {
      T* const row = to.data + t * to.stride;
      const T* const from = rows.at(t, 0).data;
      for_each_vector<T>(e_, [&](auto at) {
        at.store(row, simd::fma(Vec{} - factor[t], at.load(from), at.load(row)));
      });
    }
  }

  const AttentionProblem<T>& p_;
  const int n_, keys_, e_, padded_;
  const int most_;                   // keys of a query that are chosen
  const bool copied_;
  const Mask* mask_ = nullptr;       // the head's
  std::span<const KeyRun> runs_;     // the panel's
  T* copies_[6];                     // query, key, value and their gradients [rows, head_size]
  Strided<T> query_, key_, value_;   // the head's rows, wherever they are
  T *query_columns_, *dout_columns_;                      // [head_size, padded]
  T *z_, *p_panel_, *g_;                                  // [keys, P]
  T* decay_;                                              // by distance
  T* saved_ = nullptr;                                    // the head's, [Form::saved, padded]
  T* list_;                                               // [most, lanes]: for choose
  T* key_sums_;                                           // [keys]
  std::uint32_t* words_;                                  // [keys]: a mask in the making
};

// Calls f with the worker for panels of the size that suits the problem.
template <class Score, class T, class F>
void with_head(const AttentionProblem<T>& problem, F&& f, int most = 0) {
  if (panel_vectors<T>(problem.queries) == 2) f(Head<Score, 2, T>(problem, most));
  else f(Head<Score, 1, T>(problem, most));
}

template <class Score, class T, class Method>
void for_each_head(const AttentionProblem<T>& problem, Method method, int most = 0) {
  const auto run = [&](auto head) {
    for (int b = 0; b < problem.batch; ++b)
      for (int h = 0; h < problem.heads; ++h) method(head, b, h);
  };
  with_head<Score>(problem, run, most);
}

}  // namespace attention_detail

// The kernel of one score: see nn/score.h for what a Score is.
template <class Score, class T>
AttentionKernel<T> attention_kernel() {
  using Problem = AttentionProblem<T>;
  return {
      RowsOf<Score>::saved,
      [](const Problem& p) {
        attention_detail::for_each_head<Score>(p, [](auto& head, int b, int h) { head.forward(b, h); });
      },
      [](const Problem& p) {
        attention_detail::for_each_head<Score>(p, [](auto& head, int b, int h) { head.backward(b, h); });
      },
      [](const Problem& p, const AttentionMaps<T>& maps) {
        attention_detail::with_head<Score>(p, [&](auto head) { head.weights(maps); });
      },
      [](const Problem& p, int most, Mask* chosen) {
        const auto choose = [&](auto& head, int b, int h) { head.choose(b, h, chosen[b * p.heads + h]); };
        attention_detail::for_each_head<Score>(p, choose, most);
      },
      [](const AttentionStep<T>& step) { attention_detail::Step<Score, T>(step).run(); },
  };
}

}  // namespace ladder::tensor
