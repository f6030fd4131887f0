// How the products z of a query with its keys become probabilities p, and the gradient g of p that of
// z: for `lanes` queries at a time, one a lane. The attention kernel (attention.h) makes the Rows.
//
// A score is either a weight of z (nn/score.h), which WeightOfZ makes a row of, or a row itself:
//
//   struct Example {
//     static constexpr int saved = 1;  // numbers a query that forward saves for backward
//     template <class R> static void forward(const R& rows);   // z -> p
//     template <class R> static void backward(const R& rows);  // z, g -> p, dz
//   };
//
// Both walk over the keys, as often as they need:
//
//   typename R::Vec sum{};
//   rows.each_key([&](auto key) { sum += key.only(f(key.z())); });   // in the keys' order
//   rows.each_key([&](auto key) { key.put_p(f(key.z()) / sum); });   // overwrites z
//
// The keys of a walk are those that some lane may see. In the lanes that may not, z is any number, and
// what is put becomes 0; key.only and key.select leave them out of sums and maxima.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include "ladder/tensor/kernels/mask.h"
#include "ladder/tensor/kernels/simd.h"

namespace ladder::tensor {

// P: the distance from one key to the next in a panel.
template <class T, int P>
class Rows {
 public:
  using Number = T;
  static constexpr int stride = P;
  using Vec = simd::Vec<T>;

  // Legal: a mask of lanes, or simd::AllLanes.
  template <class Legal>
  struct Key {
    const Rows& rows;
    int offset;  // in the panel
    Vec decay;   // alibi's: an addend or a factor, as the score wants; nothing without alibi
    Legal legal;

    // z, plus alibi's bias for scores to which it is added.
    Vec z() const {
      Vec z = simd::load(rows.z + offset);
      if (rows.decay) z += decay;
      return z;
    }
    Vec product() const { return simd::load(rows.z + offset); }       // z without bias
    Vec g() const { return only(simd::load(rows.g + offset)); }       // d loss / dp
    Vec kept() const { return simd::load(rows.kept + offset); }       // what `keep` or put_p stored
    Vec only(Vec x) const { return simd::select(legal, x, Vec{}); }
    Vec select(Vec x, Vec otherwise) const { return simd::select(legal, x, otherwise); }

    void keep(Vec x) const { simd::store(rows.kept + offset, x); }
    void put_p(Vec p) const { simd::store(rows.in_backward ? rows.kept + offset : rows.z + offset, only(p)); }
    void put_dz(Vec dz) const { simd::store(rows.z + offset, only(dz) * rows.scale); }
    // Into z's place, for a later walk to read with product().
    void put(Vec x) const { simd::store(rows.z + offset, x); }
  };

  template <class F>
  [[gnu::always_inline]] void each_key(F&& f) const {
    const Rows rows = *this;  // in registers: else every store might change it, for all compilers know
    for (const KeyRun& run : rows.runs) {
      const std::uint32_t* words = run.lanes < 0 ? nullptr : rows.words + run.lanes;
      for (int j = run.begin; j < run.end; ++j)
        rows.one_key(f, j, words ? words + (j - run.begin) : nullptr);
    }
  }
  // From the last key to the first.
  template <class F>
  [[gnu::always_inline]] void each_key_backwards(F&& f) const {
    const Rows rows = *this;
    for (std::size_t r = rows.runs.size(); r-- > 0;) {
      const KeyRun& run = rows.runs[r];
      const std::uint32_t* words = run.lanes < 0 ? nullptr : rows.words + run.lanes;
      for (int j = run.end; j-- > run.begin;)
        rows.one_key(f, j, words ? words + (j - run.begin) : nullptr);
    }
  }

  void save(int number, Vec x) const { simd::store(saved + number * saved_stride, x); }
  Vec load(int number) const { return simd::load(saved + number * saved_stride); }
  static Vec lowest() { return Vec{} - std::numeric_limits<T>::max(); }
  // The largest z of each row; lowest() where it is empty.
  Vec maximum() const {
    Vec maximum = lowest();
    each_key([&](auto key) { maximum = key.select(simd::max(key.z(), maximum), maximum); });
    return maximum;
  }

  std::span<const KeyRun> runs;
  const std::uint32_t* words;  // of the mask
  int shift;                   // bit of lane 0
  T *z, *kept, *g;             // [keys, P], at lane 0
  bool in_backward;
  const T* decay;              // that of key j at decay - j·decay_stride; or null
  T* saved;
  std::ptrdiff_t saved_stride;
  T scale, parameter;
  std::ptrdiff_t decay_stride = 1;

