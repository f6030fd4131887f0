// The scores' definitions, on rows written out by hand.
#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "ladder/base/random.h"
#include "ladder/nn/attention.h"

namespace ladder {

using namespace nn;
namespace {

// The weights of a last query whose products with the keys are z. Head size 1: query 1, keys z. For
// scores that do not see themselves one more key, of z = 0, follows.
template <class T>
std::vector<T> row(const std::string& name, const std::vector<double>& z, double parameter = 0,
                   std::vector<T>* dz = nullptr) {
  const Score& score = Registry<Score>::get(name);
  const int n = static_cast<int>(z.size()) + !score.form.sees_itself;
  Graph<T> graph;
  const auto input = [&] { return graph.leaf(n, 1, true); };
  const Tensor<T> query = input(), key = input(), value = input();
  for (int i = 0; i < n; ++i) {
    query.value()[i] = 1;
    key.value()[i] = i < static_cast<int>(z.size()) ? static_cast<T>(z[i]) : T(0);
    value.value()[i] = static_cast<T>(i * i % 7);
  }
  const auto mixed = attention(graph, score.form, query, key, value,
                               {.batch = 1, .heads = 1, .parameter = parameter});
  graph.minimise(mixed.out);
  graph.forward();
  std::vector<T> p(n);
  mixed.look.maps({.sequence = 0, .head = 0, .begin = n - 1, .end = n, .probabilities = p.data()});
  p.resize(z.size());
  if (dz) {
    std::fill_n(mixed.out.grad(), n, T(0));
    mixed.out.grad()[n - 1] = 1;
    graph.backward();
    dz->assign(key.grad(), key.grad() + z.size());
  }
  return p;
}

const std::vector<double> z = {0.5, -1.2, 2.0, 0.1, 1.4};

TEST_CASE("scores of a row: five products by hand") {
  const std::map<std::string, std::vector<double>> expected = {
      {"sparsemax", {0, 0, 0.8, 0, 0.2}},
      {"entmax15", {0.007778173, 0, 0.702569099, 0, 0.289652728}},
      {"softpick", {0.059532349, 0, 0.586315775, 0.009651405, 0.280371922}},
      {"cog", {0.094114415, -0.189523157, 0.421791543, 0.063086779, 0.231484107}},
      {"stickbreaking", {0.005358337, 0.002592780, 0.082765656, 0.103849341, 0.802183889}},
  };
  for (const auto& [name, weights] : expected) {
    CAPTURE(name);
    const auto p = row<double>(name, z);
    const auto in_float = row<float>(name, z);
    for (std::size_t j = 0; j < z.size(); ++j) {
      CHECK(std::fabs(p[j] - weights[j]) < 1e-9);
      CHECK(std::fabs(in_float[j] - weights[j]) < 3e-7);
    }
  }
}

TEST_CASE("laplace: weights far below 0 keep their digits") {
  const auto p = row<float>("laplace", {-1.0, -1.1, -1.2});
  const auto w = [](double x) { return std::erfc((std::sqrt(0.5) - x) * std::sqrt(2 * M_PI)) / 2; };
  const double sum = w(-1.0) + w(-1.1) + w(-1.2) + 1e-9;
  CHECK(p[0] == doctest::Approx(w(-1.0) / sum).epsilon(2e-5));
  CHECK(p[2] == doctest::Approx(w(-1.2) / sum).epsilon(2e-5));
}

TEST_CASE("softpick: small products keep their digits, large ones do not overflow") {
  const auto small = row<float>("softpick", {1e-6, 2e-6, -1e-6});
  CHECK(small[0] == doctest::Approx(1e-6 / (4e-6 + 1e-8)).epsilon(1e-5));
  const auto large = row<float>("softpick", {500, 499, -700, 10});
  CHECK(large[0] == doctest::Approx(1 / (1 + std::exp(-1.0))).epsilon(1e-6));
  CHECK(large[2] == 0);
  for (const float x : row<float>("softpick", {-300, -200})) CHECK(x == 0);
}

TEST_CASE("sparsemax and entmax15: rows sum to 1 and have their gradient's support, also where it is long") {
  const Random random(3, "rows");
  for (const std::string name : {"sparsemax", "entmax15"})
    for (const int n : {1, 2, 17, 300, 2000})
      for (const double size : {0.0, 1e-3, 0.1, 3.0, 1e4}) {
        CAPTURE(name);
        CAPTURE(n);
        CAPTURE(size);
        std::vector<double> products(n);
        for (int j = 0; j < n; ++j) products[j] = 5 + size * random.normal(j);
        std::vector<float> dz;
        const auto p = row<float>(name, products, 0, &dz);
        double sum = 0, total = 0, sizes = 0;
        for (int j = 0; j < n; ++j) {
          sum += p[j], total += dz[j], sizes += std::fabs(dz[j]);
          CHECK(p[j] >= 0);
          if (p[j] == 0 && j + 1 < n) CHECK(dz[j] == 0);
        }
        CHECK(sum == doctest::Approx(1).epsilon(2e-5));
        CHECK(std::fabs(total) < 1e-5 * sizes + 1e-6);  // a shift of all z changes nothing
      }
}

TEST_CASE("cauchy: close vectors far from the origin have their distance") {
  Graph<float> graph;
  const Tensor<float> query = graph.leaf(2, 2, true), key = graph.leaf(2, 2, true), value = graph.leaf(2, 2, true);
  const float far = 1024, step = 0.5f;
  for (int i = 0; i < 4; ++i) query.value()[i] = key.value()[i] = far, value.value()[i] = 1;
  key.value()[0] = far + step;  // |q - k|² = 1/4; |q|² is 2^21
  const auto mixed = attention(graph, Registry<Score>::get("cauchy").form, query, key, value,
                               {.batch = 1, .heads = 1});
  graph.forward();
  std::vector<float> p(4);
  mixed.look.maps({.sequence = 0, .head = 0, .begin = 0, .end = 2, .probabilities = p.data()});
  CHECK(p[2] == doctest::Approx(0.8 / 1.8).epsilon(1e-6));
  CHECK(p[3] == doctest::Approx(1 / 1.8).epsilon(1e-6));
}

}  // namespace
}  // namespace ladder
