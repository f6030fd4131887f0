// Causal mixing by sums over prefixes: with a feature map φ,
//
//   s[i, j] = φ(q_i)·φ(k_j) for j <= i      out_i = Σ_j s[i, j] v_j / (divisor of Σ_j s[i, j])
//
// in time and memory linear in the context: Σ_j φ(k_j) v_jᵀ, the state, serves all later queries.
//
// A map is a small struct, one file a mixer:
//
//   struct Example {
//     static constexpr int degree = 1;             // s = z^degree, z = y(q)·y(k): 1 or 2
//     static constexpr bool turning = false;       // s times cos(π(i - j)/(2·context))
//     static constexpr Divisor divisor = Divisor::plus_epsilon;
//     template <class V> static void apply(V x, V& y, V& slope);   // y(x) and dy/dx, entry by entry
//   };
//
// degree 2 is exact, too: z² = φ(q)·φ(k) with φ all products y_a y_b, those with a < b times √2.
// turning likewise: cos(a - b) = cos a cos b + sin a sin b, so φ is taken twice, times cos and sin.
//
// Blocks of 32 tokens (16 in the shortest contexts): s of keys in the query's own block is formed directly, all earlier blocks come
// from the state. The quadratic algorithm is the same with all keys formed directly; it is the cheaper
// one for short contexts. All panels have one query a lane, as in tensor/kernels/attention.h.
#pragma once

#include <memory>
#include <string>

#include "ladder/base/math.h"
#include "ladder/tensor/kernels/panel.h"
#include "ladder/tensor/kernels/transpose.h"
#include "nn/mixers/around.h"
#include "nn/mixers/mixture.h"

namespace ladder::nn {

enum class Divisor {
  plus_epsilon,  // Σ s + 1e-9
  at_least,      // max(Σ s, 1e-6), a constant in the gradient where that is 1e-6
};

enum class Algorithm { automatic, quadratic, linear };

struct PrefixSumOptions {
  Cut cut;
  double scale = 1;  // z = scale · y(q)·y(k)
  Algorithm algorithm = Algorithm::automatic;
};

// How many numbers a head's φ has.
template <class Map>
constexpr int features_of(int head_size) {
  const int products = Map::degree == 1 ? head_size : head_size * (head_size + 1) / 2;
  return Map::turning ? 2 * products : products;
}

template <class Map>
constexpr bool linear_is_cheaper(int context, int head_size) {
  return context > 64 && context > 2 * features_of<Map>(head_size) + 64;
}

namespace prefix_sums_detail {

template <class Map, int B, class T>  // B: tokens of a block
class Kernel {
  using Vec = simd::Vec<T>;
  static constexpr int lanes = simd::lanes<T>;
  static_assert(B % lanes == 0);
  static_assert(Map::degree == 1 || Map::degree == 2);

 public:
  Kernel(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> out,
         PrefixSumOptions options)
      : query_(query), key_(key), value_(value), out_(out), cut_(options.cut),
        n_(query.rows() / options.cut.batch),
        padded_((n_ + B - 1) / B * B),
        e_(query.cols() / options.cut.heads),
        w_(value.cols() / options.cut.heads),
        products_(features_of<Map>(e_) / (Map::turning ? 2 : 1)),
        features_(features_of<Map>(e_)),
        scale_(static_cast<T>(options.scale)) {
    linear_ = options.algorithm == Algorithm::linear ||
              (options.algorithm == Algorithm::automatic && linear_is_cheaper<Map>(n_, e_));
    const auto take = [&](int rows, int cols) {
      return graph.scratch(static_cast<std::size_t>(rows) * cols);
    };
    const bool gradients = out.grad() != nullptr;
    const int panel = linear_ ? B : padded_;
    chunk_ = linear_ ? std::min(padded_, most_in_chunk) : padded_;
    one_by_sum_ = take(cut_.batch * cut_.heads, padded_);
    q_ = take(padded_, e_), k_ = take(padded_, e_), v_ = take(chunk_, w_);  // look wants whole q_ and k_
    columns_ = take(e_, B), out_columns_ = take(w_, B), s_ = take(panel, B);
    if (linear_) phi_ = take(features_, B), state_ = take(features_, w_ + 1), norm_ = state_ + features_ * w_;
    if (gradients) {
      dq_ = take(B, e_), dk_ = take(chunk_, e_), dv_ = take(chunk_, w_);
      dnum_ = take(chunk_, w_), dsum_ = take(1, chunk_);
      if (linear_) later_ = take(features_, w_ + 1), later_norm_ = later_ + features_ * w_;
      if (padded_ > chunk_) states_ = take(cut_.batch * cut_.heads * ((padded_ - 1) / chunk_), features_ * (w_ + 1));
      dout_columns_ = take(w_, B), dcolumns_ = take(e_, B), z_ = take(panel, B);
      rows_ = take(B, std::max(e_, w_));
    }
    if constexpr (Map::turning) {
      const double quarter = 1.57079632679489661923;  // of a turn, after the whole context
      const auto cosine = [=, this](std::size_t t) { return math::cos(quarter * t / n_); };
      cosine_ = graph.table(padded_, cosine);
      sine_ = graph.table(padded_, [=, this](std::size_t t) { return math::sin(quarter * t / n_); });
      const std::size_t zero = padded_;  // distances from -padded on: those below 0 are never legal
      decay_ = graph.table(2 * zero, [=](std::size_t i) { return i < zero ? 0 : cosine(i - zero); }) + zero;
    }
  }

