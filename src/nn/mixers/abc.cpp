// ABC, attention with bounded-memory control: token i is written into slot m with weight exp(u_im), and
// queries read the slots. With weights normalised over time, a_im = exp(u_im), A_tm = Σ_{i<=t} a_im:
//
//   K_tm = Σ_{i<=t} a_im k_i / A_tm, V_tm alike      out_t = Σ_m p_tm V_tm, p_t = softmax_m(scale q_t·K_tm)
//
// Peng et al., arXiv:2110.02488. As a recurrence with w_tm = a_tm/A_tm, which is what is computed:
//
//   K_t = K_{t-1} + w_t (k_t - K_{t-1})      w_t = exp(u_t - L_t), L_t = log A_t
//
// A_t is kept relative to the running maximum of u, so nothing overflows and no later token takes part.
//
// A (sequence, head) a lane: then nothing is added up across lanes, however few slots or entries there
// are. Backward starts from states saved every few tokens and computes those between again.
#include "ladder/tensor/kernels/transpose.h"
#include "nn/mixers/around.h"
#include "nn/mixers/operations.h"
#include "nn/mixers/plain.h"

namespace ladder::nn {
namespace {

constexpr int chunk = 16;  // tokens between saved states

template <class T>
class Abc {
  using Vec = simd::Vec<T>;
  static constexpr int L = simd::lanes<T>;

 public:
  Abc(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> slots, Tensor<T> out,
      Cut cut)
      : query_(query), key_(key), value_(value), slots_(slots), out_(out), cut_(cut),
        n_(query.rows() / cut.batch), e_(query.cols() / cut.heads), width_(value.cols() / cut.heads),
        count_(slots.cols() / cut.heads),
        groups_((cut.batch * cut.heads + L - 1) / L),
        state_size_(static_cast<std::size_t>(count_) * (e_ + width_) * L),
        scale_(static_cast<T>(1 / std::sqrt(static_cast<double>(e_)))) {
    const auto take = [&](std::size_t rows) { return graph.scratch(rows * L); };
    w_ = take(static_cast<std::size_t>(groups_) * n_ * count_);
    p_ = take(static_cast<std::size_t>(groups_) * n_ * count_);
    q_ = take(e_), k_ = take(e_), v_ = take(width_), y_ = take(std::max(e_, width_));
    u_ = take(count_), maximum_ = take(count_), sum_ = take(count_), d_ = take(count_);
    rows_ = take(std::max({e_, width_, count_}));
    states_ = graph.scratch(state_size_ * (out.grad() ? chunk + 1 : 1));
    if (n_ == 1) kept_ = graph.scratch(groups_ * kept_size());
    if (!out.grad()) return;
    saved_ = graph.scratch(state_size_ * groups_ * ((n_ + chunk - 1) / chunk));
    dstate_ = graph.scratch(state_size_);
    dlog_ = take(count_), dk_ = take(e_), dv_ = take(width_);
  }

  void forward() {
    for (int g = 0; g < groups_; ++g) {
      std::fill_n(states_, state_size_, T(0));
      for (int t = 0; t < n_; ++t) {
        if (saved_ && t % chunk == 0) std::copy_n(states_, state_size_, saved(g, t));
        mix(g, t, t == 0);
      }
    }
  }

  // Forward of one token a sequence (n_ is 1), that goes on from the last one.
  void step(bool first) {
    for (int g = 0; g < groups_; ++g) {
      states_ = kept_ + g * kept_size();
      maximum_ = states_ + state_size_, sum_ = maximum_ + static_cast<std::size_t>(count_) * L;
      if (first) std::fill_n(states_, state_size_, T(0));
      mix(g, 0, first);
    }
  }

