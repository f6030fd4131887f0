// Combiner: a query's softmax runs over the direct keys O0 and over spans O_r, each of which counts as
// one key whatever its length:
//
//   k_O = max_{j in O} k_j, q_O = max_{j in O} q_j, entry by entry      v_O = Σ_j softmax_j(scale q_O·k_j) v_j
//   out_i = Σ p_ij v_j (direct) + Σ p_iO v_O,  p_i = softmax(scale q_i·k_j, scale q_i·k_O)
//
// A maximum passes its gradient to the first entry that attains it. Ren et al., arXiv:2107.05768
//
// Every key and every span is legal for consecutive queries. Queries are taken a panel at a time, one a
// lane, over all columns (keys and spans) that are legal for one of them.
#include "ladder/tensor/kernels/panel.h"
#include "ladder/tensor/kernels/transpose.h"
#include "nn/mixers/around.h"
#include "nn/mixers/operations.h"
#include "nn/mixers/plain.h"

namespace ladder::nn {

static std::vector<CombinerSpan> fixed_spans(int context, int length) {
  std::vector<CombinerSpan> spans;
  for (int end = length; end < context; end += length) spans.push_back({end - length, end, end, context});
  return spans;
}

// Bit l of query i: the span of length 2^l that ends where i's own begins.
static std::vector<CombinerSpan> logsparse_spans(int context) {
  std::vector<CombinerSpan> spans;
  for (int length = 1; length < context; length *= 2)
    for (int end = length; end < context; end += 2 * length)
      spans.push_back({end - length, end, end, std::min(context, end + length)});
  return spans;
}

CombinerPlan fixed_plan(int span) {
  return {[=](int key, int context) { return std::min(context, (key / span + 1) * span); },
          [=](int context) { return fixed_spans(context, span); }};
}

CombinerPlan logsparse_plan() {
  return {[](int key, int) { return key + 1; }, logsparse_spans};
}

namespace {

template <int P, class T>  // P: queries of a panel
class Combiner {
  using Vec = simd::Vec<T>;
  static constexpr int lanes = simd::lanes<T>;
  static_assert(P % lanes == 0);

  struct Column {
    int row, from, to;  // of the keys, then the spans; legal for queries from .. to - 1
  };

 public:
  Combiner(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> out, Cut cut,
           const CombinerPlan& plan)
      : query_(query), key_(key), value_(value), out_(out), cut_(cut),
        n_(query.rows() / cut.batch), padded_((n_ + P - 1) / P * P), stride_(padded_ + 16),
        e_(query.cols() / cut.heads), width_(value.cols() / cut.heads),
        scale_(static_cast<T>(1 / std::sqrt(static_cast<double>(e_)))) {
    arrange(plan);
    const auto take = [&](std::size_t rows, int cols) { return graph.scratch(rows * cols); };
    const std::size_t saved = static_cast<std::size_t>(cut.batch) * cut.heads;
    const int spans = static_cast<int>(spans_.size()), rows = n_ + spans;
    maximum_ = take(saved, padded_), one_by_sum_ = take(saved, padded_);
    argmax_key_ = take(saved * spans, e_), argmax_query_ = take(saved * spans, e_);
    q_ = take(padded_, e_), k_ = take(rows, e_), v_ = take(rows, width_);
    key_columns_ = take(e_, stride_), span_query_ = take(spans, e_), inner_ = take(inner_size_, 1);
    panel_k_ = take(widest_, e_), panel_v_ = take(widest_, width_);
    columns_ = take(e_, P), out_columns_ = take(width_, P), z_ = take(widest_, P);
    if (!out.grad()) return;
    value_columns_ = take(width_, stride_), g_ = take(widest_, P), dinner_ = take(longest_, 1);
    dq_ = take(padded_, e_), dk_ = take(rows, e_), dv_ = take(rows, width_);
    dout_ = take(P, width_), panel_dk_ = take(widest_, e_), panel_dv_ = take(widest_, width_);
    span_dquery_ = take(1, e_);
  }

