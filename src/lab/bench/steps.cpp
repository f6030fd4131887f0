// Whole training steps, with one thread and, if it pays, with all; and what a process costs.
#include <memory>

#include "lab/bench_part.h"
#include "train/trainer.h"

namespace ladder::lab {

using namespace train;

// costs: one a contestant.
static void steps_of(Bench& bench, const BenchShape& shape, const Cells* costs) {
  struct Entry {
    std::string contestant;
    int threads;
    std::unique_ptr<Trainer> trainer;
  };
  const auto& contestants = bench.options.contestants;
  std::vector<Entry> entries;
  std::vector<Workload> workloads;
  for (const int threads : bench.thread_counts(shape.split))
    for (const std::string& contestant : contestants) {
      const Settings settings = bench_settings(shape, contestant);
      const int used = std::min(threads, settings.integer("gradient_parts"));
      entries.push_back({contestant, used, std::make_unique<Trainer>(settings, used)});
      workloads.push_back([trainer = entries.back().trainer.get()] { trainer->step(); });
    }
  const auto seconds = bench.watch.time(workloads);
  const std::size_t count = contestants.size();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& [contestant, threads, trainer] = entries[i];
    Cells cells = i < count ? costs[i] : Cells{};
    cells.merge(Cells{{"part", "steps"}, {"shape", shape.name}, {"contestant", contestant}});
    Bench::set_time(cells, seconds[i], training_flop(shape, trainer->parameters().values().size()));
    bench.set_ratio(cells, seconds, i, i - i % count);  // NOLINT: there are contestants
    if (i >= count) Bench::set_speed_up(cells, threads, seconds[i % count], seconds[i]);
    bench.add(std::move(cells));
  }
}

static void steps_part(Bench& bench) {
  std::vector<Cells> costs;  // before anything has taken memory: see run_process
  for (const std::string& shape : bench.options.shapes)
    for (const std::string& contestant : bench.options.contestants)
      costs.push_back(bench.process_cost(shape, contestant));
  auto cost = costs.begin();
  for (const std::string& shape : bench.options.shapes) {
    steps_of(bench, bench_shape(shape), &*cost);
    cost += static_cast<std::ptrdiff_t>(bench.options.contestants.size());
  }
}

static const Registered<BenchPart> registered({.name = "steps", .order = 2, .run = steps_part});

}  // namespace ladder::lab
