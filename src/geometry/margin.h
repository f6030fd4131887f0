// Choosing keys by the largest margin: attention as a support-vector machine (Tarzanagh, Li,
// Thrampoulidis, Oymak 2023, arXiv:2308.16898). Knows vectors and matrices, no model.
//
//   W* = the matrix of least norm ‖W‖_F with uᵀ W z >= 1 for every query z and all its differences
//   u = x_chosen - x_other.   The largest margin, min uᵀ W z / ‖W‖_F over all W, is then 1/‖W*‖_F.
#pragma once

#include <vector>

namespace ladder::geometry {

class MarginProblem {
 public:
  MarginProblem(int rows, int columns) : rows_(rows), columns_(columns) {}

  // z [columns] and all differences u, one after another, [count, rows]; none of them 0.
  void add(const std::vector<double>& z, const std::vector<double>& differences);

  int rows() const { return rows_; }
  int columns() const { return columns_; }
  int queries() const { return static_cast<int>(first_.size()) - 1; }
  int constraints() const { return first_.back(); }
  const double* query(int q) const { return z_.data() + static_cast<std::size_t>(q) * columns_; }
  // The constraints of query q are number first(q) up to, not including, first(q + 1).
  int first(int q) const { return first_[q]; }
  const double* difference(int constraint) const {
    return u_.data() + static_cast<std::size_t>(constraint) * rows_;
  }

 private:
  int rows_, columns_;
  std::vector<double> z_, u_;
  std::vector<int> first_ = {0};
};

// uᵀ W z of every constraint; W [rows, columns].
std::vector<double> margins(const MarginProblem& problem, const std::vector<double>& w);

struct MaximumMargin {
  bool separable;  // otherwise no W was found, and there is none of a margin worth the name
  int sweeps;
  std::vector<double> w;            // W* [rows, columns]
  std::vector<double> multipliers;  // of each constraint, >= 0: W* = Σ multiplier · u zᵀ
};

// By dual coordinate descent: no matrix of all constraints is formed. Not separable: a margin below
// 1 - 1e-3 of what is asked for is left after `most_sweeps`; or before, when the dual has proved that
// none is above 1e-5 of the constraints' mean length |u||z|.
MaximumMargin maximum_margin(const MarginProblem& problem, int most_sweeps = 10000);

double norm(const std::vector<double>& w);                                             // Frobenius
double correlation(const std::vector<double>& a, const std::vector<double>& b);  // <a, b>/(‖a‖‖b‖)
// Singular values of W [rows, columns], largest first.
std::vector<double> singular_values(const std::vector<double>& w, int rows, int columns);

}  // namespace ladder::geometry
