#include "subject.h"

namespace ladder::nn {
namespace {

using namespace testing;

std::uint64_t plain_code(const double* x, int size, const ZetaOptions& o) {
  std::vector<std::uint64_t> u(size);
  for (int c = 0; c < size; ++c) {
    const double top = std::pow(2.0, o.code_bits);
    u[c] = static_cast<std::uint64_t>(
        std::min(std::max(std::floor((x[c] / o.code_range + 1) / 2 * top), 0.0), top - 1));
  }
  std::uint64_t code = 0;
  for (int bit = o.code_bits - 1; bit >= 0; --bit)
    for (int c = 0; c < size; ++c) code = code << 1 | (u[c] >> bit & 1);
  return code;
}

double distance(const double* q, const double* k, int size) {
  double d = 0;
  for (int c = 0; c < size; ++c) d += (q[c] - k[c]) * (q[c] - k[c]);
  return d;
}

// The selected keys of query i, by the words of the reference.
std::vector<int> plain_selection(const Numbers& q, const Numbers& k, int size, int i, const ZetaOptions& o) {
  std::vector<std::pair<std::uint64_t, int>> keys;
  for (int j = 0; j < i / o.chunk * o.chunk; ++j) keys.push_back({plain_code(&k[j * size], size, o), j});
  std::sort(keys.begin(), keys.end());
  int at = 0;
  for (const auto& key : keys) at += key.first < plain_code(&q[i * size], size, o);
  std::vector<std::pair<double, int>> candidates;
  const int end = std::min(static_cast<int>(keys.size()), at + o.neighbours - o.neighbours / 2);
  for (int r = std::max(0, at - o.neighbours / 2); r < end; ++r)
    candidates.push_back({distance(&q[i * size], &k[keys[r].second * size], size), keys[r].second});
  std::sort(candidates.begin(), candidates.end());
  std::vector<int> selected;
  for (const auto& [d, j] : candidates)
    if (static_cast<int>(selected.size()) < o.top_k) selected.push_back(j);
  std::sort(selected.begin(), selected.end());
  return selected;
}

Subject zeta_subject(int key_size, ZetaOptions o) {
  const auto record = [=](auto& graph, const auto& in, const Shape& s) {
    return zeta(graph, in.query, in.key, in.value, in.extra, {s.batch, s.heads}, o).mixed;
  };
  return {"zeta", [=](Shape s) {
            s.key_size = key_size, s.extra_rows = 1, s.extra_cols = 1;
            return s;
          },
          record, record,
          [=](const Shape& s, const Numbers& q, const Numbers& k, const Numbers& gamma) {
            const int n = s.context;
            const double sigmoid = 1 / (1 + std::exp(-gamma[0])), g = std::max(sigmoid * sigmoid, 1e-6);
            Numbers map(n * n), mean(key_size), sum(key_size);
            for (int i = 0; i < n; ++i) {
              for (int c = 0; c < key_size; ++c) mean[c] = (sum[c] += k[i * key_size + c]) / (i + 1);
              double total = 0, w = 1 / (distance(&q[i * key_size], mean.data(), key_size) + g);
              total += w;
              for (int j = 0; j <= i; ++j) map[i * n + j] = w / (i + 1);
              for (const int j : plain_selection(q, k, key_size, i, o)) {
                w = 1 / (distance(&q[i * key_size], &k[j * key_size], key_size) + g);
                map[i * n + j] += w, total += w;
              }
              for (int j = 0; j <= i; ++j) map[i * n + j] /= total;
            }
            return map;
          }};
}

TEST_CASE("zeta: the formula, causal") {
  check_subject(zeta_subject(3, {}));
  check_subject(zeta_subject(2, {.code_bits = 3, .code_range = 2, .chunk = 1, .neighbours = 5, .top_k = 2}));
  check_subject(zeta_subject(1, {.code_bits = 63, .chunk = 7, .neighbours = 1, .top_k = 3}));
  check_subject(zeta_subject(4, {.code_bits = 15, .chunk = 3, .neighbours = 40, .top_k = 40}));
}

TEST_CASE("zeta: codes") {
  const double zero[3] = {0, 0, 0};
  CHECK(z_code(zero, 3, {.code_bits = 2}) == 56);
  const double far[2] = {1e30, -1e30}, nothing[2] = {std::nan(""), 4};
  CHECK(z_code(far, 2, {.code_bits = 2}) == 0b1010);
  CHECK(z_code(nothing, 2, {.code_bits = 2}) == 0b0101);
}

// The last forward's lists of every query of every head.
template <class T>
std::vector<std::vector<int>> lists(const Inputs<T>& in, const Shape& s, const ZetaOptions& o) {
  Graph<T> graph(Graph<T>::Purpose::inference);
  const auto z = zeta(graph, in.query, in.key, in.value, in.extra, {s.batch, s.heads}, o);
  graph.forward();
  std::vector<std::vector<int>> result;
  for (int b = 0; b < s.batch; ++b)
    for (int h = 0; h < s.heads; ++h)
      for (int i = 0; i < s.context; ++i) result.push_back(z.selected(b, h, i));
  return result;
}

TEST_CASE("zeta: small numbers of the reference") {
  const ZetaOptions o{.chunk = 2, .neighbours = 4, .top_k = 3};
  Run<double> run(zeta_subject(3, o), {1, 1, 8, 4});
  fill_small(run);
  run.in.extra.value()[0] = 0;  // g = 0.25
  const auto out = run.out();
  const std::uint64_t codes[] = {941345070, 594250033, 132254258, 132486529};
  for (int j = 0; j < 4; ++j) CHECK(z_code(run.in.key.value() + 3 * j, 3, o) == codes[j]);
  CHECK(lists(run.in, run.s, o) == std::vector<std::vector<int>>{
            {}, {}, {0, 1}, {0, 1}, {1, 2, 3}, {0, 1, 3}, {1, 3, 4}, {0, 1, 5}});
  CHECK(largest_difference(row_of(out, 7), {0.417302971, 0.099693529, -0.278388670, -0.487604037}) <= 1e-9);
  for (int c = 0; c < 4; ++c) {
    CHECK(out[c] == doctest::Approx(run.in.value.value()[c]));
    CHECK(out[4 + c] == doctest::Approx((run.in.value.value()[c] + run.in.value.value()[4 + c]) / 2));
  }
}

TEST_CASE("zeta: lists are those of the words, also among many equal codes, and see no later token") {
  for (const ZetaOptions o : {ZetaOptions{}, ZetaOptions{.code_bits = 1, .chunk = 1, .neighbours = 7, .top_k = 3},
                              ZetaOptions{.code_bits = 2, .chunk = 16, .neighbours = 16, .top_k = 8}}) {
    const int n = 300;
    Run<double> run(zeta_subject(2, o), {1, 2, n, 4});
    const auto before = lists(run.in, run.s, o);
    for (int h = 0; h < 2; ++h) {
      const Numbers q = head_values(run.in.query, run.s, 2, 0, h), k = head_values(run.in.key, run.s, 2, 0, h);
      for (int i = 0; i < n; ++i) CHECK(before[h * n + i] == plain_selection(q, k, 2, i, o));
    }
    for (int t = 150; t < n; ++t)
      for (int c = 0; c < 4; ++c)
        run.in.query.value()[t * 4 + c] *= -30, run.in.key.value()[t * 4 + c] *= 25;
    const auto after = lists(run.in, run.s, o);
    for (int h = 0; h < 2; ++h)
      for (int i = 0; i < 150; ++i) CHECK(before[h * n + i] == after[h * n + i]);
  }
}

TEST_CASE("zeta: a very narrow kernel stays finite and its width has no gradient") {
  Run<float> run(zeta_subject(3, {}), {1, 2, 20, 4});
  run.in.extra.value()[0] = -50;
  for (std::size_t i = 0; i < run.in.query.size(); ++i) run.in.query.value()[i] = run.in.key.value()[i] = 1;
  for (const float x : run.out()) REQUIRE(std::isfinite(x));
  const Numbers gradients = run.gradients();
  for (const double x : gradients) REQUIRE(std::isfinite(x));
  CHECK(gradients.back() == 0);
}

}  // namespace
}  // namespace ladder::nn
