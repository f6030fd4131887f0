// A step with every score, pattern and mixer at long contexts, beside dpa.
#include "lab/bench_mechanisms.h"
#include "lab/bench_part.h"

namespace ladder::lab {

static void mechanisms_part(Bench& bench) {
  for (const MechanismTime& time : time_mechanisms(bench.watch, bench.options.program, bench.progress)) {
    Cells cells{{"part", "mechanisms"}, {"shape", "context " + std::to_string(time.context)}, {"contestant", time.name}};
    Bench::set_time(cells, time.seconds, time.flop);
    cells["ratio_to_first"] = fixed(median_ratio(time.seconds, time.baseline), 3);
    if (time.memory > 0) cells["memory_mb"] = fixed(time.memory / 1e6, 1);
    bench.add(std::move(cells));
  }
}

static const Registered<BenchPart> registered(
    {.name = "mechanisms", .order = 90, .always = false, .run = mechanisms_part});

}  // namespace ladder::lab
