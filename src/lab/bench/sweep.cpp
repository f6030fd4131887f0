// A sweep with one thread and with all: runs of about the size of S, in the ladder recipe.
#include <unistd.h>

#include <filesystem>
#include <ostream>

#include "lab/bench_part.h"
#include "lab/sweep.h"

namespace ladder::lab {

static Experiment experiment_of(const BenchOptions& options, int threads, const std::filesystem::path& folder) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> definitions = {
      {"score", {"dpa", "ea"}},
      {"base", {"8", "16"}},
      {"context", {"16"}},
      {"seed", {"0..7"}},
      {"steps", {std::to_string(options.sweep_steps)}},
      {"eval_sequences", {"64"}},  // short runs: or evaluation would be most of the work
      {"stop_when_solved", {"off"}},
      {"threads", {std::to_string(threads)}},
      {"out", {folder.string()}}};
  std::vector<Override> overrides;
  for (const auto& [key, words] : definitions) overrides.push_back({key, words, "bench"});
  return Experiment::from_flags(overrides, "bench");
}

// A name that no user's folder has; gone when the bench is done.
struct OwnFolder {
  std::filesystem::path path;
  ~OwnFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

static void sweep_part(Bench& bench) {
  const OwnFolder folder{bench.options.directory / (".sweep-" + std::to_string(getpid()))};
  const auto counts = bench.thread_counts(true);
  std::size_t runs = 0;
  std::vector<Workload> workloads;
  for (const int threads : counts) {
    const auto experiment = experiment_of(bench.options, threads, folder.path);
    runs = experiment.size();
    workloads.push_back([experiment, &folder] {
      std::ostream nowhere(nullptr);
      std::filesystem::remove_all(folder.path);  // nothing to go on from
      if (lab::sweep(experiment, {}, nowhere, false).failed)
        throw failure("runs of the bench's sweep failed");
    });
  }
  const auto seconds = bench.watch.time(workloads);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    Cells cells{{"part", "sweep"}, {"shape", std::to_string(runs) + " runs"}};
    cells["ms"] = milliseconds(median(seconds[i]));
    cells["runs_per_minute"] = fixed(60 * runs / median(seconds[i]), 0);
    if (i > 0) Bench::set_speed_up(cells, counts[i], seconds[0], seconds[i]);
    bench.add(std::move(cells));
  }
}

static const Registered<BenchPart> registered({.name = "sweep", .order = 60, .run = sweep_part});

}  // namespace ladder::lab