 private:
  template <class F>
  [[gnu::always_inline]] void one_key(F&& f, int j, const std::uint32_t* word) const {
    const Vec bias = decay ? simd::load(decay - j * decay_stride) : Vec{};
    if (word) {
      const auto legal = simd::mask_of<T>(*word >> shift);
      f(Key<std::remove_const_t<decltype(legal)>>{*this, j * P, bias, legal});
    } else {
      f(Key<simd::AllLanes>{*this, j * P, bias, {}});
    }
  }
};

// A score that is a weight of z alone.
template <class Score>
struct WeightOfZ {
  static constexpr Normaliser normaliser = Score::normaliser;
  static constexpr bool to_maximum = normaliser.subtract_maximum;
  static constexpr int saved = to_maximum ? 2 : normaliser.divide_by_sum;  // 1/(Σ weight + epsilon), max z

  template <class R>
  static void forward(const R& rows) {
    using Vec = typename R::Vec;
    Vec maximum{};
    if constexpr (to_maximum) {
      maximum = rows.maximum();
      if constexpr (normaliser.epsilon > 0) maximum = simd::max(maximum, Vec{});  // that of the rest
    }
    Vec sum{};
    rows.each_key([&](auto key) __attribute__((always_inline)) {
      const Vec w = key.only(decayed(weight(key.rows, shifted(key, maximum)), key));
      sum += w;
      key.put(w);
    });
    if constexpr (to_maximum) rows.save(1, maximum);
    if constexpr (normaliser.divide_by_sum) {  // an empty row gives zeros, not NaN
      Vec epsilon = Vec{} + static_cast<typename R::Number>(normaliser.epsilon);
      if constexpr (to_maximum && normaliser.epsilon > 0) epsilon *= simd::exp(-maximum);
      const Vec one_by_sum = simd::select(sum == Vec{}, Vec{}, 1 / (sum + epsilon));
      rows.save(0, one_by_sum);
      rows.each_key([&](auto key) __attribute__((always_inline)) { key.put(key.product() * one_by_sum); });
    }
  }

  template <class R>
  static void backward(const R& rows) {
    using Vec = typename R::Vec;
    const Vec maximum = to_maximum ? rows.load(1) : Vec{};
    if constexpr (!normaliser.divide_by_sum) {  // p is the weight
      rows.each_key([&](auto key) __attribute__((always_inline)) {
        const Vec z = shifted(key, maximum), w = weight(key.rows, z);
        key.put(key.only(decayed(slope(key.rows, z, w), key)) * rows.scale * key.g());
        key.keep(key.only(decayed(w, key)));
      });
      return;
    }
    const Vec one_by_sum = rows.load(0);
    Vec mean_g{};  // Σ_j p g
    rows.each_key([&](auto key) __attribute__((always_inline)) {
      const Vec z = shifted(key, maximum);
      const Vec w = weight(key.rows, z);
      const Vec p = key.only(decayed(w, key)) * one_by_sum;
      // A product that overflows beyond the mask must not reach what lies within.
      const Vec g = key.g();
      mean_g = simd::fma(p, g, mean_g);
      simd::store(key.rows.g + key.offset, g);
      key.put(key.only(decayed(slope(key.rows, z, w), key)));
      key.keep(p);
    });
    const Vec factor = one_by_sum * rows.scale;
    rows.each_key([&](auto key) __attribute__((always_inline)) {
      key.put(key.product() * factor * (simd::load(key.rows.g + key.offset) - mean_g));
    });
  }

  // What topk goes by.
  template <class Key>
  static auto order(const Key& key) {
    if constexpr (to_maximum) return key.z();
    else return decayed(weight(key.rows, key.product()), key);
  }

 private:
  // All inlined, the walks' bodies, too: a call would empty all registers, once for each key. g++ 12 leaves weights of
  // several operations as calls unless they say so.

  // z as it enters Score::weight.
  template <class Key, class Vec>
  [[gnu::always_inline]] static Vec shifted(const Key& key, Vec maximum) {
    if constexpr (to_maximum) return key.z() - maximum;  // exp(z)·exp(-m·distance), without underflow
    else return key.product();
  }
  template <class R, class Vec>
  [[gnu::always_inline]] static Vec weight([[maybe_unused]] const R& rows, Vec z) {
    if constexpr (requires { Score::weight(z, rows.parameter); }) return Score::weight(z, rows.parameter);
    else return Score::weight(z);
  }
  template <class R, class Vec>
  [[gnu::always_inline]] static Vec slope([[maybe_unused]] const R& rows, Vec z, Vec w) {
    if constexpr (requires { Score::slope(z, w, rows.parameter); })
      return Score::slope(z, w, rows.parameter);
    else return Score::slope(z, w);
  }
  template <class Vec, class Key>
  [[gnu::always_inline]] static Vec decayed(Vec weight, const Key& key) {
    if constexpr (!to_maximum)
      if (key.rows.decay) weight *= key.decay;
    return weight;
  }
};

template <class Score>
concept WholeRow = requires { Score::saved; };

// The row functions of a score of either sort.
template <class Score>
struct RowsOf : WeightOfZ<Score> {
  static constexpr bool adds_decay = WeightOfZ<Score>::to_maximum;  // to z, instead of to the weight
};
template <WholeRow Score>
struct RowsOf<Score> : Score {
  static constexpr bool adds_decay = true;

