// What the parts of the bench measure with. Private to it and to tests/peers.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "statistics/statistics.h"
#include "ladder/tensor/kernels/matmul.h"

namespace ladder::lab {

using namespace tensor;
using namespace statistics;

// Floating-point operations a second of one core that does nothing but multiply-adds, measured for
// about a millisecond. Throws a failure if they were not really done.
double measure_peak();

using Workload = std::function<void()>;

// Takes turns between the workloads and the peak.
class Stopwatch {
 public:
  Stopwatch(int repeats, double sample_seconds)
      : repeats_(repeats), sample_seconds_(sample_seconds) {}

  // Seconds a call: [workload][repeat]. Each is called before, to warm up.
  std::vector<Values> time(const std::vector<Workload>& workloads);
  double peak() const { return median(peaks_); }  // of all turns so far

 private:
  int calls_in_a_sample(const Workload& workload) const;

  const int repeats_;
  const double sample_seconds_;
  Values peaks_;
};

// The median of a[i] / b[i].
double median_ratio(const Values& a, const Values& b);

// One matrix product; see bench() for its form.
struct MatmulCase {
  int m, k, n;
  std::string form;

  bool a_transposed() const { return form == "TN" || form == "dW"; }
  bool b_transposed() const { return form == "NT"; }
  double flop() const { return 2.0 * m * k * n; }
  std::string shape() const;
};
std::vector<MatmulCase> matmul_cases();

// Its operands, filled with fixed numbers around 0.
struct MatmulOperands {
  explicit MatmulOperands(const MatmulCase& product);
  void multiply();  // c = a b

  const MatmulCase product;
  std::vector<float> a, b, c;
};

// Normal numbers, always the same.
std::vector<float> fixed_numbers(std::size_t count, const char* name);

// A process of its own.
struct ProcessCost {
  double first_output;  // seconds from its start until it says anything
  double memory;        // bytes, the largest resident set
};
// Runs program with the words. The kernel counts the caller's own memory at this moment as the
// process's first: to be called while that is small. Throws a failure if it ends with an error.
ProcessCost run_process(const std::filesystem::path& program,
                        const std::vector<std::string>& words);

}  // namespace ladder::lab