  void forward() {
    for_each_head([&](int b, int h) {
      gather(b, h);
      summarise(true);
      const HeadRows<T> out = head_rows(out_.value(), out_, cut_, b, h);
      for (int t = 0; t < n_; t += P) {
        const int count = compute_weights(t, true);
        small_multiply(width_, P, count, Strided<T>{panel_v_, 1, width_}, z_, P, out_columns_, P);
        transpose(width_, std::min(P, n_ - t), out_columns_, P, T(1), out.row(t), out.stride);
      }
    });
  }

  void backward(Writes write) {
    for_each_head([&](int b, int h) {
      gather(b, h);
      summarise(false);
      transpose(n_, width_, v_, width_, T(1), value_columns_, stride_);
      const std::size_t rows = n_ + spans_.size();
      std::fill_n(dk_, rows * e_, T(0));
      std::fill_n(dv_, rows * width_, T(0));
      for (int t = 0; t < n_; t += P) panel_gradients(t, b, h);
      for (std::size_t s = 0; s < spans_.size(); ++s) span_gradients(s);
      scatter(dq_, query_, e_, write[0], b, h);
      scatter(dk_, key_, e_, write[1], b, h);
      scatter(dv_, value_, width_, write[2], b, h);
    });
  }

  void look(const AttentionMaps<T>& maps) {
    at_head(maps.sequence, maps.head);
    gather(maps.sequence, maps.head);
    summarise(false);
    int count = 0;
    fill_maps(maps, n_, [&](int i, T* to) {
      const int t = i / P * P;
      if (i == t || i == maps.begin) count = compute_weights(t, false);
      for (int c = 0; c < count; ++c) {
        const int row = column(t, c).row;
        const T p = z_[c * P + i - t];
        if (row < n_) {
          to[row] += p;
        } else {
          const CombinerSpan& o = spans_[row - n_];
          for (int j = o.begin; j < o.end; ++j) to[j] += p * inner(row - n_)[j - o.begin];
        }
      }
    });
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
    const std::size_t head = static_cast<std::size_t>(b) * cut_.heads + h;
    saved_ = head * padded_;
    chosen_ = head * spans_.size() * e_;
  }

  // The columns of each panel. A span of one key is that key, and extends its queries.
  void arrange(const CombinerPlan& plan) {
    std::vector<Column> all;
    for (int j = 0; j < n_; ++j) all.push_back({j, j, plan.direct_until(j, n_)});
    for (const CombinerSpan& o : plan.spans(n_)) {
      if (o.end - o.begin == 1) {
        all[o.begin].to = o.to;
        continue;
      }
      all.push_back({n_ + static_cast<int>(spans_.size()), o.from, o.to});
      spans_.push_back(o);
      inner_begin_.push_back(inner_size_);
      inner_size_ += o.end - o.begin;
      longest_ = std::max(longest_, o.end - o.begin);
    }
    std::vector<std::vector<Column>> panels(padded_ / P);
    for (const Column& c : all)
      for (int panel = c.from / P; panel <= (c.to - 1) / P; ++panel) panels[panel].push_back(c);
    panel_begin_.push_back(0);
    for (const auto& panel : panels) {
      panel_columns_.insert(panel_columns_.end(), panel.begin(), panel.end());
      panel_begin_.push_back(panel_columns_.size());
      widest_ = std::max(widest_, static_cast<int>(panel.size()));
    }
  }
  const Column& column(int t, int c) const { return panel_columns_[panel_begin_[t / P] + c]; }
  T* inner(std::size_t span) const { return inner_ + inner_begin_[span]; }
  static std::size_t row_of(T place) { return static_cast<std::size_t>(place); }
  static std::ptrdiff_t at(std::size_t row, int size) { return static_cast<std::ptrdiff_t>(row) * size; }

  void gather(int b, int h) {
    const auto copy = [&](Tensor<T> x, int size, T* to) {
      const HeadRows<T> from = head_rows(x.value(), x, cut_, b, h);
      for (int t = 0; t < n_; ++t) std::copy_n(from.row(t), size, to + at(t, size));
    };
    copy(query_, e_, q_), copy(key_, e_, k_), copy(value_, width_, v_);
    transpose(n_, e_, k_, e_, T(1), key_columns_, stride_);
  }
  void scatter(const T* from, Tensor<T> x, int size, Write mode, int b, int h) {
    const HeadRows<T> to = head_rows(x.grad(), x, cut_, b, h);
    for (int t = 0; t < n_; ++t)
      for_each_vector<T>(size, [&](auto place) {
        write(place, to.row(t), place.load(from + at(t, size)), mode);
      });
  }

