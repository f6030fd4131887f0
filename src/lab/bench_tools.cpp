#include "lab/bench_tools.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "ladder/base/error.h"
#include "ladder/base/text.h"
#include "ladder/tensor/kernels/simd.h"
#include "ladder/base/random.h"

namespace ladder::lab {

// ---- the peak -----------------------------------------------------------------------------------

// Two units of latency four or five want ten chains at a time; twelve fit into 16 registers.
static constexpr int chains = 12;

double measure_peak() {
  static volatile int rounds = 600'000;  // volatile: nothing can be worked out before
  const int n = rounds;
  const auto half = simd::broadcast(0.5f), one = simd::broadcast(1.0f);
  simd::Vec<float> x[chains];
  for (int c = 0; c < chains; ++c) x[c] = simd::iota<float>() + static_cast<float>(c);

  const double start = seconds_now();
  for (int i = 0; i < n; ++i)
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c) x[c] = simd::fma(x[c], half, one);
  const double seconds = seconds_now() - start;

  float sum = 0;
  for (const simd::Vec<float>& chain : x) sum += simd::sum(chain);
  // From wherever it starts, x/2 + 1 ends at 2. It also ties the chains to the second clock.
  if (std::abs(sum / (chains * simd::lanes<float>) - 2) > 1e-5f)
    throw failure("the multiply-add peak cannot be measured: wrong result");
  return 2.0 * chains * simd::lanes<float> * n / seconds;
}

// ---- the clock ----------------------------------------------------------------------------------

int Stopwatch::calls_in_a_sample(const Workload& workload) const {
  const auto time_once = [&] {
    const double start = seconds_now();
    workload();
    return std::max(seconds_now() - start, 1e-7);
  };
  // The first call pays for memory, threads and caches; one that is long anyway tells enough.
  if (time_once() > 10 * sample_seconds_) return 1;
  return static_cast<int>(std::max(1.0, std::ceil(sample_seconds_ / time_once())));
}

std::vector<Values> Stopwatch::time(const std::vector<Workload>& workloads) {
  std::vector<int> calls;
  for (const Workload& workload : workloads) calls.push_back(calls_in_a_sample(workload));
  std::vector<Values> seconds(workloads.size());
  for (int repeat = 0; repeat < repeats_; ++repeat) {
    peaks_.push_back(measure_peak());
    for (std::size_t w = 0; w < workloads.size(); ++w) {
      const double start = seconds_now();
      for (int call = 0; call < calls[w]; ++call) workloads[w]();
      seconds[w].push_back((seconds_now() - start) / calls[w]);
    }
  }
  return seconds;
}

double median_ratio(const Values& a, const Values& b) {
  Values ratios(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) ratios[i] = a[i] / b[i];
  return median(ratios);
}

// ---- matrix products ----------------------------------------------------------------------------

std::string MatmulCase::shape() const {
  return std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n);
}

std::vector<MatmulCase> matmul_cases() {
  struct Layer {
    int tokens, in, out;
  };
  static constexpr Layer layers[] = {
      {640, 32, 32},     {1024, 32, 96},    {1024, 32, 128},   {1024, 128, 32},
      {2048, 128, 384},  {2048, 128, 512},  {2048, 512, 128},  {2048, 256, 768},
      {2048, 256, 1024}, {2048, 1024, 256}, {1024, 1024, 1024}};
  std::vector<MatmulCase> cases;
  for (const auto& [tokens, in, out] : layers) {
    for (const char* form : {"NN", "NT", "TN"}) cases.push_back({tokens, in, out, form});
    if (tokens != in) cases.push_back({out, tokens, in, "dW"});  // of the cube it is TN again
  }
  return cases;
}

std::vector<float> fixed_numbers(std::size_t count, const char* name) {
  const Random random(0, name);
  constexpr std::size_t period = 4093;  // drawing takes long; prime: no row is like another
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i)
    numbers[i] = i < period ? static_cast<float>(random.normal(i)) : numbers[i - period];
  return numbers;
}

MatmulOperands::MatmulOperands(const MatmulCase& product)
    : product(product),
      a(fixed_numbers(static_cast<std::size_t>(product.m) * product.k, "bench a")),
      b(fixed_numbers(static_cast<std::size_t>(product.k) * product.n, "bench b")),
      c(static_cast<std::size_t>(product.m) * product.n) {}

void MatmulOperands::multiply() {
  const int m = product.m, k = product.k, n = product.n;
  const auto view = [](const std::vector<float>& x, int rows, int cols, bool transposed) {
    return transposed ? Strided<float>{x.data(), 1, rows} : Strided<float>{x.data(), cols, 1};
  };
  matmul(m, n, k, view(a, m, k, product.a_transposed()), view(b, k, n, product.b_transposed()),
         c.data(), n);
}

// ---- processes ----------------------------------------------------------------------------------

// The process that fork made: becomes the program, its standard output goes to the pipe.
[[noreturn]] static void become(const std::filesystem::path& program,
                                const std::vector<char*>& words, const int (&ends)[2]) {
  dup2(ends[1], STDOUT_FILENO);
  close(ends[0]), close(ends[1]);
  execv(program.c_str(), words.data());
  _exit(127);
}

ProcessCost run_process(const std::filesystem::path& program,
                        const std::vector<std::string>& words) {
  std::string name = program.string();
  std::vector<std::string> copies = words;
  std::vector<char*> pointers = {name.data()};
  for (std::string& word : copies) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  int ends[2];
  if (pipe(ends) != 0) throw failure("cannot make a pipe");
  const double start = seconds_now();
  const pid_t child = fork();
  if (child < 0) throw failure("cannot start a process");
  if (child == 0) become(program, pointers, ends);
  close(ends[1]);

  char byte;
  const bool said = read(ends[0], &byte, 1) == 1;
  const double first_output = seconds_now() - start;
  while (read(ends[0], &byte, 1) == 1) {}
  close(ends[0]);
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  if (!said || status != 0)
    throw failure("the process " + name + " " + join(words, " ") + " failed");
#ifdef __APPLE__
  const double unit = 1;
#else
  const double unit = 1024;
#endif
  return {first_output, usage.ru_maxrss * unit};
}

}  // namespace ladder::lab
