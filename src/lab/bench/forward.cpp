// One forward against the context: one sequence, d_model 128, 4 heads, 2 layers.
#include <memory>

#include "lab/bench_part.h"
#include "ladder/nn/transformer.h"
#include "ladder/tasks/task.h"

namespace ladder::lab {

using namespace nn;
using namespace tasks;

namespace {

struct Model {
  Model(const Settings& s, int vocabulary, int context)
      : config(model_config(s, vocabulary, context)), parameters(declared_parameters<float>(config)) {
    parameters.initialise(0);
    network = std::make_unique<Network<float>>(config, parameters, 1, false);
    for (std::size_t i = 0; i < network->tokens.size(); ++i)
      network->tokens[i] = static_cast<std::int32_t>(i * i % vocabulary);
  }
  const ModelConfig config;
  Parameters<float> parameters;
  std::unique_ptr<Network<float>> network;
};

}  // namespace

static void forward_part(Bench& bench) {
  for (int context = 512; context <= bench.options.longest && context <= 4096; context *= 2) {
    const BenchShape shape{"context " + std::to_string(context), 64, context, 128, 2, 4, 1, false};
    std::vector<std::unique_ptr<Model>> models;
    std::vector<Workload> workloads;
    for (const std::string& contestant : bench.options.contestants) {
      models.push_back(std::make_unique<Model>(bench_settings(shape, contestant), shape.base, context));
      workloads.push_back([model = models.back().get()] { model->network->graph.forward(); });
    }
    const auto seconds = bench.watch.time(workloads);
    for (std::size_t i = 0; i < workloads.size(); ++i) {
      Cells cells{{"part", "forward"}, {"shape", shape.name}, {"contestant", bench.options.contestants[i]}};
      Bench::set_time(cells, seconds[i], forward_flop(shape, models[i]->parameters.values().size()));
      bench.set_ratio(cells, seconds, i, 0);
      bench.add(std::move(cells));
    }
  }
}

static const Registered<BenchPart> registered({.name = "forward", .order = 40, .run = forward_part});

}  // namespace ladder::lab