  // k_O, v_O behind the keys and values, q_O, and the softmax inside each span. Maxima are chosen by
  // forward; backward takes its choice.
  void summarise(bool choose) {
    for (std::size_t s = 0; s < spans_.size(); ++s) {
      const CombinerSpan& o = spans_[s];
      const int length = o.end - o.begin;
      T *key_places = argmax_key_ + chosen_ + s * e_, *query_places = argmax_query_ + chosen_ + s * e_;
      T *k = k_ + at(n_ + s, e_), *q = span_query_ + at(s, e_), *a = inner(s);
      if (choose) first_maxima(k_, o, key_places), first_maxima(q_, o, query_places);
      for (int c = 0; c < e_; ++c)
        k[c] = k_[at(row_of(key_places[c]), e_) + c], q[c] = q_[at(row_of(query_places[c]), e_) + c];
      small_multiply(1, length, e_, Strided<T>{q, e_, 1}, key_columns_ + o.begin, stride_, a, length);
      const T most = scale_ * *std::max_element(a, a + length);
      for_each_vector<T>(length, [&](auto place) {
        place.store(a, simd::exp(scale_ * place.load(a) - most));
      });
      const T one_by_sum = 1 / sum(a, length);
      for_each_vector<T>(length, [&](auto place) { place.store(a, place.load(a) * one_by_sum); });
      small_multiply(1, width_, length, Strided<T>{a, length, 1}, v_ + at(o.begin, width_), width_,
                     v_ + at(n_ + s, width_), width_);
    }
  }
  void first_maxima(const T* x, const CombinerSpan& o, T* places) const {
    for_each_vector<T>(e_, [&](auto place) {
      Vec most = place.load(x + at(o.begin, e_)), found = Vec{} + static_cast<T>(o.begin);
      for (int j = o.begin + 1; j < o.end; ++j) {
        const Vec y = place.load(x + at(j, e_));
        const auto more = y > most;
        most = simd::select(more, y, most);
        found = simd::select(more, Vec{} + static_cast<T>(j), found);
      }
      place.store(places, found);
    });
  }

  // panel_k_, panel_v_ and z_ = p of the panel's columns; returns their number.
  int compute_weights(int t, bool first) {
    const int count = static_cast<int>(panel_begin_[t / P + 1] - panel_begin_[t / P]);
    for (int c = 0; c < count; ++c) {
      std::copy_n(k_ + at(column(t, c).row, e_), e_, panel_k_ + at(c, e_));
      std::copy_n(v_ + at(column(t, c).row, width_), width_, panel_v_ + at(c, width_));
    }
    transpose(P, e_, q_ + at(t, e_), e_, scale_, columns_, P);
    small_multiply(count, P, e_, Strided<T>{panel_k_, e_, 1}, columns_, P, z_, P);
    for (int v = 0; v < P; v += lanes) {
      T *maximum = maximum_ + saved_ + t + v, *one_by_sum = one_by_sum_ + saved_ + t + v;
      if (first) {
        Vec most = Vec{} - std::numeric_limits<T>::max(), total{};
        for (int c = 0; c < count; ++c) {
          const Vec z = simd::load(z_ + c * P + v);
          most = simd::select(legal(t, c, v), simd::max(z, most), most);
        }
        for (int c = 0; c < count; ++c)
          total += simd::select(legal(t, c, v), simd::exp(simd::load(z_ + c * P + v) - most), Vec{});
        simd::store(maximum, most);
        simd::store(one_by_sum, simd::select(total > Vec{}, 1 / total, Vec{}));
      }
      const Vec most = simd::load(maximum), factor = simd::load(one_by_sum);
      for (int c = 0; c < count; ++c) {
        T* z = z_ + c * P + v;
        simd::store(z, simd::select(legal(t, c, v), simd::exp(simd::load(z) - most) * factor, Vec{}));
      }
    }
    return count;
  }
  auto legal(int t, int c, int v) const {
    const Vec query = simd::iota<T>() + static_cast<T>(t + v);
    return (query >= static_cast<T>(column(t, c).from)) & (query < static_cast<T>(column(t, c).to));
  }

