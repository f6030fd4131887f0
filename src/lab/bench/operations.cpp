// Every operation that declares sizes to be timed at, forward and backward.
#include "lab/bench_operations.h"
#include "lab/bench_part.h"

namespace ladder::lab {

static void operations_part(Bench& bench) {
  for (const OperationTime& time : time_operations(bench.watch)) {
    Cells cells{{"part", "operations"}, {"shape", time.sizes}, {"form", time.name}};
    Bench::set_time(cells, time.seconds, time.flop);
    bench.add(std::move(cells));
  }
}

static const Registered<BenchPart> registered({.name = "operations", .order = 35, .run = operations_part});

}  // namespace ladder::lab