  void forward() {
    for_each_head([&](int b, int h) {
      const HeadRows<T> out = head_rows(out_.value(), out_, cut_, b, h);
      for (int t = base_ = 0; t < n_; t += B) {
        const int first = linear_ ? t : 0;
        if (states_ && t > 0 && t % chunk_ == 0) std::copy_n(state_, state_size(), state_at(b, h, t));
        if (linear_) base_ = t;
        gather(b, h, t);
        compute_weights(first, t);  // s, one_by_sum_ = Σ s
        // num[i] = Σ_j s[i, j] v_j
        small_multiply(w_, B, t + B - first, Strided<T>{v_ + row(first, w_), 1, w_}, s_, B,
                       out_columns_, B);
        if (linear_) read_state(t);
        finish_divisor(t);
        for (int c = 0; c < w_; ++c)
          for (int v = 0; v < B; v += lanes) {
            T* at = out_columns_ + c * B + v;
            simd::store(at, simd::load(at) * simd::load(one_by_sum_ + saved_ + t + v));
          }
        transpose(w_, std::min(B, n_ - t), out_columns_, B, T(1), out.row(t), out.stride);
        if (linear_ && t + B < n_) add_to_state(t);
      }
    });
  }

  // With W the divisor:  dnum = dout/W,  dsum = -out·dout/W,  ds[i, j] = dnum_i·v_j + dsum_i
  // Up and down again chunk by chunk, from the last one, while its rows are in the cache: the state of
  // earlier keys at a chunk's beginning is kept from forward.
  void backward(Writes write) {
    for_each_head([&](int b, int h) {
      for (base_ = (n_ - 1) / chunk_ * chunk_; base_ >= 0; base_ -= chunk_) {
        const int end = std::min(base_ + chunk_, n_);
        if (base_ > 0) std::copy_n(state_at(b, h, base_), state_size(), state_);
        for (int t = base_; t < end; t += B) {
          gather(b, h, t);
          gather_gradients(b, h, t);
          ascend(t);
          scatter(dq_, query_, scale_, e_, true, write[0], b, h, t);
        }
        for (int t = (end - 1) / B * B; t >= base_; t -= B) {
          if (linear_) descend(t);
          scatter(dk_ + row(t, e_), key_, T(1), e_, true, write[1], b, h, t);
          scatter(dv_ + row(t, w_), value_, T(1), w_, false, write[2], b, h, t);
        }
      }
    });
  }