  // With dl_m = p_m (dp_m - Σ p dp), dp_m = dout·V_m, the states' own gradients G, carried backwards:
  //   G^K_t += scale dl q_t,  G^V_t += p dout_t;  dw_t = G^K_t·(k_t - K_{t-1}) + G^V_t·(v_t - V_{t-1})
  //   dk_t = Σ_m w G^K,  dv_t = Σ_m w G^V;  G_{t-1} = (1 - w) G_t
  //   du_t = w (1 - w) dw + w G^L_t,  G^L_{t-1} = (1 - w) G^L_t - w (1 - w) dw
  void backward(Writes write) {
    for (int g = 0; g < groups_; ++g) {
      std::fill_n(dstate_, state_size_, T(0));
      std::fill_n(dlog_, static_cast<std::size_t>(count_) * L, T(0));
      for (int begin = (n_ - 1) / chunk * chunk; begin >= 0; begin -= chunk) {
        const int end = std::min(begin + chunk, n_);
        std::copy_n(saved(g, begin), state_size_, states_);
        for (int t = begin; t < end; ++t) {
          gather_pair(g, t);
          advance(weights(g, t), state(t - begin), state(t - begin + 1));
        }
        for (int t = end - 1; t >= begin; --t) {
          gather(query_, query_.value(), e_, g, t, q_);
          gather_pair(g, t);
          gather(out_, out_.grad(), width_, g, t, y_);
          retreat(weights(g, t), reading(g, t), state(t - begin), state(t - begin + 1));
          scatter(q_, query_, query_.grad(), e_, write[0], g, t);
          scatter(dk_, key_, key_.grad(), e_, write[1], g, t);
          scatter(dv_, value_, value_.grad(), width_, write[2], g, t);
          scatter(u_, slots_, slots_.grad(), count_, write[3], g, t);
        }
      }
    }
  }

  // P_ti = Σ_m p_tm w_im Π_{i<s<=t} (1 - w_sm)
  void look(const AttentionMaps<T>& maps) const {
    const int pair = maps.sequence * cut_.heads + maps.head, g = pair / L, lane = pair % L;
    fill_maps(maps, n_, [&](int t, T* row) {
      for (int m = 0; m < count_; ++m) {
        T rest = reading(g, t)[m * L + lane];
        for (int i = t; i >= 0; --i) {
          const T w = weights(g, i)[m * L + lane];
          row[i] = simd::fma(rest, w, row[i]);
          rest *= 1 - w;
        }
      }
    });
  }

 private:
  std::size_t kept_size() const { return state_size_ + 2 * static_cast<std::size_t>(count_) * L; }

  void mix(int g, int t, bool first) {
    gather(slots_, slots_.value(), count_, g, t, u_);
    gather(query_, query_.value(), e_, g, t, q_);
    gather_pair(g, t);
    find_weights(g, t, first);
    advance(weights(g, t), states_, states_);
    read(reading(g, t));
    scatter(y_, out_, out_.value(), width_, Write::replace, g, t);
  }

  T* weights(int g, int t) const { return w_ + (static_cast<std::size_t>(g) * n_ + t) * count_ * L; }
  T* reading(int g, int t) const { return p_ + (static_cast<std::size_t>(g) * n_ + t) * count_ * L; }
  T* saved(int g, int t) const {
    return saved_ + (static_cast<std::size_t>(g) * ((n_ + chunk - 1) / chunk) + t / chunk) * state_size_;
  }
  T* state(int i) const { return states_ + i * state_size_; }

  // Where token t of lane l of group g begins in x's values or gradients; nullptr: no such lane.
  T* place(Tensor<T> x, T* whole, int size, int g, int t, int l) const {
    const int pair = g * L + l, b = pair / cut_.heads, h = pair % cut_.heads;
    if (b >= cut_.batch) return nullptr;
    return whole + (static_cast<std::ptrdiff_t>(b) * n_ + t) * x.stride() + h * size;
  }
  // to [size, L]
  void gather(Tensor<T> x, T* whole, int size, int g, int t, T* to) {
    for (int l = 0; l < L; ++l)
      if (const T* from = place(x, whole, size, g, t, l)) std::copy_n(from, size, rows_ + l * size);
      else std::fill_n(rows_ + l * size, size, T(0));
    transpose(L, size, rows_, size, T(1), to, L);
  }
  void scatter(const T* from, Tensor<T> x, T* whole, int size, Write mode, int g, int t) {
    transpose(size, L, from, L, T(1), rows_, size);
    for (int l = 0; l < L; ++l)
      if (T* to = place(x, whole, size, g, t, l))
        for (int c = 0; c < size; ++c)
          to[c] = mode == Write::replace ? rows_[l * size + c] : to[c] + rows_[l * size + c];
  }
  void gather_pair(int g, int t) {
    gather(key_, key_.value(), e_, g, t, k_);
    gather(value_, value_.value(), width_, g, t, v_);
  }

