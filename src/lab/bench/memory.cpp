// How the memory of a run grows with its context.
#include "lab/bench_part.h"

namespace ladder::lab {

static void memory_part(Bench& bench) {
  for (int context = 512; context <= bench.options.longest; context *= 2)
    for (const std::string& contestant : bench.options.contestants) {
      const std::string shape = "context " + std::to_string(context);
      Cells cells = bench.process_cost(shape, contestant);
      cells.merge(Cells{{"part", "memory"}, {"shape", shape}, {"contestant", contestant}});
      bench.add(std::move(cells));
    }
}

static const Registered<BenchPart> registered({.name = "memory", .order = 1, .run = memory_part});

}  // namespace ladder::lab
