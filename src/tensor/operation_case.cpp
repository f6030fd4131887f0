#include "ladder/tensor/operation_case.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "ladder/base/random.h"

namespace ladder::tensor {

static constexpr double infinity = std::numeric_limits<double>::infinity();

const std::vector<std::int32_t>& case_tokens(int size, int count) {
  static std::map<std::pair<int, int>, std::vector<std::int32_t>> all;
  std::vector<std::int32_t>& tokens = all[{size, count}];
  const Random random(1, "case tokens");
  for (int i = static_cast<int>(tokens.size()); i < size; ++i) tokens.push_back(random.below(count, i));
  return tokens;
}

template <class T>
RecordedCase<T>::RecordedCase(const OperationCase& c, const Sizes& sizes) {
  const CaseInputs inputs = c.inputs(sizes);
  constexpr std::uint64_t period = 4093;  // drawing takes long; prime: no row is like another
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Tensor<T> x = graph_.leaf(inputs[k].rows, inputs[k].cols, inputs[k].differentiated);
    const Random random(static_cast<std::uint64_t>(k), "case inputs");
    for (std::size_t i = 0; i < x.size(); ++i)
      x.value()[i] = i < period ? static_cast<T>(static_cast<float>(inputs[k].size * random.normal(i)))
                                : x.value()[i - period];
    inputs_.push_back(x);
  }
  if constexpr (sizeof(T) == sizeof(float)) results_ = c.in_float(graph_, inputs_, sizes);
  else results_ = c.in_double(graph_, inputs_, sizes);

  for (std::size_t k = 0; k < results_.size(); ++k) {
    const Random random(static_cast<std::uint64_t>(k), "case weights");
    if (!results_[k].contiguous()) throw failure("case " + c.name + ": a result must be contiguous");
    std::vector<T>& w = weights_.emplace_back(results_[k].size());
    for (std::size_t i = 0; i < w.size(); ++i)
      w[i] = i < period ? static_cast<T>(static_cast<float>(random.normal(i))) : w[i - period];
  }
  const Tensor<T> loss = graph_.tensor(1, 1);
  graph_.record(
      results_, {loss}, [] {},  // who wants the sum calls loss(): it would be timed, too
      [this](Writes mode) {
        for (std::size_t k = 0; k < results_.size(); ++k)
          for (std::size_t i = 0; i < weights_[k].size(); ++i) {
            T& d = results_[k].grad()[i];
            d = (mode[k] == Write::replace ? 0 : d) + weights_[k][i];
          }
      });
  graph_.minimise(loss);
}

template <class T>
double RecordedCase<T>::loss() const {
  double total = 0;
  for (std::size_t k = 0; k < results_.size(); ++k)
    for (std::size_t i = 0; i < weights_[k].size(); ++i)
      total += double{weights_[k][i]} * results_[k].value()[i];
  return total;
}

template <class T>
double RecordedCase<T>::loss(const Matrices& results) const {
  double total = 0;
  for (std::size_t k = 0; k < results.size(); ++k)
    for (std::size_t i = 0; i < weights_[k].size(); ++i) total += weights_[k][i] * results[k].values[i];
  return total;
}

template class RecordedCase<float>;
template class RecordedCase<double>;

