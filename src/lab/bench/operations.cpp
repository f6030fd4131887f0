// Every case of nn/cases.h that declares sizes to be timed at, forward and backward.
#include "lab/bench_part.h"
#include "ladder/base/text.h"
#include "nn/cases.h"

namespace ladder::lab {

static void operations_part(Bench& bench) {
  for (const OperationCase& c : nn::all_cases()) {
    if (c.timed.empty()) continue;
    RecordedCase<float> recorded(c, c.timed);
    const Workload workload = [&] { recorded.forward(), recorded.backward(); };
    std::vector<std::string> sizes;  // "2048x128x512"
    for (const int n : c.timed) sizes.push_back(std::to_string(n));
    Cells cells{{"part", "operations"}, {"shape", join(sizes, "x")}, {"form", c.name}};
    const double flop = c.multiply_adds ? 3 * 2 * c.multiply_adds(c.timed) : 0;  // backward counts twice
    Bench::set_time(cells, bench.watch.time({workload})[0], flop);
    bench.add(std::move(cells));
  }
}

static const Registered<BenchPart> registered({.name = "operations", .order = 35, .run = operations_part});

}  // namespace ladder::lab