  // dz = scale p (g - Σ p g), g = dout·v
  void panel_gradients(int t, int b, int h) {
    const int count = compute_weights(t, false), queries = std::min(P, n_ - t);
    const HeadRows<T> dout = head_rows(out_.grad(), out_, cut_, b, h);
    if (queries < P) std::fill_n(out_columns_, width_ * P, T(0));
    transpose(queries, width_, dout.row(t), dout.stride, T(1), out_columns_, P);
    transpose(width_, P, out_columns_, P, T(1), dout_, width_);
    small_multiply(count, P, width_, Strided<T>{panel_v_, width_, 1}, out_columns_, P, g_, P);
    for (int v = 0; v < P; v += lanes) {
      Vec mean{};
      for (int c = 0; c < count; ++c)
        mean = simd::fma(simd::load(z_ + c * P + v), simd::load(g_ + c * P + v), mean);
      for (int c = 0; c < count; ++c) {
        T* g = g_ + c * P + v;
        simd::store(g, scale_ * simd::load(z_ + c * P + v) * (simd::load(g) - mean));
      }
    }
    small_multiply(e_, P, count, Strided<T>{panel_k_, 1, e_}, g_, P, columns_, P);
    transpose(e_, P, columns_, P, T(1), dq_ + at(t, e_), e_);
    small_multiply(count, e_, P, Strided<T>{g_, P, 1}, q_ + at(t, e_), e_, panel_dk_, e_);
    small_multiply(count, width_, P, Strided<T>{z_, P, 1}, dout_, width_, panel_dv_, width_);
    for (int c = 0; c < count; ++c) {
      add(panel_dk_ + at(c, e_), e_, dk_ + at(column(t, c).row, e_));
      add(panel_dv_ + at(c, width_), width_, dv_ + at(column(t, c).row, width_));
    }
  }
  static void add(const T* from, int size, T* to) {
    for_each_vector<T>(size, [&](auto place) { write(place, to, place.load(from), Write::accumulate); });
  }

  // With y_j = scale q_O·k_j, a = softmax(y), h_j = dv_O·v_j:  dy = scale a (h - Σ a h),
  // dv_j += a_j dv_O, dk_j += dy_j q_O, dq_O = Σ dy_j k_j; and the maxima's way back.
  void span_gradients(std::size_t s) {
    const CombinerSpan& o = spans_[s];
    const int length = o.end - o.begin;
    const T *a = inner(s), *q = span_query_ + at(s, e_);
    const T *dk = dk_ + at(n_ + s, e_), *dv = dv_ + at(n_ + s, width_);
    T* dy = dinner_;
    small_multiply(1, length, width_, Strided<T>{dv, width_, 1}, value_columns_ + o.begin, stride_, dy,
                   length);
    const T mean = dot(a, dy, length);
    for_each_vector<T>(length, [&](auto place) {
      place.store(dy, scale_ * place.load(a) * (place.load(dy) - mean));
    });
    small_multiply(length, width_, 1, Strided<T>{a, 1, 1}, dv, width_, dv_ + at(o.begin, width_), width_,
                   Write::accumulate);
    small_multiply(length, e_, 1, Strided<T>{dy, 1, 1}, q, e_, dk_ + at(o.begin, e_), e_,
                   Write::accumulate);
    small_multiply(1, e_, length, Strided<T>{dy, length, 1}, k_ + at(o.begin, e_), e_, span_dquery_, e_);
    const T *key_places = argmax_key_ + chosen_ + s * e_, *query_places = argmax_query_ + chosen_ + s * e_;
    for (int c = 0; c < e_; ++c) {
      dk_[at(row_of(key_places[c]), e_) + c] += dk[c];
      dq_[at(row_of(query_places[c]), e_) + c] += span_dquery_[c];
    }
  }

