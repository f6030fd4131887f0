#include "lab/bench_operations.h"

#include "ladder/base/text.h"
#include "nn/cases.h"

namespace ladder::lab {

std::vector<OperationTime> time_operations(Stopwatch& watch) {
  std::vector<OperationTime> times;
  for (const OperationCase& c : nn::all_cases()) {
    if (c.timed.empty()) continue;
    RecordedCase<float> recorded(c, c.timed);
    const Workload workload = [&] { recorded.forward(), recorded.backward(); };
    std::vector<std::string> sizes;
    for (const int n : c.timed) sizes.push_back(std::to_string(n));
    times.push_back({c.name, join(sizes, "x"), watch.time({workload})[0],
                     c.multiply_adds ? 3 * 2 * c.multiply_adds(c.timed) : 0});
  }
  return times;
}

}  // namespace ladder::lab