namespace {

template <class T>
Matrix matrix_of(Tensor<T> x, const T* from) {
  Matrix m(x.rows(), x.cols());
  for (int r = 0; r < m.rows; ++r)
    for (int c = 0; c < m.cols; ++c) m(r, c) = from[r * x.stride() + c];
  return m;
}

template <class T>
Matrices results_of(RecordedCase<T>& recorded) {
  recorded.forward();
  Matrices all;
  for (const Tensor<T>& y : recorded.results()) all.push_back(matrix_of(y, y.value()));
  return all;
}

double relative(double difference, double largest) {
  return std::isfinite(difference) ? difference / std::max(largest, 1e-12) : infinity;
}

double difference(const Matrices& ours, const Matrices& expected) {
  if (ours.size() != expected.size()) return infinity;
  double worst = 0;
  for (std::size_t k = 0; k < ours.size(); ++k) {
    if (ours[k].rows != expected[k].rows || ours[k].cols != expected[k].cols) return infinity;
    double most = 0, largest = 0;
    for (std::size_t i = 0; i < ours[k].values.size(); ++i) {
      const double error = std::fabs(ours[k].values[i] - expected[k].values[i]);
      most = std::max(most, std::isfinite(error) ? error : infinity);  // a NaN is no agreement
      largest = std::max(largest, std::fabs(expected[k].values[i]));
    }
    worst = std::max(worst, relative(most, largest));
  }
  return worst;
}

// The derivative of f at 0 from central differences with steps h and h/2, and again with h/2 and h/4.
// Where they do not agree there is a kink, or a jump, within h.
struct Derivative {
  double coarse, fine;
};
Derivative derivative(const std::function<double(double)>& f) {
  constexpr double h = 1e-3;
  const auto slope = [&](double step) { return (f(step) - f(-step)) / (2 * step); };
  const double first = slope(h), second = slope(h / 2), third = slope(h / 4);
  return {(4 * second - first) / 3, (4 * third - second) / 3};  // Richardson: errors of order step⁴
}

// One input's derivatives.
struct Compared {
  std::vector<Derivative> numeric;
  Matrix analytic, in_float;
  double largest() const {
    double x = 0;
    for (const Derivative& d : numeric) x = std::max(x, std::fabs(d.fine));
    return x;
  }
};

// Adds what they have to say. An input that the loss (nearly) does not depend on has derivatives of
// rounding alone: none is measured in less than a part of `overall`, the largest of all inputs.
void compare(const Compared& input, double overall, CaseErrors& errors) {
  const double largest = std::max(input.largest(), 1e-4 * overall);
  double most = 0, most_in_float = 0;
  for (std::size_t i = 0; i < input.numeric.size(); ++i) {
    const auto [coarse, fine] = input.numeric[i];
    const double error = std::fabs(input.analytic.values[i] - fine);
    const double float_error = std::fabs(input.in_float.values[i] - input.analytic.values[i]);
    most_in_float = std::max(most_in_float, std::isfinite(float_error) ? float_error : infinity);
    if (std::fabs(fine - coarse) > gradient_tolerance / 4 * largest) {
      ++errors.left_out;
      continue;
    }
    ++errors.derivatives;
    most = std::max(most, std::isfinite(error) ? error : infinity);
  }
  errors.gradient = std::max(errors.gradient, relative(most, largest));
  errors.gradient_in_float =
      std::max(errors.gradient_in_float, relative(most_in_float, std::max(largest, 1e-2 * overall)));
}

}  // namespace

CaseErrors check(const OperationCase& c) {
  RecordedCase<double> exact(c, c.sizes);
  RecordedCase<float> single(c, c.sizes);
  const Matrices results = results_of(exact);
  Matrices inputs;
  for (const Tensor<double>& x : exact.inputs()) inputs.push_back(matrix_of(x, x.value()));
  const Matrices expected = c.plain ? c.plain(inputs, c.sizes) : results;
  CaseErrors errors{difference(results, expected), difference(results_of(single), expected)};

  exact.backward();
  single.backward();
  std::vector<Compared> all;
  double overall = 0;
  for (std::size_t k = 0; k < exact.inputs().size(); ++k) {
    const Tensor<double> x = exact.inputs()[k];
    const Tensor<float> y = single.inputs()[k];
    if (!x.grad()) continue;
    Compared input{{}, matrix_of(x, x.grad()), matrix_of(y, y.grad())};
    for (std::size_t i = 0; i < x.size(); ++i) {
      double& element = c.plain ? inputs[k].values[i] : x.value()[i];
      const double middle = element;
      input.numeric.push_back(derivative([&](double step) {
        element = middle + step;
        if (!c.plain) exact.forward();
        const double loss = c.plain ? exact.loss(c.plain(inputs, c.sizes)) : exact.loss();
        element = middle;
        return loss;
      }));
    }
    overall = std::max(overall, input.largest());
    all.push_back(std::move(input));
  }
  for (const Compared& input : all) compare(input, overall, errors);
  return errors;
}

std::string verdict(const CaseErrors& e, const OperationCase& c) {
  std::vector<std::string> faults;
  const auto expect = [&](double error, double tolerance, const char* what) {
    if (!(error <= tolerance)) faults.push_back(std::string(what) + " beyond " + to_text(tolerance));
  };
  expect(e.in_double, double_tolerance, "results in double");
  expect(e.in_float, c.tolerance, "results in float");
  expect(e.gradient, gradient_tolerance, "gradient");
  expect(e.gradient_in_float, 20 * c.tolerance, "gradient in float");
  if (e.left_out > e.derivatives) faults.emplace_back("most numeric derivatives are uncertain");
  return join(faults, ", ");
}

}  // namespace ladder::tensor