  Tensor<T> query_, key_, value_, out_;
  Cut cut_;
  int n_, padded_, stride_, e_, width_;  // stride_: of columns [.., context]
  T scale_;
  std::vector<CombinerSpan> spans_;       // of two keys or more
  std::vector<std::size_t> inner_begin_;  // where a span's softmax lies
  std::size_t inner_size_ = 0;
  std::vector<Column> panel_columns_;
  std::vector<std::size_t> panel_begin_;
  int widest_ = 0, longest_ = 0;
  T *maximum_, *one_by_sum_;            // [batch, heads, padded]: kept for backward
  T *argmax_key_, *argmax_query_;       // [batch, heads, spans, e]: rows, likewise
  std::size_t saved_ = 0, chosen_ = 0;  // where the head's part of these begins
  // Of one head at a time: rows, those of the spans behind those of the tokens.
  T *q_, *k_, *v_, *key_columns_, *value_columns_ = nullptr, *span_query_, *inner_;
  T *dq_ = nullptr, *dk_ = nullptr, *dv_ = nullptr, *dinner_ = nullptr, *span_dquery_ = nullptr;
  // Of one panel.
  T *panel_k_, *panel_v_, *columns_, *out_columns_, *z_, *g_ = nullptr;
  T *dout_ = nullptr, *panel_dk_ = nullptr, *panel_dv_ = nullptr;
};

}  // namespace

template <class T>
Mixture<T> combiner(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Cut cut,
                  const CombinerPlan& plan) {
  check_shapes("combiner", query, key, value, cut);
  const Tensor<T> out = graph.tensor(value.rows(), value.cols());
  const auto record = [&](auto kernel) -> Mixture<T> {
    graph.record({query, key, value}, {out}, [=] { kernel->forward(); },
                 [=](Writes write) {
                   check_gradients("combiner", {query, key, value});
                   kernel->backward(write);
                 });
    return {out, [=](const AttentionMaps<T>& maps) { kernel->look(maps); }};
  };
  if (query.rows() / cut.batch <= 16)
    return record(std::make_shared<Combiner<16, T>>(graph, query, key, value, out, cut, plan));
  return record(std::make_shared<Combiner<32, T>>(graph, query, key, value, out, cut, plan));
}

template Mixture<float> combiner(Graph<float>&, Tensor<float>, Tensor<float>, Tensor<float>, Cut,
                               const CombinerPlan&);
template Mixture<double> combiner(Graph<double>&, Tensor<double>, Tensor<double>, Tensor<double>, Cut,
                                const CombinerPlan&);

namespace {

class CombinerMixer {
 public:
  CombinerMixer(const Settings& s, const MixerShape& shape)
      : shape_(shape), fixed_(s.text("plan") == "fixed"), span_(fixed_ ? s.integer("span") : 0),
        plan_(fixed_ ? fixed_plan(span_) : logsparse_plan()) {}

  template <class T>
  Mixed<T> record(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const auto [query, key, value] = project(recorder, name, x, shape_);
    return project_out(
        recorder, name,
        combiner(recorder.graph, query, key, value, {recorder.batch, shape_.heads}, plan_), shape_);
  }
  double multiply_adds(int context) const {
    double pairs = 0, inside = 0;
    for (int j = 0; j < context; ++j) pairs += plan_.direct_until(j, context) - j;
    for (const CombinerSpan& o : plan_.spans(context)) pairs += o.to - o.from, inside += o.end - o.begin;
    return 2 * (pairs + inside) * shape_.d_model;
  }
  // Fixed: two summaries of each earlier block, and the own block's queries, keys and values. Logsparse:
  // every key and value is part of a span yet to come, and of each length a query's maximum.
  double state_size(int context) const {
    const double d = shape_.d_model;
    if (fixed_) return 2 * d * (context / span_) + 3 * d * (context % span_);
    int lengths = 0;
    while (context >> lengths) ++lengths;
    return 2 * d * context + d * lengths;
  }