  // Forms the rows directly; the products are z.
  void look(const AttentionMaps<T>& maps) {
    at_head(maps.sequence, maps.head);
    base_ = 0;
    for (int t = 0; t < n_; t += B) {
      gather_rows(query_, maps.sequence, maps.head, t, e_, scale_, true, q_);
      gather_rows(key_, maps.sequence, maps.head, t, e_, T(1), true, k_);
    }
    fill_maps(maps, n_, [&](int i, T* p) {
      const int t = i / B * B, v = (i - t) / lanes * lanes;
      if (i == t || i == maps.begin) transpose_rows(q_, e_, t, columns_);
      for (int first = 0; first <= i; first += B) {
        multiply_keys(first, B, s_);
        for (int j = first; j < std::min(first + B, i + 1); ++j)
          p[j] = weight(simd::load(s_ + (j - first) * B + v), t + v, j)[i - t - v] *
                 one_by_sum_[saved_ + i];
      }
    });
    for (int i = maps.begin; maps.products && i < maps.end; ++i)
      for (int j = 0; j <= i; ++j)
        maps.products[static_cast<std::size_t>(i - maps.begin) * n_ + j] = dot(q_ + row(i, e_), k_ + row(j, e_), e_);
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
  void at_head(int b, int h) {
    saved_ = (static_cast<std::size_t>(b) * cut_.heads + h) * padded_;
  }
  // Of token t in the rows of a chunk.
  std::ptrdiff_t row(int t, int size) const { return static_cast<std::ptrdiff_t>(t - base_) * size; }
  std::size_t state_size() const { return static_cast<std::size_t>(features_) * (w_ + 1); }
  T* state_at(int b, int h, int t) const {
    return states_ + (static_cast<std::size_t>(b * cut_.heads + h) * ((padded_ - 1) / chunk_) + t / chunk_ - 1) * state_size();
  }

  // Block t of q_ = scale · y(query), k_ = y(key), v_ = value: side by side. Rows past the context stay 0.
  void gather(int b, int h, int t) {
    gather_rows(query_, b, h, t, e_, scale_, true, q_);
    gather_rows(key_, b, h, t, e_, T(1), true, k_);
    gather_rows(value_, b, h, t, w_, T(1), false, v_);
  }
  void gather_rows(Tensor<T> x, int b, int h, int t, int size, T factor, bool mapped, T* to) {
    const HeadRows<T> from = head_rows(x.value(), x, cut_, b, h);
    T* next = to + row(t, size);
    for (int i = t; i < std::min(t + B, n_); ++i, next += size)
      for_each_vector<T>(size, [&](auto at) {
        Vec y = at.load(from.row(i)), slope;
        if (mapped) Map::apply(Vec(y), y, slope);
        at.store(next, factor * y);
      });
    std::fill(next, to + row(t + B, size), T(0));
  }

  // The gradient of block t, from [B, size].
  void scatter(const T* from, Tensor<T> x, T factor, int size, bool mapped, Write mode, int b, int h, int t) {
    const HeadRows<T> values = head_rows(x.value(), x, cut_, b, h);
    const HeadRows<T> to = head_rows(x.grad(), x, cut_, b, h);
    for (int i = t; i < std::min(t + B, n_); ++i, from += size)
      for_each_vector<T>(size, [&](auto at) {
        Vec d = at.load(from);
        if (mapped) {
          Vec y, slope;
          Map::apply(at.load(values.row(i)), y, slope);
          d *= factor * slope;
        }
        write(at, to.row(i), d, mode);
      });
  }

  // Block t of dnum_ [context, w_] and dsum_.
  void gather_gradients(int b, int h, int t) {
    const HeadRows<T> out = head_rows(out_.value(), out_, cut_, b, h);
    const HeadRows<T> dout = head_rows(out_.grad(), out_, cut_, b, h);
    const int rows = std::min(B, n_ - t);
    if (rows < B) std::fill_n(out_columns_, w_ * B, T(0)), std::fill_n(dout_columns_, w_ * B, T(0));
    transpose(rows, w_, out.row(t), out.stride, T(1), out_columns_, B);
    transpose(rows, w_, dout.row(t), dout.stride, T(1), dout_columns_, B);
    for (int v = 0; v < B; v += lanes) {
      const Vec one_by_sum = simd::load(one_by_sum_ + saved_ + t + v);
      Vec total{};
      for (int c = 0; c < w_; ++c) {
        const Vec d = simd::load(dout_columns_ + c * B + v) * one_by_sum;
        total = simd::fma(simd::load(out_columns_ + c * B + v), d, total);
        simd::store(dout_columns_ + c * B + v, d);
      }
      if constexpr (Map::divisor == Divisor::at_least)
        total = simd::select(one_by_sum >= T(1) / smallest, Vec{}, total);
      simd::store(dsum_ + row(t + v, 1), -total);
    }
    transpose(w_, B, dout_columns_, B, T(1), dnum_ + row(t, w_), w_);
  }

  // to [size, B] = rows t .. t + B of x [padded, size]
  void transpose_rows(const T* x, int size, int t, T* to) const {
    transpose(B, size, x + row(t, size), size, T(1), to, B);
  }
  void multiply_keys(int first, int count, T* z) {
    small_multiply(count, B, e_, Strided<T>{k_ + row(first, e_), e_, 1}, columns_, B, z, B);
  }

  // s at the place of a vector of queries from `query` on and of one key; 0 if not legal.
  Vec weight(Vec z, int query, int key) const {
    Vec s = Map::degree == 1 ? z : z * z;
    if constexpr (Map::turning) s *= simd::load(decay_ + query - key);
    return query >= key ? s : simd::select(legal(query, key), s, Vec{});
  }
  static auto legal(int query, int key) { return simd::iota<T>() >= static_cast<T>(key - query); }

  // columns_ = the queries of block t; s_ = the weights of keys first .. t + B; one_by_sum_ = Σ s.
  void compute_weights(int first, int t) {
    transpose_rows(q_, e_, t, columns_);
    multiply_keys(first, t + B - first, s_);
    for (int v = 0; v < B; v += lanes) {
      Vec total{};
      for (int j = first; j < t + B; ++j) {
        T* at = s_ + (j - first) * B + v;
        const Vec s = weight(simd::load(at), t + v, j);
        total += s;
        simd::store(at, s);
      }
      simd::store(one_by_sum_ + saved_ + t + v, total);
    }
  }

  void finish_divisor(int t) {
    for (int v = 0; v < B; v += lanes) {
      T* at = one_by_sum_ + saved_ + t + v;
      const Vec total = simd::load(at);
      if constexpr (Map::divisor == Divisor::at_least)
        simd::store(at, 1 / simd::max(total, Vec{} + smallest));
      else
        simd::store(at, 1 / (total + static_cast<T>(1e-9)));
    }
  }

  // phi_ [features_, B] of the block's rows, given as columns [e_, B].
  void expand(const T* columns, int t) {
    for (int v = 0; v < B; v += lanes) {
      T* phi = phi_ + v;
      if constexpr (Map::degree == 1) {
        for (int a = 0; a < e_; ++a, phi += B) simd::store(phi, simd::load(columns + a * B + v));
      } else {
        for (int a = 0; a < e_; ++a) {
          const Vec x = simd::load(columns + a * B + v), twice = root_two * x;
          simd::store(phi, x * x), phi += B;
          for (int c = a + 1; c < e_; ++c, phi += B)
            simd::store(phi, twice * simd::load(columns + c * B + v));
        }
      }
      if constexpr (Map::turning) {
        const Vec cosine = simd::load(cosine_ + t + v), sine = simd::load(sine_ + t + v);
        for (int f = 0; f < products_; ++f) {
          T* at = phi_ + f * B + v;
          const Vec y = simd::load(at);
          simd::store(at, cosine * y);
          simd::store(at + products_ * B, sine * y);
        }
      }
    }
  }

  // phi_ holds dφ: dcolumns_ [e_, B] = (dφ/dcolumns)ᵀ dφ
  void collapse(const T* columns, int t) {
    for (int v = 0; v < B; v += lanes) {
      if constexpr (Map::turning) {
        const Vec cosine = simd::load(cosine_ + t + v), sine = simd::load(sine_ + t + v);
        for (int f = 0; f < products_; ++f) {
          T* at = phi_ + f * B + v;
          simd::store(at, simd::fma(cosine, simd::load(at), sine * simd::load(at + products_ * B)));
        }
      }
      const T* phi = phi_ + v;
      if constexpr (Map::degree == 1) {
        for (int a = 0; a < e_; ++a, phi += B) simd::store(dcolumns_ + a * B + v, simd::load(phi));
      } else {
        for (int a = 0; a < e_; ++a) simd::store(dcolumns_ + a * B + v, Vec{});
        for (int a = 0; a < e_; ++a) {
          const Vec x = simd::load(columns + a * B + v), twice = root_two * x;
          Vec total = simd::fma(2 * x, simd::load(phi), simd::load(dcolumns_ + a * B + v)), others{};
          phi += B;
          for (int c = a + 1; c < e_; ++c, phi += B) {
            const Vec d = simd::load(phi);
            T* at = dcolumns_ + c * B + v;
            others = simd::fma(d, simd::load(columns + c * B + v), others);
            simd::store(at, simd::fma(twice, d, simd::load(at)));
          }
          total = simd::fma(root_two, others, total);
          simd::store(dcolumns_ + a * B + v, total);
        }
      }
    }
  }

  // num += φ(q)·state, Σ s += φ(q)·norm, for the queries in columns_
  void read_state(int t) {
    if (t == 0) return;
    expand(columns_, t);
    small_multiply(w_, B, features_, Strided<T>{state_, 1, w_}, phi_, B, out_columns_, B,
                   Write::accumulate);
    for (int v = 0; v < B; v += lanes) {
      Vec total{};
      for (int f = 0; f < features_; ++f)
        total = simd::fma(norm_[f], simd::load(phi_ + f * B + v), total);
      // Squares of an orthogonal query may come out as a little below 0.
      if constexpr (Map::degree == 2) total = simd::max(total, Vec{});
      T* at = one_by_sum_ + saved_ + t + v;
      simd::store(at, simd::load(at) + total);
    }
  }

  // state [features_, w_] += φ(k)·vᵀ, norm += Σ φ(k), over the block's keys
  void add_to_state(int t) {
    transpose_rows(k_, e_, t, columns_);
    expand(columns_, t);
    small_multiply(features_, w_, B, Strided<T>{phi_, B, 1}, v_ + row(t, w_), w_, state_, w_,
                   t == 0 ? Write::replace : Write::accumulate);
    for (int f = 0; f < features_; ++f)
      norm_[f] = (t == 0 ? T(0) : norm_[f]) + sum(phi_ + f * B, B);
  }

  // The gradients through the keys that are formed directly, and dq through the state.
  void ascend(int t) {
    const int first = linear_ ? t : 0, keys = t + B - first;
    transpose_rows(q_, e_, t, columns_);
    transpose_rows(dnum_, w_, t, dout_columns_);
    multiply_keys(first, keys, s_);
    small_multiply(keys, B, w_, Strided<T>{v_ + row(first, w_), w_, 1}, dout_columns_, B, z_, B);
    for (int v = 0; v < B; v += lanes) {
      const Vec dsum = simd::load(dsum_ + row(t + v, 1));
      for (int j = first; j < t + B; ++j) {
        T *at = s_ + (j - first) * B + v, *d = z_ + (j - first) * B + v;
        const Vec z = simd::load(at);
        Vec slope = Map::degree == 1 ? Vec{} + 1 : z + z;
        if constexpr (Map::turning) slope *= simd::load(decay_ + t + v - j);
        Vec dz = (simd::load(d) + dsum) * slope;
        if (t + v < j) dz = simd::select(legal(t + v, j), dz, Vec{});
        simd::store(d, dz);
        simd::store(at, weight(z, t + v, j));
      }
    }
    // z = q·k:  dq_i = Σ_j dz k_j,  dk_j = Σ_i dz q_i;  num = Σ s v:  dv_j = Σ_i s dnum_i
    small_multiply(e_, B, keys, Strided<T>{k_ + row(first, e_), 1, e_}, z_, B, dcolumns_, B);
    transpose(e_, B, dcolumns_, B, T(1), dq_, e_);
    const auto add = [&](const T* a, const T* rows, int size, T* to) {
      small_multiply(t - first, size, B, Strided<T>{a, B, 1}, rows, size, to + row(first, size), size,
                     Write::accumulate);
      small_multiply(B, size, B, Strided<T>{a + static_cast<std::ptrdiff_t>(t - first) * B, B, 1}, rows, size,
                     to + row(t, size), size);
    };
    add(z_, q_ + row(t, e_), e_, dk_);
    add(s_, dnum_ + row(t, w_), w_, dv_);
    if (!linear_) return;
    if (t > 0) {  // dφ(q_i) = state·dnum_i + norm·dsum_i
      outer(state_, dout_columns_, [&](int f, int v) {
        return norm_[f] * simd::load(dsum_ + row(t + v, 1));
      });
      collapse(columns_, t);
      add_transposed(dcolumns_, e_, dq_);
    }
    if (t + B < n_) add_to_state(t);
  }

  // dk and dv of block t through the queries of later blocks, whose sums Σ φ(q) dnumᵀ and Σ φ(q) dsum
  // now are in later_ and later_norm_.
  void descend(int t) {
    const bool last = t + B >= n_;
    if (!last) {
      transpose_rows(k_, e_, t, columns_);
      expand(columns_, t);
      small_multiply(w_, B, features_, Strided<T>{later_, 1, w_}, phi_, B, out_columns_, B);
      add_transposed(out_columns_, w_, dv_ + row(t, w_));
      transpose_rows(v_, w_, t, out_columns_);
      outer(later_, out_columns_, [&](int f, int) { return Vec{} + later_norm_[f]; });
      collapse(columns_, t);
      add_transposed(dcolumns_, e_, dk_ + row(t, e_));
    }
    if (t == 0) return;
    transpose_rows(q_, e_, t, columns_);
    expand(columns_, t);
    small_multiply(features_, w_, B, Strided<T>{phi_, B, 1}, dnum_ + row(t, w_), w_, later_, w_,
                   last ? Write::replace : Write::accumulate);
    for (int f = 0; f < features_; ++f)
      later_norm_[f] = (last ? T(0) : later_norm_[f]) + dot(phi_ + f * B, dsum_ + row(t, 1), B);
  }

  // phi_ [features_, B] = start + state [features_, w_]·columns [w_, B]
  template <class F>
  void outer(const T* state, const T* columns, F start) {
    for (int f = 0; f < features_; ++f)
      for (int v = 0; v < B; v += lanes) simd::store(phi_ + f * B + v, start(f, v));
    small_multiply(features_, B, w_, Strided<T>{state, w_, 1}, columns, B, phi_, B, Write::accumulate);
  }

  // to [B, size] += columns [size, B], transposed
  void add_transposed(const T* columns, int size, T* to) {
    transpose(size, B, columns, B, T(1), rows_, size);
    for_each_vector<T>(static_cast<std::size_t>(B) * size,
                       [&](auto at) { at.store(to, at.load(to) + at.load(rows_)); });
  }

  static constexpr T smallest = static_cast<T>(1e-6);
  static constexpr T root_two = static_cast<T>(1.41421356237309504880);

  static constexpr int most_in_chunk = 1024;  // rows

  Tensor<T> query_, key_, value_, out_;
  Cut cut_;
  int n_, padded_, e_, w_, products_, features_;
  T scale_;
  bool linear_;
  int chunk_, base_ = 0;   // rows of a chunk; the first token of the present one
  std::size_t saved_ = 0;  // where the head's one_by_sum begins
  T* one_by_sum_;          // [batch, heads, padded]: kept for backward
  T* states_ = nullptr;    // [batch, heads, chunks - 1, features · (w + 1)], at the beginnings of chunks: kept, too
  // Of a chunk of one head at a time; dq_: of a block; columns of a block.
  T *q_, *k_, *v_, *dq_ = nullptr, *dk_ = nullptr, *dv_ = nullptr, *dnum_ = nullptr, *dsum_ = nullptr;
  T *columns_, *out_columns_, *dout_columns_ = nullptr, *dcolumns_ = nullptr, *rows_ = nullptr;
  T *s_, *z_ = nullptr;  // [keys, B]
  T* phi_ = nullptr;     // [features, B]
  // Sums over earlier keys, and over later queries: [features, w], and behind it the norm, [features]
  T *state_ = nullptr, *norm_ = nullptr, *later_ = nullptr, *later_norm_ = nullptr;
  T *cosine_ = nullptr, *sine_ = nullptr, *decay_ = nullptr;
};

}  // namespace prefix_sums_detail

// Multiplications of one forward over a sequence, without the linear maps around it.
template <class Map>
double prefix_sum_multiply_adds(int context, const MixerShape& shape, Algorithm algorithm = Algorithm::automatic) {
  const double e = shape.head_size(), features = features_of<Map>(shape.head_size());
  const bool linear = algorithm == Algorithm::linear || (algorithm == Algorithm::automatic &&
                                                         linear_is_cheaper<Map>(context, shape.head_size()));
  const double directly = 2 * e * (linear ? 16 : context / 2.0);
  const double by_state = linear ? 2 * features * e : 0;
  return shape.heads * static_cast<double>(context) * (directly + by_state);
}

// The sums, and the divisor's.
template <class Map>
double prefix_sum_state(const MixerShape& shape) {
  return shape.heads * static_cast<double>(features_of<Map>(shape.head_size())) * (shape.head_size() + 1);
}

// query, key [batch·context, d], value [batch·context, any multiple of heads], possibly strided.
template <class Map, class T>
Mixture<T> prefix_sums(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value,
                     PrefixSumOptions options) {
  check_shapes("prefix_sums", query, key, value, options.cut);
  const Tensor<T> out = graph.tensor(value.rows(), value.cols());
  const auto record = [&](auto kernel) -> Mixture<T> {
    graph.record({query, key, value}, {out}, [=] { kernel->forward(); },
                 [=](Writes write) {
                   check_gradients("prefix_sums", {query, key, value});
                   kernel->backward(write);
                 });
    return {out, [=](const AttentionMaps<T>& maps) { kernel->look(maps); }};
  };
  using namespace prefix_sums_detail;
  if (query.rows() / options.cut.batch <= 16)
    return record(std::make_shared<Kernel<Map, 16, T>>(graph, query, key, value, out, options));
  return record(std::make_shared<Kernel<Map, 32, T>>(graph, query, key, value, out, options));
}

}  // namespace ladder::nn
