// Matrix products alone, in every form that training has.
#include "lab/bench_part.h"

namespace ladder::lab {

static void matmul_part(Bench& bench) {
  for (const MatmulCase& product : matmul_cases()) {
    MatmulOperands operands(product);
    Cells cells{{"part", "matmul"}, {"shape", product.shape()}, {"form", product.form}};
    Bench::set_time(cells, bench.watch.time({[&] { operands.multiply(); }})[0], product.flop());
    bench.add(std::move(cells));
  }
}

static const Registered<BenchPart> registered({.name = "matmul", .order = 20, .run = matmul_part});

}  // namespace ladder::lab
