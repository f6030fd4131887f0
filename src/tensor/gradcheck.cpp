#include "ladder/tensor/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ladder::tensor {

static constexpr double step = 1e-3;  // the change of a variable
static constexpr double margin = 4;   // so many steps from a kink: beside it functions are steep, too

Tensor<double> GradientProbe::variable(int rows, int cols, double size) {
  Tensor<double> x = graph_.leaf(rows, cols, true);
  draw(x, size);
  variables_.push_back(x), sizes_.push_back(size);
  return x;
}

void GradientProbe::draw(Tensor<double> x, double size) {
  for (std::size_t i = 0; i < x.size(); ++i) x.value()[i] = size * random_.normal(drawn_++);
}

void GradientProbe::keep_choices(const std::function<std::vector<int>()>& choices) {
  const auto kept = [&] {
    const std::vector<int> before = choices();
    for (const Tensor<double>& variable : variables_)
      for (std::size_t i = 0; i < variable.size(); ++i) {
        double& x = variable.value()[i];
        const double middle = x;
        for (const double h : {-margin * step, margin * step}) {
          x = middle + h;
          const bool same = choices() == before;
          x = middle;
          if (!same) return false;
        }
      }
    return true;
  };
  for (int draws = 0; draws < 1000; ++draws) {
    if (kept()) return;
    for (std::size_t v = 0; v < variables_.size(); ++v) draw(variables_[v], sizes_[v]);
  }
  throw failure("gradient check: a kink within reach of all probes");
}

std::vector<std::int32_t> GradientProbe::tokens(int size, int count) {
  std::vector<std::int32_t> result(size);
  for (auto& token : result) token = random_.below(count, drawn_++);
  return result;
}

Tensor<double> GradientProbe::weigh(std::vector<Tensor<double>> results) {
  Tensor<double> sum = graph_.tensor(1, 1);
  std::vector<std::vector<double>> weights;
  for (const auto& y : results) {
    weights.emplace_back(y.size());
    for (double& w : weights.back()) w = random_.normal(drawn_++);
  }
  graph_.record(
      results, {sum},
      [=] {
        double total = 0;
        for (std::size_t i = 0; i < results.size(); ++i)
          for (std::size_t j = 0; j < weights[i].size(); ++j)
            total += weights[i][j] * results[i].value()[j];
        sum.value()[0] = total;
      },
      [=](Writes mode) {
        for (std::size_t i = 0; i < results.size(); ++i)
          for (std::size_t j = 0; j < weights[i].size(); ++j) {
            double& d = results[i].grad()[j];
            d = (mode[i] == Write::replace ? 0 : d) + sum.grad()[0] * weights[i][j];
          }
      });
  return sum;
}

static constexpr double infinity = std::numeric_limits<double>::infinity();

GradientError check_gradient(const GradientCase& gradient_case) {
  Graph<double> graph;
  GradientProbe probe(graph);
  const Tensor<double> loss = gradient_case.build(graph, probe);
  graph.minimise(loss);
  const auto value_at = [&](double& x, double at) {
    const double before = x;
    x = at;
    graph.forward();
    x = before;
    return loss.value()[0];
  };

  graph.forward();
  graph.backward();
  GradientError worst{0, 0};
  for (const Tensor<double>& variable : probe.variables()) {
    const std::vector<double> analytic(variable.grad(), variable.grad() + variable.size());
    double difference = 0, largest = 0;
    for (std::size_t i = 0; i < variable.size(); ++i) {
      double& x = variable.value()[i];
      const auto slope = [&](double h) { return (value_at(x, x + h) - value_at(x, x - h)) / (2 * h); };
      const double numeric = (4 * slope(step / 2) - slope(step)) / 3;  // error of order step⁴
      const double error = std::fabs(analytic[i] - numeric);
      difference = std::max(difference, std::isfinite(error) ? error : infinity);
      largest = std::max(largest, std::fabs(numeric));
      ++worst.elements;
    }
    // A NaN anywhere must not pass for agreement.
    const bool finite = std::isfinite(difference);
    worst.relative = std::max(worst.relative, finite ? difference / std::max(largest, 1e-12) : infinity);
  }
  return worst;
}

}  // namespace ladder::tensor