  // w = exp(u - L), from u, the maximum so far and the sum relative to it.
  void find_weights(int g, int t, bool first) {
    T* w = weights(g, t);
    for (int m = 0; m < count_; ++m) {
      const Vec u = simd::load(u_ + m * L), one = Vec{} + 1;
      Vec maximum = u, sum = one, added = one;
      if (!first) {
        const Vec before = simd::load(maximum_ + m * L), rise = u - before;
        const auto risen = rise > Vec{};
        const Vec smaller = simd::exp(simd::select(risen, -rise, rise));
        maximum = simd::select(risen, u, before);
        added = simd::select(risen, one, smaller);
        sum = simd::fma(simd::load(sum_ + m * L), simd::select(risen, smaller, one), added);
      }
      simd::store(maximum_ + m * L, maximum);
      simd::store(sum_ + m * L, sum);
      simd::store(w + m * L, added / sum);
    }
  }

  // A state: K [slots, e, L], then V [slots, width, L].
  void advance(const T* w, const T* from, T* to) const {
    const auto part = [&](const T* x, int size) {
      for (int m = 0; m < count_; ++m) {
        const Vec weight = simd::load(w + m * L);
        for (int c = 0; c < size; ++c, from += L, to += L) {
          const Vec before = simd::load(from);
          simd::store(to, simd::fma(weight, simd::load(x + c * L) - before, before));
        }
      }
    };
    part(k_, e_), part(v_, width_);
  }

  // y_ = Σ_m p_m V_m from states_.
  void read(T* p) {
    Vec maximum = Vec{} - std::numeric_limits<T>::max(), sum{};
    const T* K = states_;
    for (int m = 0; m < count_; ++m) {
      Vec z{};
      for (int c = 0; c < e_; ++c, K += L) z = simd::fma(simd::load(q_ + c * L), simd::load(K), z);
      z *= scale_;
      maximum = simd::max(z, maximum);
      simd::store(p + m * L, z);
    }
    for (int m = 0; m < count_; ++m) {
      const Vec weight = simd::exp(simd::load(p + m * L) - maximum);
      sum += weight;
      simd::store(p + m * L, weight);
    }
    const Vec one_by_sum = 1 / sum;
    for (int m = 0; m < count_; ++m) simd::store(p + m * L, simd::load(p + m * L) * one_by_sum);
    const T* V = states_ + static_cast<std::size_t>(count_) * e_ * L;
    for (int c = 0; c < width_; ++c) {
      Vec y{};
      for (int m = 0; m < count_; ++m)
        y = simd::fma(simd::load(p + m * L), simd::load(V + (m * width_ + c) * L), y);
      simd::store(y_ + c * L, y);
    }
  }

  // One token back; y_ is dout. Leaves dq in q_, du in u_, and dk_, dv_.
  void retreat(const T* w, const T* p, const T* before, const T* after) {
    const std::size_t values = static_cast<std::size_t>(count_) * e_ * L;  // where V begins
    Vec mean{};
    for (int m = 0; m < count_; ++m) {
      const T* V = after + values + m * width_ * L;
      Vec dp{};
      for (int c = 0; c < width_; ++c) dp = simd::fma(simd::load(y_ + c * L), simd::load(V + c * L), dp);
      mean = simd::fma(simd::load(p + m * L), dp, mean);
      simd::store(d_ + m * L, dp);
    }
    for (int m = 0; m < count_; ++m)
      simd::store(d_ + m * L, scale_ * simd::load(p + m * L) * (simd::load(d_ + m * L) - mean));
    // The states' gradients, and what they give to one pair's k or v.
    const auto part = [&](const T* factor, const T* y, const T* x, int size, std::size_t at, T* dx) {
      for (int c = 0; c < size; ++c) simd::store(dx + c * L, Vec{});
      for (int m = 0; m < count_; ++m) {
        const Vec f = simd::load(factor + m * L), weight = simd::load(w + m * L), kept = 1 - weight;
        Vec dw = at == 0 ? Vec{} : simd::load(u_ + m * L);
        T* G = dstate_ + at + m * size * L;
        const T* S = before + at + m * size * L;
        for (int c = 0; c < size; ++c, G += L, S += L) {
          const Vec gradient = simd::fma(f, simd::load(y + c * L), simd::load(G));
          dw = simd::fma(gradient, simd::load(x + c * L) - simd::load(S), dw);
          simd::store(dx + c * L, simd::fma(weight, gradient, simd::load(dx + c * L)));
          simd::store(G, kept * gradient);
        }
        simd::store(u_ + m * L, dw);
      }
    };
    part(d_, q_, k_, e_, 0, dk_);
    part(p, y_, v_, width_, values, dv_);
    for (int c = 0; c < e_; ++c) {
      Vec dq{};
      for (int m = 0; m < count_; ++m)
        dq = simd::fma(simd::load(d_ + m * L), simd::load(after + (m * e_ + c) * L), dq);
      simd::store(q_ + c * L, dq);
    }
    for (int m = 0; m < count_; ++m) {
      const Vec weight = simd::load(w + m * L), kept = 1 - weight, carried = simd::load(dlog_ + m * L);
      const Vec d = weight * kept * simd::load(u_ + m * L);
      simd::store(u_ + m * L, simd::fma(weight, carried, d));
      simd::store(dlog_ + m * L, kept * carried - d);
    }
  }

