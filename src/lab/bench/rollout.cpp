// What a rollout costs, which generates token by token, as forwards over the same tokens: of an untrained
// model, d_model 64, 4 heads, 1 layer.
#include <algorithm>
#include <memory>

#include "lab/bench_part.h"
#include "train/trainer.h"

namespace ladder::lab {

using namespace train;

static void rollout_part(Bench& bench) {
  constexpr int tokens = 8192;
  for (const int context : {16, 64, 256, 1024, 4096, 8192}) {
    if (context > bench.options.longest) break;
    const int sequences = std::clamp(tokens / context, 1, 256);
    std::vector<std::unique_ptr<Trainer>> trainers;
    std::vector<Workload> workloads;  // of each contestant: the rollout, the forward
    for (const std::string& contestant : bench.options.contestants) {
      trainers.push_back(std::make_unique<Trainer>(bench_settings(bench_shape("context " + std::to_string(context)), contestant)));
      Trainer* trainer = trainers.back().get();
      workloads.push_back([=] { rollout_accuracy(trainer->held_out(), sequences, trainer->network()); });
      workloads.push_back([=] { evaluate(trainer->held_out(), sequences, trainer->network()); });
    }
    const auto seconds = bench.watch.time(workloads);
    for (std::size_t i = 0; i < trainers.size(); ++i) {
      Cells cells{{"part", "rollout"}, {"shape", std::to_string(sequences) + " x context " + std::to_string(context)},
                  {"contestant", bench.options.contestants[i]}};
      cells["ms"] = milliseconds(median(seconds[2 * i]));
      cells["forwards"] = fixed(median_ratio(seconds[2 * i], seconds[2 * i + 1]), 2);
      bench.set_ratio(cells, seconds, 2 * i, 0);
      bench.add(std::move(cells));
    }
  }
}

static const Registered<BenchPart> registered({.name = "rollout", .order = 50, .run = rollout_part});

}  // namespace ladder::lab
