#include "geometry/margin.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "geometry/tally.h"
#include "ladder/base/random.h"

namespace ladder::geometry {

static double dot(const double* a, const double* b, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

void MarginProblem::add(const std::vector<double>& z, const std::vector<double>& differences) {
  z_.insert(z_.end(), z.begin(), z.end());
  u_.insert(u_.end(), differences.begin(), differences.end());
  first_.push_back(first_.back() + static_cast<int>(differences.size()) / rows_);
}

// y [rows] = W z
static void multiply(const MarginProblem& p, const std::vector<double>& w, const double* z,
                     std::vector<double>& y) {
  y.resize(p.rows());
  for (int r = 0; r < p.rows(); ++r)
    y[r] = dot(w.data() + static_cast<std::size_t>(r) * p.columns(), z, p.columns());
}

std::vector<double> margins(const MarginProblem& p, const std::vector<double>& w) {
  std::vector<double> all, y;
  for (int q = 0; q < p.queries(); ++q) {
    multiply(p, w, p.query(q), y);
    for (int a = p.first(q); a < p.first(q + 1); ++a)
      all.push_back(dot(p.difference(a), y.data(), p.rows()));
  }
  return all;
}

namespace {

// Each multiplier in turn is set to its best value, the others as they are:
// λ' = max(0, λ + (1 - uᵀWz)/H),  H = |u|²|z|²,  W += (λ' - λ) u zᵀ. A query's constraints together, so
// that W z is formed once.
class Descent {
 public:
  explicit Descent(const MarginProblem& problem)
      : p_(problem),
        w_(static_cast<std::size_t>(problem.rows()) * problem.columns()),
        multipliers_(problem.constraints()),
        order_(problem.queries()) {
    std::iota(order_.begin(), order_.end(), 0);
    double length = 0;
    for (int q = 0; q < p_.queries(); ++q) {
      z_square_.push_back(dot(p_.query(q), p_.query(q), p_.columns()));
      for (int a = p_.first(q); a < p_.first(q + 1); ++a) {
        u_square_.push_back(dot(p_.difference(a), p_.difference(a), p_.rows()));
        length += std::sqrt(u_square_.back() * z_square_.back());
      }
    }
    mean_length_ = length / std::max(1, p_.constraints());
  }

  MaximumMargin solve(int most_sweeps) {
    constexpr double close_enough = 1e-9, hopeless = 1e-5;
    int sweep = 0;
    for (double change = 1; sweep < most_sweeps && change > close_enough; ++sweep) {
      shuffle(sweep);
      change = 0;
      for (const int q : order_) change = std::max(change, descend(q));
      // For every W' that solves it Σλ <= <W', W>, hence ‖W'‖ >= Σλ/‖W‖: no margin is above ‖W‖/Σλ.
      const double sum = std::accumulate(multipliers_.begin(), multipliers_.end(), 0.0);
      if (sum > 0 && norm(w_) / sum < hopeless * mean_length_) break;
    }
    const std::vector<double> reached = margins(p_, w_);
    const bool separable = p_.constraints() > 0 &&
                           *std::min_element(reached.begin(), reached.end()) >= 1 - 1e-3;
    return {separable, sweep, std::move(w_), std::move(multipliers_)};
  }

 private:
  void shuffle(int sweep) {  // Fisher and Yates
    for (int i = static_cast<int>(order_.size()); i-- > 1;)
      std::swap(order_[i], order_[random_.below(i + 1, static_cast<std::uint64_t>(sweep), i)]);
  }

  // Returns the largest |change of λ|·H.
  double descend(int q) {
    const double* z = p_.query(q);
    double largest = 0;
    multiply(p_, w_, z, y_);
    step_.assign(p_.rows(), 0);  // Σ (λ' - λ) u
    bool moved = false;
    for (int a = p_.first(q); a < p_.first(q + 1); ++a) {
      const double* u = p_.difference(a);
      const double h = u_square_[a] * z_square_[q];
      const double better =
          std::max(0.0, multipliers_[a] + (1 - dot(u, y_.data(), p_.rows())) / h);
      const double change = better - multipliers_[a];
      if (change == 0) continue;
      moved = true;
      multipliers_[a] = better;
      largest = std::max(largest, std::abs(change) * h);
      for (int r = 0; r < p_.rows(); ++r) {
        y_[r] += change * z_square_[q] * u[r];
        step_[r] += change * u[r];
      }
    }
    for (int r = 0; moved && r < p_.rows(); ++r)
      for (int c = 0; c < p_.columns(); ++c)
        w_[static_cast<std::size_t>(r) * p_.columns() + c] += step_[r] * z[c];
    return largest;
  }

  const MarginProblem& p_;
  std::vector<double> w_, multipliers_, u_square_, z_square_, y_, step_;
  std::vector<int> order_;
  double mean_length_ = 0;
  const Random random_{0, "margin"};
};

}  // namespace

MaximumMargin maximum_margin(const MarginProblem& problem, int most_sweeps) {
  return Descent(problem).solve(most_sweeps);
}

double norm(const std::vector<double>& w) {
  return std::sqrt(dot(w.data(), w.data(), static_cast<int>(w.size())));
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  return dot(a.data(), b.data(), static_cast<int>(a.size())) / (norm(a) * norm(b));
}

std::vector<double> singular_values(const std::vector<double>& w, int rows, int columns) {
  const auto row = [&](int r) { return w.data() + static_cast<std::size_t>(r) * columns; };
  std::vector<double> gram(static_cast<std::size_t>(rows) * rows);  // W Wᵀ
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < rows; ++j) gram[i * rows + j] = dot(row(i), row(j), columns);
  std::vector<double> values = symmetric_eigenvalues(std::move(gram), rows);
  for (double& value : values) value = std::sqrt(std::max(0.0, value));
  values.resize(std::min(rows, columns));
  return values;
}

}  // namespace ladder::geometry
