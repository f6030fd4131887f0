// Attention of one query, the last token's, of each (sequence, head), over keys and values that are kept
// from step to step: what generation does. Every chain of operations is that of attention.h, so the bits
// are the same.
//
// What is kept, for each pair of a sequence and a head: keys in blocks [head_size, step_block], so that
// the products of one query have a key a lane; and values in rows, [context, head_size].
//
// The score then sees rows as always (attention_rows.h): a pair a lane, z [keys, lanes].
#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>

#include "ladder/tensor/kernels/attention_problem.h"
#include "ladder/tensor/kernels/attention_rows.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/kernels/panel.h"
#include "ladder/tensor/kernels/scratch.h"
#include "ladder/tensor/kernels/transpose.h"

namespace ladder::tensor {

namespace attention_detail {

// Four products of a row with a matrix, at once: one alone would wait for its own sums.
template <class T>
struct FourRows {
  static constexpr int count = 4;
  const T *a[count], *b[count];
  T* c[count];

  // c[i][V vectors] = Σ_p a[i][p·stride] b[i][p·ldb ...], or +=
  template <int V, class Vector, class Term>
  void multiply(int k, std::ptrdiff_t stride, std::ptrdiff_t ldb, Write write) const {
    constexpr int width = sizeof(Vector) / sizeof(T);
    const T *from[count], *rows[count];
    Vector sum[count][V];
#pragma GCC unroll 4
    for (int i = 0; i < count; ++i) {
      from[i] = a[i], rows[i] = b[i];
      for (int v = 0; v < V; ++v)
        sum[i][v] = write == Write::accumulate ? simd::load<T, Vector>(c[i] + v * width) : Vector{};
    }
    for (int p = 0; p < k; ++p)
#pragma GCC unroll 4
      for (int i = 0; i < count; ++i) {
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v)
          sum[i][v] = Term::add(*from[i], simd::load<T, Vector>(rows[i] + v * width), sum[i][v]);
        from[i] += stride, rows[i] += ldb;
      }
    for (int i = 0; i < count; ++i)
      for (int v = 0; v < V; ++v) simd::store<T, Vector>(c[i] + v * width, sum[i][v]);
  }
};

template <class Score, class T>
class Step {
  using Vec = simd::Vec<T>;
  using Form = RowsOf<Score>;
  static constexpr int lanes = simd::lanes<T>, block = step_block<T>;
  static constexpr bool of_distance = requires { requires Score::of_distance; };

 public:
  explicit Step(const AttentionStep<T>& step) : s_(step), e_(step.head_size) {
    static thread_local Scratch<T> workspace;
    const int keys = (s_.context + block - 1) / block * block;
    const std::size_t panel = static_cast<std::size_t>(keys) * lanes;
    T* next = workspace.reserve((s_.decay_slope ? 2 : 1) * panel + lanes * (block + e_) +
                                (most_of_few + Form::saved) * lanes + keys);
    const auto take = [&next](std::size_t count) { return std::exchange(next, next + count); };
    z_ = take(panel), decay_ = s_.decay_slope ? take(panel) : nullptr;
    products_ = take(lanes * block), list_ = take(most_of_few * lanes);
    saved_ = take(Form::saved * lanes), query_ = take(lanes * e_);
    words_ = reinterpret_cast<std::uint32_t*>(take(keys));
  }

  void run() {
    for (first_ = 0; first_ < s_.pairs; first_ += lanes) {
      count_ = std::min(lanes, s_.pairs - first_);
      runs_ = s_.runs, lanes_of_runs_ = nullptr;
      if (s_.decay_slope) fill_decay();
      // Lanes without a pair are 0.
      std::fill_n(products_ + count_ * block, (lanes - count_) * block, T(0));
      scale_queries();
      compute_z();
      if (s_.most) choose();
      Form::forward(rows());
      mix();
    }
  }

 private:
  void scale_queries() {
    const T* const from = s_.query + static_cast<std::ptrdiff_t>(first_) * e_;
    const T factor = of_distance ? T(1) : s_.scale;
    for_each_vector<T>(count_ * e_, [&](auto at) { at.store(query_, factor * at.load(from)); });
  }

  // z_ becomes z, [keys, lanes]: in whole blocks.
  void compute_z() {
    const std::size_t blocks = (s_.context + block - 1) / block;
    int done = 0;  // blocks
    for (const KeyRun& run : runs_)
      for (int b = std::max(done, run.begin / block); b * block < run.end; done = ++b) {
        each_four([&](const int (&pairs)[4]) {
          FourRows<T> four;
          for (int i = 0; i < 4; ++i) {
            four.a[i] = query_ + pairs[i] * e_;
            four.b[i] = s_.keys + ((first_ + pairs[i]) * blocks + b) * block * e_;
            four.c[i] = products_ + pairs[i] * block;
          }
          using Term = std::conditional_t<of_distance, panel::SquaredDifference, panel::Product>;
          four.template multiply<2, Vec, Term>(e_, 1, block, Write::replace);
        });
        transpose(lanes, block, products_, block, of_distance ? s_.scale : T(1),
                  z_ + static_cast<std::ptrdiff_t>(b) * block * lanes, lanes);
      }
  }

