// Prefix sums one token after another (prefix_sums.h says what they are): the state Σ_j φ(k_j) v_jᵀ and
// the divisor's Σ_j φ(k_j) are all that is carried. A token's own key is taken directly, as there.
#pragma once

#include "nn/mixers/prefix_sums.h"

namespace ladder::nn {

namespace prefix_sums_detail {

template <class Map, class T>
class Step {
  using Vec = simd::Vec<T>;

 public:
  Step(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> out, int heads,
       double scale, int context)
      : query_(query), key_(key), value_(value), out_(out), heads_(heads),
        e_(query.cols() / heads), w_(value.cols() / heads),
        products_(features_of<Map>(e_) / (Map::turning ? 2 : 1)), features_(features_of<Map>(e_)),
        scale_(static_cast<T>(scale)) {
    const std::size_t pairs = static_cast<std::size_t>(query.rows()) * heads;
    state_ = graph.scratch(pairs * features_ * w_), norm_ = graph.scratch(pairs * features_);
    q_ = graph.scratch(e_), k_ = graph.scratch(e_);
    phi_q_ = graph.scratch(features_), phi_k_ = graph.scratch(features_);
    if constexpr (Map::turning) {
      const double quarter = 1.57079632679489661923;  // of a turn, after the whole context
      cosine_ = graph.table(context, [=](std::size_t t) { return math::cos(quarter * static_cast<double>(t) / context); });
      sine_ = graph.table(context, [=](std::size_t t) { return math::sin(quarter * static_cast<double>(t) / context); });
    }
  }

  void forward(int t) {
    if (t == 0) {
      const std::size_t pairs = static_cast<std::size_t>(query_.rows()) * heads_;
      std::fill_n(state_, pairs * features_ * w_, T(0));
      std::fill_n(norm_, pairs * features_, T(0));
    }
    for (int b = 0; b < query_.rows(); ++b)
      for (int h = 0; h < heads_; ++h) advance(b, h, t);
  }

 private:
  void advance(int b, int h, int t) {
    const std::size_t pair = static_cast<std::size_t>(b) * heads_ + h;
    T *const state = state_ + pair * features_ * w_, *const norm = norm_ + pair * features_;
    const T* const v = value_.value() + b * value_.stride() + h * w_;
    T* const out = out_.value() + b * out_.stride() + h * w_;
    map(query_.value() + b * query_.stride() + h * e_, scale_, q_);
    map(key_.value() + b * key_.stride() + h * e_, T(1), k_);
    expand(q_, t, phi_q_), expand(k_, t, phi_k_);

    const T z = dot(q_, k_, e_), own = Map::degree == 1 ? z : z * z;
    T total = dot(phi_q_, norm, features_);
    if constexpr (Map::degree == 2) total = std::max(total, T(0));  // rounding may push it below
    total += own;
    const T by = Map::divisor == Divisor::at_least ? 1 / std::max(total, static_cast<T>(1e-6))
                                                   : 1 / (total + static_cast<T>(1e-9));
    for_each_vector<T>(w_, [&](auto at) {
      Vec sum = own * at.load(v);
      for (int f = 0; f < features_; ++f)
        sum = simd::fma(Vec{} + phi_q_[f], at.load(state + static_cast<std::ptrdiff_t>(f) * w_), sum);
      at.store(out, by * sum);
    });
    for (int f = 0; f < features_; ++f) {
      T* const to = state + static_cast<std::ptrdiff_t>(f) * w_;
      for_each_vector<T>(w_, [&](auto at) {
        at.store(to, simd::fma(Vec{} + phi_k_[f], at.load(v), at.load(to)));
      });
      norm[f] += phi_k_[f];
    }
  }

  void map(const T* x, T factor, T* to) const {
    for_each_vector<T>(e_, [&](auto at) {
      Vec y, slope;
      Map::apply(at.load(x), y, slope);
      at.store(to, factor * y);
    });
  }

  // phi [features_] of y [e_]: the products in the order of prefix_sums.h.
  void expand(const T* y, int t, T* phi) const {
    if constexpr (Map::degree == 1) {
      std::copy_n(y, e_, phi);
    } else {
      T* to = phi;
      for (int a = 0; a < e_; ++a) {
        *to++ = y[a] * y[a];
        for (int c = a + 1; c < e_; ++c) *to++ = static_cast<T>(1.41421356237309504880) * y[a] * y[c];
      }
    }
    if constexpr (Map::turning)
      for (int f = 0; f < products_; ++f) {
        phi[products_ + f] = sine_[t] * phi[f];
        phi[f] *= cosine_[t];
      }
  }

  const Tensor<T> query_, key_, value_, out_;
  const int heads_, e_, w_, products_, features_;
  const T scale_;
  T *state_, *norm_;  // [batch, heads, features, w], [batch, heads, features]
  T *q_, *k_, *phi_q_, *phi_k_;
  T *cosine_ = nullptr, *sine_ = nullptr;
};

}  // namespace prefix_sums_detail

// The same for one token of each sequence, the one at *position of at most `context`, to rounding. query,
// key [batch, d], value [batch, any multiple of heads]. The size of what is kept does not grow.
template <class Map, class T>
Tensor<T> prefix_sum_step(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, int heads,
                          double scale, int context, const int* position) {
  const Tensor<T> out = graph.tensor(value.rows(), value.cols());
  const auto step = std::make_shared<prefix_sums_detail::Step<Map, T>>(graph, query, key, value, out, heads,
                                                                       scale, context);
  graph.record({query, key, value}, {out}, [=] { step->forward(*position); },
               [](Writes) { throw failure("prefix_sum_step has no gradient"); });
  return out;
}

// A mixer that is prefix sums of a map and nothing else:
//   const Registered<MixerPlugin> registered(mixer<PrefixSumMixer<Map>>({.name = ...}));
template <class Map>
class PrefixSumMixer {
 public:
  static constexpr bool step_rounds = true;
  PrefixSumMixer(const Settings&, const MixerShape& shape) : shape_(shape) {}

  template <class T>
  Mixed<T> record(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const auto [query, key, value] = project(recorder, name, x, shape_);
    return project_out(
        recorder, name,
        prefix_sums<Map>(recorder.graph, query, key, value, {{recorder.batch, shape_.heads}}), shape_);
  }
  template <class T>
  Tensor<T> record_step(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const auto [query, key, value] = project(recorder, name, x, shape_);
    return recorder.linear(name + "out",
                           prefix_sum_step<Map>(recorder.graph, query, key, value, shape_.heads, 1,
                                                recorder.context, recorder.position),
                           shape_.d_model);
  }
  double multiply_adds(int context) const { return prefix_sum_multiply_adds<Map>(context, shape_); }
  double state_size(int) const { return prefix_sum_state<Map>(shape_); }

 private:
  const MixerShape shape_;
};

}  // namespace ladder::nn