  Tensor<T> query_, key_, value_, slots_, out_;
  Cut cut_;
  int n_, e_, width_, count_, groups_;
  std::size_t state_size_;
  T scale_;
  T *w_, *p_;               // [groups, context, slots, L]: kept for backward
  T* saved_ = nullptr;      // [groups, chunks, state]: likewise
  T* states_;               // of forward; of a chunk's tokens in backward
  T* kept_ = nullptr;       // [groups, state and maximum and sum]: of generation
  T *q_, *k_, *v_, *y_, *u_, *maximum_, *sum_, *d_, *rows_;
  T *dstate_ = nullptr, *dlog_ = nullptr, *dk_ = nullptr, *dv_ = nullptr;
};

}  // namespace

template <class T>
Mixture<T> abc(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> slots, Cut cut) {
  check_shapes("abc", query, key, value, cut);
  if (slots.rows() != query.rows() || slots.cols() % cut.heads != 0)
    throw failure("abc: the shape of the slots' logits does not fit");
  const Tensor<T> out = graph.tensor(value.rows(), value.cols());
  const auto kernel = std::make_shared<Abc<T>>(graph, query, key, value, slots, out, cut);
  graph.record({query, key, value, slots}, {out}, [=] { kernel->forward(); },
               [=](Writes write) {
                 check_gradients("abc", {query, key, value, slots});
                 kernel->backward(write);
               });
  return {out, [=](const AttentionMaps<T>& maps) { kernel->look(maps); }};
}

// The same for one token of each sequence, the one at *position; what was written stays in the slots.
template <class T>
static Tensor<T> abc_step(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> slots,
                          int heads, const int* position) {
  const Tensor<T> out = graph.tensor(value.rows(), value.cols());
  const auto kernel = std::make_shared<Abc<T>>(graph, query, key, value, slots, out, Cut{query.rows(), heads});
  graph.record({query, key, value, slots}, {out}, [=] { kernel->step(*position == 0); },
               [](Writes) { throw failure("abc_step has no gradient"); });
  return out;
}

template Mixture<float> abc(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>, Tensor<float>, Cut);
template Mixture<double> abc(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>,
                           Tensor<double>, Cut);

namespace {

// y = x·Wᵀ
template <class T>
Tensor<T> product(Graph<T>& graph, Tensor<T> x, Tensor<T> weight) {
  const int rows = x.rows(), in = x.cols(), out = weight.rows();
  const Tensor<T> y = graph.tensor(rows, out);
  graph.record({x, weight}, {y},
               [=] {
                 matmul(rows, out, in, x.values(), weight.values().transposed(), y.value(), y.stride());
               },
               [=](Writes write) {
                 if (x.grad())
                   matmul(rows, in, out, y.grads(), weight.values(), x.grad(), x.stride(), write[0]);
                 matmul(out, in, rows, y.grads().transposed(), x.values(), weight.grad(),
                        weight.stride(), write[1]);
               });
  return y;
}

class AbcMixer {
 public:
  AbcMixer(const Settings& s, const MixerShape& shape) : shape_(shape), slots_(s.integer("slots")) {}

