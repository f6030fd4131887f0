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
#include <tuple>
#include <utility>

#include "ladder/tensor/kernels/attention_problem.h"
#include "ladder/tensor/kernels/attention_rows.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/kernels/panel.h"
#include "ladder/tensor/kernels/scratch.h"
#include "ladder/tensor/kernels/transpose.h"

namespace ladder::tensor {

namespace attention_detail {

template <class Score, class T>
class Step {
  using Vec = simd::Vec<T>;
  using Form = RowsOf<Score>;
  static constexpr int lanes = simd::lanes<T>, block = step_block<T>;
  static constexpr bool of_distance = requires { requires Score::of_distance; };

 public:
  explicit Step(const AttentionStep<T>& step) : s_(step), e_(step.head_size) {
    static thread_local Scratch<T> workspace;
    const int keys = s_.position / block * block + block, most = std::min(s_.most, s_.position + 1);
    const std::size_t panel = static_cast<std::size_t>(keys) * lanes;
    T* next = workspace.reserve((s_.decay_slope ? 2 : 1) * panel + lanes * (block + e_) +
                                (choice_room(most) + Form::saved) * lanes + keys);
    const auto take = [&next](std::size_t count) { return std::exchange(next, next + count); };
    z_ = take(panel), decay_ = s_.decay_slope ? take(panel) : nullptr;
    products_ = take(lanes * block), list_ = take(static_cast<std::size_t>(choice_room(most)) * lanes);
    saved_ = take(Form::saved * lanes), query_ = take(lanes * e_);
    words_ = reinterpret_cast<std::uint32_t*>(take(keys));
    std::fill_n(z_, panel, T(0));  // also in lanes without a pair
  }

  void run() {
    for (first_ = 0; first_ < s_.pairs; first_ += lanes) {
      count_ = std::min(lanes, s_.pairs - first_);
      runs_ = s_.runs, lanes_of_runs_ = nullptr;
      if (s_.decay_slope) fill_decay();
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
        for (int l = 0; l < count_; ++l) {
          const T* keys = s_.keys + ((first_ + l) * blocks + b) * block * e_;
          const Strided<T> query{query_ + l * e_, 0, 1};
          if constexpr (of_distance) panel_distances<2>(1, e_, query, keys, block, products_ + l * block, block);
          else panel_multiply<2>(1, e_, query, keys, block, products_ + l * block, block);
        }
        transpose(count_, block, products_, block, of_distance ? s_.scale : T(1),
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
    for (int l = 0; l < count_; ++l) {
      const std::ptrdiff_t pair = first_ + l;
      T* const out = s_.out + pair * e_;
      const T* const values = s_.values + pair * s_.context * e_;
      Write write = Write::replace;
      for (const KeyRun& run : runs_) {
        small_multiply(1, e_, run.end - run.begin,
                       Strided<T>{z_ + static_cast<std::ptrdiff_t>(run.begin) * lanes + l, 0, lanes},
                       values + static_cast<std::ptrdiff_t>(run.begin) * e_, e_, out, e_, write);
        write = Write::accumulate;
      }
      if (runs_.empty()) std::fill_n(out, e_, T(0));
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