  template <class Key>
  static auto order(const Key& key) {
    if constexpr (requires { Score::order(key.z()); }) return Score::order(key.z());
    else return key.z();
  }
};

// The numbers behind choose_keys: what the `most` largest of each lane are above, and how many of those
// equal to it belong to them.
template <class T>
struct ChoiceBound {
  simd::Vec<T> above, equal;
};

// Of few: a sorted list a lane; what is larger than its last goes in.
template <class Form, class R, class T>
ChoiceBound<T> bound_of_few(const R& rows, int most, T* list) {
  using Vec = typename R::Vec;
  constexpr int lanes = simd::lanes<T>;
  const Vec never = Vec{} - std::numeric_limits<T>::infinity();
  for (int s = 0; s < most; ++s) simd::store(list + s * lanes, never);
  const T* const last = list + (most - 1) * lanes;
  rows.each_key([&](auto key) {
    Vec x = key.select(Form::order(key), never);
    key.put(x);
    if (simd::word_of(x > simd::load(last)) == 0) return;
    for (int s = 0; s < most; ++s) {
      const Vec old = simd::load(list + s * lanes);
      const auto larger = x > old;
      simd::store(list + s * lanes, simd::select(larger, x, old));
      x = simd::select(larger, old, x);
    }
  });
  ChoiceBound<T> bound{simd::load(last), {}};
  for (int s = 0; s < most; ++s)
    bound.equal += simd::select(simd::load(list + s * lanes) > bound.above, Vec{}, Vec{} + 1);
  return bound;
}

// Of many: the least number that at most so many are above, by bisection over the numbers' bits. A walk
// costs the same whatever `most` is, and there are no more of them than bits.
template <class Form, class R>
ChoiceBound<typename R::Number> bound_of_many(const R& rows, int most) {
  using T = typename R::Number;
  using Vec = typename R::Vec;
  using Ints = decltype(Vec{} == Vec{});
  using Int = std::remove_cvref_t<decltype(std::declval<Ints>()[0])>;
  constexpr Int infinite = std::bit_cast<Int>(std::numeric_limits<T>::infinity());
  const Vec never = Vec{} - std::numeric_limits<T>::infinity();
  // Whole numbers in the order of the numbers whose bits they are: those below 0 run backwards.
  const auto number = [](Ints i) { return std::bit_cast<Vec>(simd::select(i < Ints{}, i ^ std::numeric_limits<Int>::max(), i)); };
  const auto count_above = [&](Vec bound) {
    Ints count{};
    rows.each_key([&](auto key) { count -= key.product() > bound; });  // true is -1
    return count;
  };
  rows.each_key([&](auto key) { key.put(key.select(Form::order(key), never)); });
  Ints low = Ints{} + (infinite ^ std::numeric_limits<Int>::max() ^ std::numeric_limits<Int>::min());  // -infinity
  Ints high = Ints{} + infinite, above_high{};
  const Ints all = count_above(number(low)), wanted = Ints{} + most;
  // low: too many are above; high: not too many. Where that is so at once, or just right, they meet.
  high = simd::select(all <= wanted, low, high);
  above_high = simd::select(all <= wanted, all, above_high);
  while (true) {
    const Ints middle = (low & high) + ((low ^ high) >> 1);
    if (simd::word_of(middle > low) == 0) break;
    const Ints count = count_above(number(middle));
    const auto fits = count <= wanted;
    high = simd::select(fits, middle, high);
    above_high = simd::select(fits, count, above_high);
    low = simd::select(count >= wanted, middle, low);
  }
  ChoiceBound<T> bound{number(high), {}};
  for (int l = 0; l < simd::lanes<T>; ++l) bound.equal[l] = static_cast<T>(most - above_high[l]);
  return bound;
}

constexpr int most_of_few = 8;  // and the vectors that choose_keys needs room for

// Sets bits of words[key] for the `most` legal keys of each row that come first by the score's order;
// of equal ones the earlier. z is lost. `list` has room for most_of_few vectors.
template <class Form, class R, class T>
void choose_keys(const R& rows, int most, T* list, std::uint32_t* words) {
  using Vec = typename R::Vec;
  const Vec never = Vec{} - std::numeric_limits<T>::infinity();
  const ChoiceBound<T> found = most <= most_of_few ? bound_of_few<Form>(rows, most, list) : bound_of_many<Form>(rows, most);
  const Vec bound = found.above;
  Vec room = found.equal;
  rows.each_key([&](auto key) {
    const Vec x = key.product();
    const auto equal = (x == bound) & (x > never) & (room > Vec{});
    room -= simd::select(equal, Vec{} + 1, Vec{});
    words[key.offset / R::stride] |= simd::word_of((x > bound) | equal) << rows.shift;
  });
}

}  // namespace ladder::tensor