  template <class T>
  Mixed<T> record(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const auto [query, key, value] = project(recorder, name, x, shape_);
    return project_out(recorder, name,
                       abc(recorder.graph, query, key, value, slots(recorder, name, x),
                           {recorder.batch, shape_.heads}),
                       shape_);
  }
  template <class T>
  Tensor<T> record_step(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const auto [query, key, value] = project(recorder, name, x, shape_);
    return recorder.linear(name + "out",
                           abc_step(recorder.graph, query, key, value, slots(recorder, name, x), shape_.heads,
                                    recorder.position),
                           shape_.d_model);
  }
  double multiply_adds(int context) const { return 4.0 * slots_ * shape_.d_model * context; }
  double state_size(int) const { return 2.0 * slots_ * (shape_.d_model + shape_.heads); }

 private:
  // u [rows, heads·slots]
  template <class T>
  Tensor<T> slots(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const int d = shape_.d_model, all = shape_.heads * slots_;
    return product(recorder.graph, x,
                   recorder.parameter(name + "slots.weight", {all, d}, Initial::linear(d)));
  }

  const MixerShape shape_;
  const int slots_;
};

const Registered<MixerPlugin> registered(mixer<AbcMixer>(
    {.name = "abc",
     .rule = "slots K_m, V_m: means of keys and values weighted by exp(u_m); softmax_m(q_i.K_m / sqrt(head size)) V_m",
     .source = "Peng et al., arXiv:2110.02488",
     .settings = {Setting::integer("slots", "4", 1, 4096, "memory slots of a head", "this program")},
     .reads = {"heads", "qk_gain"},
     .tiny = {{"slots", "3"}}}));

}  // namespace

plain::Numbers plain::abc(int context, const Numbers& q, const Numbers& k, const Numbers& u) {
  const int n = context, e = static_cast<int>(q.size()) / n, slots = static_cast<int>(u.size()) / n;
  Numbers map(n * n);
  for (int t = 0; t < n; ++t) {
    Numbers z(slots);
    std::vector<Numbers> written(slots, Numbers(n));  // a_im/A_tm
    double sum = 0;
    for (int m = 0; m < slots; ++m) {
      double most = -1e300, total = 0;
      for (int i = 0; i <= t; ++i) most = std::max(most, u[i * slots + m]);
      for (int i = 0; i <= t; ++i) total += written[m][i] = std::exp(u[i * slots + m] - most);
      for (int i = 0; i <= t; ++i) {
        written[m][i] /= total;
        for (int c = 0; c < e; ++c) z[m] += written[m][i] * k[i * e + c] * q[t * e + c];
      }
      sum += z[m] = std::exp(z[m] / std::sqrt(e));
    }
    for (int m = 0; m < slots; ++m)
      for (int i = 0; i <= t; ++i) map[t * n + i] += z[m] / sum * written[m][i];
  }
  return map;
}

static const Registered<OperationCase> product_case(operation_case(
    {.name = "abc_slots",
     .sizes = {5, 4, 3},
     .inputs = [](const Sizes& n) { return CaseInputs{{n[0], n[1]}, {n[2], n[1]}}; },
     .plain = [](const Matrices& in, const Sizes& n) {
       Matrix y(n[0], n[2]);
       for (int r = 0; r < n[0]; ++r)
         for (int o = 0; o < n[2]; ++o)
           for (int c = 0; c < n[1]; ++c) y(r, o) += in[0](r, c) * in[1](o, c);
       return Matrices{y};
     }},
    [](auto& graph, const auto& in, const Sizes&) { return product(graph, in[0], in[1]); }));

static OperationCase abc_case(const std::string& name, int slots, Sizes sizes, Sizes timed = {}) {
  return mixture_case(
      {.name = name,
       .sizes = std::move(sizes),
       .timed = std::move(timed),
       .more = [=](const Sizes& n) { return CaseInputs{{n[0] * n[2], n[1] * slots}}; },
       .map = [](int context, const auto& in) { return plain::abc(context, in[0], in[1], in[2]); }},
      [](auto& graph, const auto& in, Cut cut) { return abc(graph, in[0], in[1], in[2], in[3], cut).out; });
}
static const Registered<OperationCase> small(abc_case("abc", 4, {2, 2, 9, 3, 3}, {32, 4, 128, 32, 32}));
static const Registered<OperationCase> several_chunks(abc_case("abc_long", 3, {1, 1, 35, 2, 2}));
static const Registered<OperationCase> many_lanes(abc_case("abc_lanes", 2, {6, 3, 3, 2, 2}));

}  // namespace ladder::nn