  void choose() {
    const int most = std::min(s_.most, s_.position + 1);
    for (const KeyRun& run : runs_) std::fill(words_ + run.begin, words_ + run.end, 0u);
    choose_keys<Form>(rows(), most, list_, words_);
    Mask& chosen = *s_.chosen;
    chosen.clear();
    for (const KeyRun& run : runs_)
      for (int j = run.begin; j < run.end; ++j) chosen.add(j, words_[j]);
    chosen.close();
    runs_ = chosen.runs(0), lanes_of_runs_ = chosen.lanes();
    compute_z();  // it is lost
  }

  Rows<T, lanes> rows() const {
    return {runs_, lanes_of_runs_, 0, z_, nullptr, nullptr, false, decay_, saved_, lanes, s_.scale,
            s_.parameter, -lanes};
  }

  // That of key j at decay_ + j·lanes.
  void fill_decay() {
    T slope[lanes] = {};
    for (int l = 0; l < count_; ++l) slope[l] = s_.decay_slope[(first_ + l) % s_.heads];
    for (const KeyRun& run : runs_)
      for (int j = run.begin; j < run.end; ++j) {
        const Vec bias = -simd::load(slope) * static_cast<T>(s_.position - j);
        simd::store(decay_ + static_cast<std::ptrdiff_t>(j) * lanes, Form::adds_decay ? bias : simd::exp(bias));
      }
  }

  // out = Σ_j p[j] value[j]
  void mix() const {
    if (runs_.empty()) std::fill_n(s_.out + static_cast<std::ptrdiff_t>(first_) * e_, count_ * e_, T(0));
    Write write = Write::replace;
    each_span(runs_, [&](int begin, int end) {
      each_four([&](const int (&pairs)[4]) { mix_four(pairs, begin, end, write); });
      write = Write::accumulate;
    });
  }

  void mix_four(const int (&pairs)[4], int begin, int end, Write write) const {
    using Half = simd::HalfVec<T>;
    constexpr int half = sizeof(Half) / sizeof(T);
    FourRows<T> four;
    for (int i = 0; i < 4; ++i) {
      const std::ptrdiff_t pair = first_ + pairs[i];
      four.a[i] = z_ + static_cast<std::ptrdiff_t>(begin) * lanes + pairs[i];
      four.b[i] = s_.values + (pair * s_.context + begin) * e_;
      four.c[i] = s_.out + pair * e_;
    }
    const auto advance = [&](int columns) {
      for (int i = 0; i < 4; ++i) four.b[i] += columns, four.c[i] += columns;
    };
    int left = e_;
    for (; left >= lanes; left -= lanes, advance(lanes))
      four.template multiply<1, Vec, panel::Product>(end - begin, lanes, e_, write);
    for (; left >= half; left -= half, advance(half))
      four.template multiply<1, Half, panel::Product>(end - begin, lanes, e_, write);
    for (int i = 0; left > 0 && i < 4 && (i == 0 || pairs[i] > pairs[i - 1]); ++i)
      small_multiply(1, left, end - begin, Strided<T>{four.a[i], 0, lanes}, four.b[i], e_, four.c[i], e_, write);
  }

  // Calls f with the pairs of the lanes, four at a time; the last ones are repeated if they are fewer.
  // With Write::accumulate that is right, too: all four read before one writes.
  template <class F>
  void each_four(F&& f) const {
    for (int l = 0; l < count_; l += 4) {
      int pairs[4];
      for (int i = 0; i < 4; ++i) pairs[i] = std::min(l + i, count_ - 1);
      f(pairs);
    }
  }

  const AttentionStep<T>& s_;
  const int e_;
  int first_ = 0, count_ = 0;  // pairs of the lanes
  std::span<const KeyRun> runs_;
  const std::uint32_t* lanes_of_runs_ = nullptr;
  T *z_, *decay_;     // [keys, lanes]
  T* products_;       // [lanes, block]
  T *list_, *saved_;  // for choose; [Form::saved, lanes]
  T* query_;          // [lanes, head_size], scaled
  std::uint32_t* words_;
};

}  // namespace attention_detail

// Token number `position` of every pair joins what is kept; key [pairs, head_size].
template <class T>
void keep_keys(const T* key, int pairs, int head_size, int context, int position, T* keys) {
  constexpr int block = step_block<T>;
  const std::size_t blocks = (context + block - 1) / block;
  for (int pair = 0; pair < pairs; ++pair) {
    T* to = keys + (pair * blocks + position / block) * block * head_size + position % block;
    for (int d = 0; d < head_size; ++d) to[d * block] = key[pair * head_size + d];
  }
}

}  // namespace ladder::tensor
