// One harness for the gradients of all operations: analytic against central differences, in double.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ladder/base/registry.h"
#include "ladder/tensor/graph.h"
#include "ladder/base/random.h"

namespace ladder::tensor {

// What a case builds upon: leaves with reproducible random values, and a scalar to differentiate.
class GradientProbe {
 public:
  explicit GradientProbe(Graph<double>& graph) : graph_(graph), random_(1, "gradcheck") {}

  // A leaf with gradient, normal values of the given size.
  Tensor<double> variable(int rows, int cols, double size = 1);
  // Integers 0 .. count-1.
  std::vector<std::int32_t> tokens(int size, int count);
  // For operations with kinks, where no derivative exists: draws the variables anew until `choices` gives
  // the same for every change that the check will make, and larger ones. It is to compute what it looks at.
  void keep_choices(const std::function<std::vector<int>()>& choices);
  // Σ c ∘ y for fixed random c: a scalar that depends on every element of every y.
  Tensor<double> weigh(std::vector<Tensor<double>> results);

  const std::vector<Tensor<double>>& variables() const { return variables_; }

 private:
  Graph<double>& graph_;
  Random random_;
  void draw(Tensor<double> x, double size);

  std::uint64_t drawn_ = 0;
  std::vector<Tensor<double>> variables_;
  std::vector<double> sizes_;
};

// A registered case: builds a small graph that ends in a [1, 1] tensor.
struct GradientCase {
  static constexpr const char* kind = "gradient case";
  std::string name;
  std::function<Tensor<double>(Graph<double>&, GradientProbe&)> build;
};

struct GradientError {
  double relative;  // max |analytic - numeric| / max |numeric|, the worst over the variables
  int elements;     // how many derivatives were compared
};

// Central differences with Richardson extrapolation. A right gradient gives 1e-7 or less.
GradientError check_gradient(const GradientCase& gradient_case);

}  // namespace ladder::tensor
