#include "subject.h"

#include "../../allocation_count.h"

namespace ladder::nn::testing {

static const std::vector<int> contexts = {1, 2, 5, 16, 31, 32, 33, 70, 100};

template <class T>
static void compare_with_plain(const Subject& subject, double tolerance) {
  for (const int context : contexts)
    for (const int head_size : {1, 3, 8, 21}) {
      CAPTURE(context);
      CAPTURE(head_size);
      const Shape wanted{2, 3, context, head_size};
      Run<double> values(subject, wanted);  // for the inputs; they are the same in float
      Run<T> run(subject, wanted);
      const Shape& s = run.s;
      const auto out = run.out();
      Numbers expected_map, expected_out(out.size());
      for (int b = 0; b < s.batch; ++b)
        for (int h = 0; h < s.heads; ++h) {
          const Numbers q = head_values(values.in.query, s, s.keys(), b, h);
          const Numbers k = head_values(values.in.key, s, s.keys(), b, h);
          const Numbers v = head_values(values.in.value, s, s.head_size, b, h);
          Numbers extra;
          if (values.in.extra) {
            if (s.extra_rows < 0) extra = head_values(values.in.extra, s, s.extra_cols / s.heads, b, h);
            else extra.assign(values.in.extra.value(), values.in.extra.value() + values.in.extra.size());
          }
          const Numbers p = subject.plain(s, q, k, extra);
          expected_map.insert(expected_map.end(), p.begin(), p.end());
          for (int i = 0; i < s.context; ++i)
            for (int j = 0; j < s.context; ++j)
              for (int c = 0; c < s.head_size; ++c)
                expected_out[((b * s.context + i) * s.heads + h) * s.head_size + c] +=
                    p[i * s.context + j] * v[j * s.head_size + c];
        }
      CHECK(largest_difference(out, expected_out) <= tolerance);
      CHECK(largest_difference(run.map(), expected_map) <= tolerance);
    }
}

static void check_gradients_in_float(const Subject& subject) {
  for (const int context : {5, 40, 100}) {
    CAPTURE(context);
    Run<float> single(subject, {2, 2, context, 8});
    Run<double> twice(subject, {2, 2, context, 8});
    single.out(), twice.out();
    const Numbers expected = twice.gradients();
    double largest = 0;
    for (const double x : expected) largest = std::max(largest, std::fabs(x));
    CHECK(largest_difference(single.gradients(), expected) <= 20 * subject.tolerance * largest);
  }
}

static void check_causality(const Subject& subject) {
  for (const int context : {9, 37, 100}) {
    Run<float> run(subject, {2, 2, context, 8});
    const auto before = run.out(), map_before = run.map();
    const int cols = run.mixed.out.cols();
    for (const int from : {1, 2, context / 2, context - 3, context - 1}) {
      CAPTURE(context);
      CAPTURE(from);
      Run<float> changed(subject, {2, 2, context, 8});
      for (const Tensor<float>& x : {changed.in.query, changed.in.key, changed.in.value, changed.in.extra}) {
        if (!x || x.rows() != run.s.rows()) continue;
        for (int t = from; t < context; ++t)  // of the first sequence
          for (int c = 0; c < x.cols(); ++c) {
            float& y = x.value()[t * x.stride() + c];
            y = t % 2 ? 40 * y + 3 : -y;
          }
      }
      const auto after = changed.out(), map_after = changed.map();
      const std::size_t kept = static_cast<std::size_t>(from) * cols, sequence = context * cols;
      const auto same = [](const std::vector<float>& a, const std::vector<float>& b, std::size_t begin,
                           std::size_t end) {
        return std::memcmp(a.data() + begin, b.data() + begin, (end - begin) * sizeof(float)) == 0;
      };
      CHECK(same(before, after, 0, kept));
      CHECK_FALSE(same(before, after, kept, sequence));
      CHECK(same(before, after, sequence, before.size()));
      CHECK(same(map_before, map_after, 0, static_cast<std::size_t>(from) * context));
    }
  }
}

static void check_batches(const Subject& subject) {
  Run<float> five(subject, {5, 2, 40, 8});
  const auto all = five.out();
  for (const int batch : {1, 2, 3}) {
    Run<float> some(subject, {batch, 2, 40, 8});
    const auto out = some.out();
    CHECK(std::memcmp(all.data(), out.data(), out.size() * sizeof(float)) == 0);
  }
}

static void check_allocations(const Subject& subject) {
  Run<float> run(subject, {2, 2, 70, 8});
  run.graph.minimise(run.mixed.out);
  run.graph.forward();  // the first run may reserve what a thread keeps
  run.graph.backward();
  const long before = allocation_count();
  run.graph.forward();
  run.graph.backward();
  CHECK(allocation_count() == before);
}

// A replay gives the same bits: nothing is left over from the step before.
static void check_replay(const Subject& subject) {
  Run<float> run(subject, {2, 2, 70, 8});
  const auto first = run.out();
  const Numbers gradients = run.gradients();
  CHECK(run.out() == first);
  CHECK(run.gradients() == gradients);
}

void check_subject(const Subject& subject) {
  CAPTURE(subject.name);
  compare_with_plain<double>(subject, 1e-11);
  compare_with_plain<float>(subject, subject.tolerance);
  check_gradients_in_float(subject);
  check_causality(subject);
  check_batches(subject);
  check_allocations(subject);
  check_replay(subject);
}

}  // namespace ladder::nn::testing
