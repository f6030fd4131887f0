#include "ladder/nn/optimizer.h"

#include <doctest/doctest.h>

#include <cmath>

namespace ladder {

using namespace nn;
namespace {

using Choices = std::vector<std::pair<std::string, std::string>>;
using Floats = std::vector<float>;

Settings settings_with(const Choices& choices) {
  Settings s;
  for (const auto& [key, value] : choices) s.set(key, value, "test");
  s.resolve();
  return s;
}

// The loss ½ Σ curvature (x - goal)², whose parts differ in how steep they are.
struct Bowl {
  Floats goal = {0.9f, -0.7f, 0.5f, -0.3f, 0.1f};
  Floats curvature = {0.5f, 1, 0.7f, 0.9f, 1};

  double loss(const Floats& x) const {
    double total = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      total += 0.5 * curvature[i] * (x[i] - goal[i]) * (x[i] - goal[i]);
    return total;
  }
  Floats gradient(const Floats& x) const {
    Floats g(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) g[i] = curvature[i] * (x[i] - goal[i]);
    return g;
  }
};

Floats trained(const Settings& s, int steps, double learning_rate, Floats x = Floats(5)) {
  const Bowl bowl;
  const auto optimizer = make_optimizer(s, x.size());
  for (int i = 0; i < steps; ++i) optimizer->update(x, bowl.gradient(x), learning_rate);
  return x;
}

TEST_CASE("optimizers: each describes itself") {
  REQUIRE(Registry<OptimizerPlugin>::all().size() >= 3);
  for (const OptimizerPlugin& kind : Registry<OptimizerPlugin>::all()) {
    CAPTURE(kind.name);
    CHECK(kind.rule != "");
    CHECK(kind.source != "");
    CHECK(kind.learning_rate > 0);
    for (const std::string& name : kind.reads) CHECK(Registry<Setting>::find(name) != nullptr);
  }
}

TEST_CASE("optimizers: each descends into a bowl, at its own learning rate") {
  for (const OptimizerPlugin& kind : Registry<OptimizerPlugin>::all()) {
    CAPTURE(kind.name);
    const Settings s = settings_with({{"optimizer", kind.name}});
    CHECK(s.real("learning_rate") == kind.learning_rate);
    const Floats x = trained(s, 4000, s.real("learning_rate"));
    CHECK(Bowl().loss(x) < 0.1 * Bowl().loss(Floats(5)));
    if (kind.name != "lion")  // whose steps keep their size
      CHECK(Bowl().loss(x) < 1e-3 * Bowl().loss(Floats(5)));
  }
}

TEST_CASE("optimizers: each does the same twice") {
  for (const OptimizerPlugin& kind : Registry<OptimizerPlugin>::all()) {
    CAPTURE(kind.name);
    const Settings s = settings_with({{"optimizer", kind.name}});
    CHECK(trained(s, 20, 0.01) == trained(s, 20, 0.01));
    CHECK(trained(s, 20, 0.01) != trained(s, 20, 0.02));
  }
}

TEST_CASE("optimizers: each leaves the parameters alone at learning rate 0") {
  const Floats start = {1, -2, 0.3f, 0, 1e-3f};
  for (const OptimizerPlugin& kind : Registry<OptimizerPlugin>::all()) {
    CAPTURE(kind.name);
    CHECK(trained(settings_with({{"optimizer", kind.name}}), 5, 0, start) == start);
  }
}

TEST_CASE("optimizers: a gradient of zero from the start moves nothing but what decays") {
  for (const OptimizerPlugin& kind : Registry<OptimizerPlugin>::all()) {
    CAPTURE(kind.name);
    const auto optimizer =
        make_optimizer(settings_with({{"optimizer", kind.name}, {"weight_decay", "0"}}), 2);
    Floats x = {1, -2};
    for (int i = 0; i < 3; ++i) optimizer->update(x, Floats(2), 0.1);
    CHECK(x == Floats{1, -2});
  }
}

// ---- against the formulas, in double ----

using Numbers = std::vector<double>;

Floats some_gradient(int step) {
  Floats g;
  for (int i = 0; i < 5; ++i)
    g.push_back(static_cast<float>(std::sin(1 + 3.0 * i + 1.7 * step) * (i + 1)));
  return g;
}

// Steps of the optimizer and of `formula(step, i, g, x)` side by side.
template <class Formula>
void compare(const Settings& s, double learning_rate, Formula formula) {
  Floats x = {1, -2, 0.5f, 0.25f, 3};
  Numbers expected(x.begin(), x.end());
  const auto optimizer = make_optimizer(s, x.size());
  for (int step = 1; step <= 7; ++step) {
    const Floats g = some_gradient(step);
    optimizer->update(x, g, learning_rate);
    for (std::size_t i = 0; i < x.size(); ++i) {
      formula(step, i, g[i], expected[i]);
      CHECK(x[i] == doctest::Approx(expected[i]).epsilon(2e-6));
    }
  }
}

TEST_CASE("optimizers: sgd is v = momentum v + g; p -= lr v") {
  Numbers v(5);
  compare(settings_with({{"optimizer", "sgd"}, {"momentum", "0.7"}}), 0.05,
          [&](int, std::size_t i, double g, double& x) {
            v[i] = 0.7 * v[i] + g;
            x -= 0.05 * v[i];
          });
}

TEST_CASE("optimizers: adam and adamw are those of their papers") {
  for (const double decay : {0.0, 0.3}) {
    Numbers m(5), v(5);
    const Settings s = settings_with({{"optimizer", decay == 0 ? "adam" : "adamw"},
                                      {"weight_decay", "0.3"},  // adam does not read it
                                      {"beta1", "0.8"},
                                      {"beta2", "0.95"},
                                      {"epsilon", "0.01"}});
    compare(s, 0.05, [&](int step, std::size_t i, double g, double& x) {
      m[i] = 0.8 * m[i] + 0.2 * g;
      v[i] = 0.95 * v[i] + 0.05 * g * g;
      const double mean = m[i] / (1 - std::pow(0.8, step));
      const double square = v[i] / (1 - std::pow(0.95, step));
      x -= 0.05 * decay * x;
      x -= 0.05 * mean / (std::sqrt(square) + 0.01);
    });
  }
}

}  // namespace
}  // namespace ladder