 private:
  const MixerShape shape_;
  const bool fixed_;
  const int span_;
  const CombinerPlan plan_;
};

// A query then sees about as many keys directly as blocks: the work is least, context^1.5.
std::string square_root_of_context(const Settings& s) {
  int span = 1;
  while (span * span < s.integer("context")) ++span;
  return std::to_string(span);
}

const Registered<MixerPlugin> registered(mixer<CombinerMixer>(
    {.name = "combiner",
     .rule = "softmax of q_i.k / sqrt(head size) over near keys and over spans O, k_O = max k_j, v_O = softmax_j(q_O.k_j) v_j",
     .source = "Ren et al., arXiv:2107.05768",
     .settings = {Setting::choice("plan", "fixed", {"fixed", "logsparse"},
                                  "spans of earlier keys: blocks, or lengths that are powers of 2",
                                  "Ren et al."),
                  Setting::integer("span", "auto", 1, 65536, "length of a block", "this program")
                      .automatically(square_root_of_context, "the context's square root, rounded up")
                      .only_if([](const Settings& s) { return s.text("plan") == "fixed"; },
                               "plan = fixed")},
     .reads = {"heads", "qk_gain"},
     .tiny = {{"span", "3"}}}));

}  // namespace

plain::CombinerWords plain::fixed_plan(int span) {
  return {[=](int i) { return i / span * span; },
          [=](int i) {
            std::vector<std::pair<int, int>> spans;
            for (int b = 0; b < i / span; ++b) spans.push_back({b * span, (b + 1) * span});
            return spans;
          }};
}

plain::CombinerWords plain::logsparse_plan() {
  return {[](int i) { return i; },
          [](int i) {
            std::vector<std::pair<int, int>> spans;
            for (int l = 0; i >> l; ++l)
              if (i >> l & 1) spans.push_back({((i >> l) - 1) << l, (i >> l) << l});
            return spans;
          }};
}

plain::Numbers plain::combiner(int context, const Numbers& q, const Numbers& k, const CombinerWords& plan) {
  const int n = context, e = static_cast<int>(q.size()) / n;
  const auto weight = [&](const Numbers& a, int i, const Numbers& b, int j) {
    return std::exp(product(a, i, b, j, e) / std::sqrt(e));
  };
  const auto maximum = [&](const Numbers& x, std::pair<int, int> span) {
    Numbers m(e, -1e300);
    for (int j = span.first; j < span.second; ++j)
      for (int c = 0; c < e; ++c) m[c] = std::max(m[c], x[j * e + c]);
    return m;
  };
  Numbers map(n * n);
  for (int i = 0; i < n; ++i) {
    double* row = map.data() + i * n;
    double sum = 0;
    for (int j = plan.first_direct(i); j <= i; ++j) sum += row[j] = weight(q, i, k, j);
    for (const auto& span : plan.spans(i)) {
      const Numbers key = maximum(k, span), query = maximum(q, span);
      const double of_all = weight(q, i, key, 0);
      double inside = 0;
      for (int j = span.first; j < span.second; ++j) inside += weight(query, 0, k, j);
      for (int j = span.first; j < span.second; ++j) row[j] = of_all * weight(query, 0, k, j) / inside;
      sum += of_all;
    }
    for (int j = 0; j <= i; ++j) row[j] /= sum;
  }
  return map;
}

static OperationCase combiner_case(const std::string& name, const CombinerPlan& plan,
                                   const plain::CombinerWords& words, Sizes sizes, Sizes timed = {}) {
  return mixture_case(
      {.name = name,
       .sizes = std::move(sizes),
       .timed = std::move(timed),
       .map = [=](int context, const auto& in) { return plain::combiner(context, in[0], in[1], words); }},
      [=](auto& graph, const auto& in, Cut cut) { return combiner(graph, in[0], in[1], in[2], cut, plan).out; });
}
static const Registered<OperationCase> fixed(
    combiner_case("combiner_fixed", fixed_plan(3), plain::fixed_plan(3), {2, 2, 11, 3, 3}));
static const Registered<OperationCase> longer(
    combiner_case("combiner_fixed_long", fixed_plan(8), plain::fixed_plan(8), {1, 1, 37, 3, 3}, {32, 4, 128, 32, 32}));
static const Registered<OperationCase> sparse(
    combiner_case("combiner_logsparse", logsparse_plan(), plain::logsparse_plan(), {1, 2, 23, 3, 3}, {32, 4, 128, 32, 32}));

}  // namespace ladder::nn
