// The losses; each adds up over the rows whose target is not ignored.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "ladder/base/math.h"
#include "ladder/tensor/operation_case.h"
#include "ladder/tensor/kernels/elementwise.h"
#include "ladder/tensor/ops.h"

namespace ladder::tensor {

// Σ log x over many x >= 1: products of x as long as they fit a double, then one logarithm.
class LogSum {
 public:
  void add(double x) {
    product_ *= x;
    if (!(product_ < 1e200)) sum_ += math::log(std::exchange(product_, 1));  // NaN, too
  }
  double value() const { return sum_ + math::log(product_); }

 private:
  double sum_ = 0, product_ = 1;
};

// Records a loss whose rows are independent: `row_loss(x, target, d, cols, logs)` returns the loss of
// one row of logits x [cols], but for what it adds to `logs`, and writes its gradient d [cols].
template <class T, class RowLoss>
static Tensor<T> rowwise(Graph<T>& graph, Tensor<T> logits, const Targets& targets,
                         RowLoss row_loss) {
  const int rows = logits.rows(), cols = logits.cols();
  Tensor<T> loss = graph.tensor(1, 1);
  T* d = graph.scratch(logits.size());  // gradient of Σ rows; ignored rows stay 0
  graph.record(
      {logits}, {loss},
      [=, &targets] {
        double total = 0;  // in double: many small terms
        LogSum logs;
        for (int r = 0; r < rows; ++r) {
          T* row = d + static_cast<std::size_t>(r) * cols;
          if (targets.token[r] < 0) std::fill_n(row, cols, T(0));
          else total += row_loss(logits.value() + r * logits.stride(), targets.token[r], row, cols, logs);
        }
        loss.value()[0] = static_cast<T>((total + logs.value()) * targets.weight);
      },
      [=, &targets](Writes mode) {
        // dlogits = dloss · weight · d
        const T weight = static_cast<T>(targets.weight) * loss.grad()[0];
        for_each_vector<T>(logits.size(), [&](auto at) {
          write(at, logits.grad(), weight * at.load(d), mode[0]);
        });
      });
  return loss;
}

template <class T>
Tensor<T> cross_entropy(Graph<T>& graph, Tensor<T> logits, const Targets& targets) {
  return rowwise(graph, logits, targets, [](const T* x, int target, T* d, int cols, LogSum& logs) {
    // -log softmax(x)[t] = log Σ exp(x - max) - (x[t] - max);  d = softmax(x) - onehot(t)
    const T maximum = *std::max_element(x, x + cols);
    for_each_vector<T>(cols, [&](auto at) { at.store(d, simd::exp(at.load(x) - maximum)); });
    const T sum = sum_of<T>(cols, [&](auto at, simd::Vec<T> sum) { return sum + at.load(d); });
    const T one_by_sum = T(1) / sum;
    for_each_vector<T>(cols, [&](auto at) { at.store(d, at.load(d) * one_by_sum); });
    d[target] -= 1;
    logs.add(static_cast<double>(sum));
    return maximum - static_cast<double>(x[target]);
  });
}

template <class T>
Tensor<T> squared_loss(Graph<T>& graph, Tensor<T> logits, const Targets& targets) {
  return rowwise(graph, logits, targets, [](const T* x, int target, T* d, int cols, LogSum&) {
    // Σ_v (x[v] - onehot[v])²;  d = 2 (x - onehot)
    double total = 0;
    for (int v = 0; v < cols; ++v) {
      const T difference = x[v] - T(v == target);
      total += static_cast<double>(difference) * difference;
      d[v] = 2 * difference;
    }
    return total;
  });
}

template Tensor<float> cross_entropy(Graph<float>&, Tensor<float>, const Targets&);
template Tensor<double> cross_entropy(Graph<double>&, Tensor<double>, const Targets&);
template Tensor<float> squared_loss(Graph<float>&, Tensor<float>, const Targets&);
template Tensor<double> squared_loss(Graph<double>&, Tensor<double>, const Targets&);

// Every third row is ignored.
static const Targets& case_targets(int rows, int vocabulary) {
  static std::map<std::pair<int, int>, Targets> all;
  Targets& targets = all[{rows, vocabulary}];
  if (targets.token.empty()) {
    targets.token = case_tokens(rows, vocabulary), targets.weight = 1.0 / rows;
    for (int r = 1; r < rows; r += 3) targets.token[r] = -1;
  }
  return targets;
}

template <class Loss>
static OperationCase loss_case(const std::string& name, double (*of_row)(const double* x, int cols, int target),
                               Loss loss) {
  return operation_case(
      {.name = name,  // rows, vocabulary
       .sizes = {5, 9},
       .timed = {1024, 64},
       .inputs = [](const Sizes& n) { return CaseInputs{{n[0], n[1], 2}}; },
       .plain = [=](const Matrices& in, const Sizes& n) {
         const Targets& targets = case_targets(n[0], n[1]);
         Matrix sum(1, 1);
         for (int r = 0; r < n[0]; ++r)
           if (targets.token[r] >= 0)
             sum(0, 0) += targets.weight * of_row(&in[0].values[r * n[1]], n[1], targets.token[r]);
         return Matrices{sum};
       }},
      [=](auto& graph, const auto& in, const Sizes& n) { return loss(graph, in[0], case_targets(n[0], n[1])); });
}
static const Registered<OperationCase> cross_entropy_case(loss_case(
    "cross_entropy",
    [](const double* x, int cols, int target) {
      double sum = 0;
      for (int v = 0; v < cols; ++v) sum += std::exp(x[v]);
      return std::log(sum) - x[target];
    },
    [](auto& graph, auto logits, const Targets& targets) { return cross_entropy(graph, logits, targets); }));
static const Registered<OperationCase> squared_case(loss_case(
    "squared_loss",
    [](const double* x, int cols, int target) {
      double sum = 0;
      for (int v = 0; v < cols; ++v) sum += (x[v] - (v == target)) * (x[v] - (v == target));
      return sum;
    },
    [](auto& graph, auto logits, const Targets& targets) { return squared_loss(graph, logits, targets); }));

}  // namespace ladder::tensor
