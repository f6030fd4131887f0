// A case of an operation, declared once beside it and used three times: `gradcheck` and `make test`
// compare the operation with its plain, obvious computation in double, in values and in gradients, and
// `bench` times it.
//
//   const Registered<OperationCase> registered(operation_case(
//       {.name = "scale",
//        .sizes = {3, 7}, .timed = {1024, 128},
//        .inputs = [](const Sizes& n) { return CaseInputs{{n[0], n[1]}}; },
//        .plain = [](const Matrices& in, const Sizes&) { ...; return Matrices{y}; },
//        .multiply_adds = [](const Sizes& n) { return 1.0 * n[0] * n[1]; }},
//       [](auto& graph, const auto& in, const Sizes&) { return scale(graph, in[0], -1.7); }));
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ladder/base/registry.h"
#include "ladder/tensor/graph.h"

namespace ladder::tensor {

using Sizes = std::vector<int>;  // of a case; what they mean is the case's own

struct Matrix {
  int rows, cols;
  std::vector<double> values;

  Matrix(int rows, int cols) : rows(rows), cols(cols), values(static_cast<std::size_t>(rows) * cols) {}
  double& operator()(int r, int c) { return values[static_cast<std::size_t>(r) * cols + c]; }
  double operator()(int r, int c) const { return values[static_cast<std::size_t>(r) * cols + c]; }
};
using Matrices = std::vector<Matrix>;

// A leaf of reproducible normal numbers, the same in float and double.
struct CaseInput {
  int rows, cols;
  double size = 1;             // standard deviation
  bool differentiated = true;  // false: a constant
};
using CaseInputs = std::vector<CaseInput>;

// Records the operation and gives its results. Parameters of its own it may add to the inputs, to be
// differentiated, too (by a case without `plain`).
template <class T>
using Record = std::function<std::vector<Tensor<T>>(Graph<T>&, std::vector<Tensor<T>>& inputs, const Sizes&)>;

struct OperationCase {
  static constexpr const char* kind = "operation case";
  std::string name = {};
  Sizes sizes = {};  // to be checked at: small, and no multiples of anything
  Sizes timed = {};  // to be timed at: those of a model; empty: it is not
  std::function<CaseInputs(const Sizes&)> inputs = {};
  // The results from the inputs by the formula; without it the operation in double stands for it.
  std::function<Matrices(const Matrices& inputs, const Sizes&)> plain = {};
  std::function<double(const Sizes&)> multiply_adds = {};  // of forward; empty: they do not tell its work
  double tolerance = 1e-5;  // of results in float, relative to the largest element
  Record<float> in_float = {};
  Record<double> in_double = {};
};

// The card with the operation: `record`, for float and double, gives one result or a vector of them.
template <class F>
OperationCase operation_case(OperationCase card, F record) {
  const auto results = [record](auto& graph, auto& inputs, const Sizes& sizes) {
    using T = std::remove_cvref_t<decltype(inputs[0])>;
    if constexpr (std::is_same_v<decltype(record(graph, inputs, sizes)), T>)
      return std::vector<T>{record(graph, inputs, sizes)};
    else
      return record(graph, inputs, sizes);
  };
  card.in_float = results, card.in_double = results;
  return card;
}

// Integers 0 .. count - 1, always the same, that live as long as the program.
const std::vector<std::int32_t>& case_tokens(int size, int count);

// A case recorded: its inputs, and the scalar Σ c ∘ y with fixed random c over all results y, which
// depends on every element of every one.
template <class T>
class RecordedCase {
 public:
  RecordedCase(const OperationCase& c, const Sizes& sizes);
  void forward() { graph_.forward(); }
  void backward() { graph_.backward(); }

  Graph<T>& graph() { return graph_; }
  const std::vector<Tensor<T>>& inputs() const { return inputs_; }
  const std::vector<Tensor<T>>& results() const { return results_; }
  double loss() const;                         // of the last forward
  double loss(const Matrices& results) const;  // if these were the results

 private:
  Graph<T> graph_;
  std::vector<Tensor<T>> inputs_, results_;
  std::vector<std::vector<T>> weights_;  // c
};

// How far an operation is from its plain computation: largest |difference| / largest |element|, the
// worst of the results or of the inputs; infinite where there is a NaN or shapes differ.
struct CaseErrors {
  double in_double, in_float;    // of results
  double gradient = 0;           // in double, against numeric derivatives of the plain computation
  double gradient_in_float = 0;  // against that in double
  // Derivatives compared, and those not compared since the numeric one is uncertain: a kink, or a jump
  // where something is chosen, lies within a step. A derivative need not exist there.
  int derivatives = 0, left_out = 0;
};
CaseErrors check(const OperationCase& c);

inline constexpr double double_tolerance = 1e-11, gradient_tolerance = 1e-6;
// Nothing, or what is wrong, for people. At least half of the derivatives must be compared.
std::string verdict(const CaseErrors& errors, const OperationCase& c);

}  // namespace ladder::tensor
