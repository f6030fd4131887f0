// ladder's matmul and OpenBLAS's sgemm on the bench's matrix products, in turn. See openblas.sh.
// Not a .cpp: it is no part of the test program.
#include <cblas.h>

#include <cmath>
#include <iostream>
#include <map>

#include "lab/bench_tools.h"
#include "ladder/base/error.h"
#include "base/files.h"
#include "ladder/base/text.h"
#include "lab/bench.h"

using namespace ladder;
using namespace ladder::lab;

extern "C" char* openblas_get_corename();

static void openblas(const MatmulOperands& x, std::vector<float>& c) {
  const auto& [m, k, n, form] = x.product;
  const bool a = x.product.a_transposed(), b = x.product.b_transposed();
  cblas_sgemm(CblasRowMajor, a ? CblasTrans : CblasNoTrans, b ? CblasTrans : CblasNoTrans, m, n, k,
              1, x.a.data(), a ? m : k, x.b.data(), b ? k : n, 0, c.data(), n);
}

// Two programs that do not compute the same are not to be compared.
static void require_equal(const std::vector<float>& ours, const std::vector<float>& theirs, int k) {
  for (std::size_t i = 0; i < ours.size(); ++i)
    if (!(std::abs(ours[i] - theirs[i]) <= 1e-5f * k)) throw failure("the products differ");
}

struct Speeds {
  double ladder, openblas, ratio;  // flop a second; median of the pairs' ratios
};

static Speeds compare(const MatmulCase& product, Stopwatch& watch) {
  MatmulOperands operands(product);
  std::vector<float> theirs(operands.c.size());
  const auto seconds =
      watch.time({[&] { operands.multiply(); }, [&] { openblas(operands, theirs); }});
  require_equal(operands.c, theirs, product.k);
  return {product.flop() / median(seconds[0]), product.flop() / median(seconds[1]),
          median_ratio(seconds[1], seconds[0])};
}

static std::string gflops(double speed) { return fixed(speed / 1e9, 1); }

static int compare_all(int repeats, const std::string& csv) {
  Stopwatch watch(repeats, 0.005);
  Table table({"part", "shape", "form", "ladder_gflops", "openblas_gflops", "ratio"});
  std::map<std::string, Values> ratios;  // by form
  Values all;
  for (const MatmulCase& product : matmul_cases()) {
    const Speeds s = compare(product, watch);
    table.add_row({"matmul", product.shape(), product.form, gflops(s.ladder), gflops(s.openblas),
                   fixed(s.ratio, 2)});
    ratios[product.form].push_back(s.ratio);
    if (product.form != "dW") all.push_back(s.ratio);
  }
  for (const auto& [form, values] : ratios)
    table.add_row({"matmul", "median", form, "", "", fixed(median(values), 2)});
  table.add_row({"matmul", "median", "NN NT TN", "", "", fixed(median(all), 2)});

  std::cout << "ladder against " << openblas_get_config() << ", kernels for "
            << openblas_get_corename() << "; one thread each, median of " << repeats
            << " pairs; ratio: how many times as fast ladder is\nmultiply-add peak "
            << gflops(watch.peak()) << " GFLOP/s (in vectors of ladder's build)\n\n"
            << bench_text(table);
  if (!csv.empty()) write_file(csv, table.to_csv());
  return 0;
}

int main(int argc, char** argv) {
  int repeats = 9;
  std::string csv;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--repeats") repeats = static_cast<int>(parse_integer(argv[i + 1]).value_or(0));
    else if (flag == "--csv") csv = argv[i + 1];
    else argc = 0;
  }
  if (argc % 2 == 0 || repeats < 1) {
    std::cerr << "usage: openblas.sh [--repeats N] [--csv FILE]\n";
    return 2;
  }
  try {
    return compare_all(repeats, csv);
  } catch (const std::exception& error) {
    std::cerr << "openblas_gemm: " << error.what() << "\n";
    return 1;
  }
}
