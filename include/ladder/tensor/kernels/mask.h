// Which keys a query may see, as the attention kernel reads it: for each panel of queries, runs of
// keys in order. Keys outside all runs are never touched, so what a pattern skips costs nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ladder::tensor {

// Keys [begin, end). `lanes` < 0: every query of the panel may see them; otherwise the place in
// Mask::lanes of a word a key, whose bit q tells whether query q of the panel may.
struct KeyRun {
  int begin, end, lanes;
};

// Calls f(begin, end) for the keys of the runs, those that touch each other together.
template <class F>
inline void each_span(std::span<const KeyRun> runs, F&& f) {
  for (std::size_t r = 0; r < runs.size();) {
    const int begin = runs[r].begin;
    int end = runs[r].end;
    while (++r < runs.size() && runs[r].begin == end) end = runs[r].end;
    f(begin, end);
  }
}

class Mask {
 public:
  // Keys 0 .. first_query + query, for every query.
  static Mask causal(int panel, int queries, int keys, int first_query) {
    Mask mask(panel);
    for (int i0 = 0; i0 < queries; i0 += panel) {
      for (int j = 0; j < std::min(keys, first_query + i0 + panel); ++j) {
        const int blind = j - first_query - i0;  // the first queries of the panel come before key j
        mask.add(j, blind <= 0 ? mask.all() : mask.all() & ~((1u << blind) - 1));
      }
      mask.close();
    }
    return mask;
  }

  // `panel` <= 32 queries a panel. Then, once a panel in order: keys by add, and close.
  explicit Mask(int panel = 1) : panel_(panel) {}

  // next(query, key): the query's first run of legal keys at or after `key`, as something with begin
  // and end; begin >= keys if there is none. Costs the legal pairs, not all. Queries of the last panel
  // beyond `queries` follow the last one: their results are never read.
  template <class Next>
  Mask(int panel, int queries, int keys, Next next) : panel_(panel) {
    std::vector<std::uint32_t> words(keys);
    for (int i0 = 0; i0 < queries; i0 += panel) {
      int first = keys, last = 0;
      for (int q = 0; q < panel; ++q) {
        const int query = std::min(i0 + q, queries - 1);
        for (auto run = next(query, 0); run.begin < keys; run = next(query, run.end)) {
          const int end = std::min(run.end, keys);
          for (int j = run.begin; j < end; ++j) words[j] |= 1u << q;
          first = std::min(first, run.begin), last = std::max(last, end);
        }
      }
      for (int j = first; j < last; ++j) add(j, std::exchange(words[j], 0));
      close();
    }
  }

  // The next key that some query of the panel may see; keys come in order. A word of 0 is skipped.
  void add(int key, std::uint32_t word) {
    if (word == 0) return;
    const bool whole = word == all();
    KeyRun* last = runs_.size() > static_cast<std::size_t>(first_.back()) ? &runs_.back() : nullptr;
    const auto extend = [&](int run_lanes) {
      if (!last || (last->lanes < 0) != (run_lanes < 0) || key > last->end) return false;
      last->end = key + 1;
      return true;
    };
    if (whole) {
      if (!extend(-1)) runs_.push_back({key, key + 1, -1});
      return;
    }
    if (!extend(0)) runs_.push_back({key, key + 1, static_cast<int>(lanes_.size())});
    lanes_.push_back(word);
  }
  void close() { first_.push_back(static_cast<int>(runs_.size())); }

  // Starts anew and keeps the memory; reserves for the worst case of so many panels of so many keys.
  void clear() { runs_.clear(), lanes_.clear(), first_.resize(1); }
  void reserve(int panels, int keys) {
    const std::size_t all_keys = static_cast<std::size_t>(panels) * keys;
    runs_.reserve(all_keys), lanes_.reserve(all_keys), first_.reserve(panels + 1);
  }

  int panel() const { return panel_; }
  std::span<const KeyRun> runs(int panel) const {
    return std::span(runs_).subspan(first_[panel], first_[panel + 1] - first_[panel]);
  }
  const std::uint32_t* lanes() const { return lanes_.data(); }
  std::uint32_t all() const { return panel_ == 32 ? ~0u : (1u << panel_) - 1; }

 private:
  int panel_;
  std::vector<int> first_ = {0};  // [panels + 1]: of each panel, in runs_
  std::vector<KeyRun> runs_;
  std::vector<std::uint32_t> lanes_;
};

}  // namespace ladder::tensor
