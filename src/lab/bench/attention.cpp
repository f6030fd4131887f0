// Attention alone against the context, forward and backward: for contestants that are a score.
#include <cmath>
#include <memory>

#include "lab/bench_part.h"
#include "ladder/nn/attention.h"
#include "ladder/tensor/ops.h"

namespace ladder::lab {

using namespace nn;

namespace {

// Attention without a model, forward and backward; query, key and value side by side as there.
class AttentionAlone {
 public:
  AttentionAlone(int context, const std::string& contestant) : context_(context) {
    const Tensor<float> qkv = graph_.leaf(tokens, 3 * d_model, true);
    fill(qkv.value(), qkv.size(), "bench qkv");
    const auto parts = split(graph_, qkv, {d_model, d_model, d_model});
    const double scale = std::sqrt(heads / double{d_model});
    const AttentionOptions options{.batch = tokens / context, .heads = heads, .scale = scale};
    const Tensor<float> out = nn::attention(graph_, Registry<Score>::get(contestant).form, parts[0],
                                                parts[1], parts[2], options).out;
    // Stands for a loss whose gradient is always the same: written once, here.
    const Tensor<float> loss = graph_.tensor(1, 1);
    graph_.record({out}, {loss}, [] {}, [](Writes) {});
    graph_.minimise(loss);
    fill(out.grad(), out.size(), "bench gradient");
  }

  void run() {
    graph_.forward();
    graph_.backward();
  }
  double flop() const { return 12.0 * d_model * context_ * tokens; }

 private:
  static constexpr int d_model = 128, heads = 4, tokens = 4096;
  static void fill(float* to, std::size_t count, const char* name) {
    const auto numbers = fixed_numbers(count, name);
    std::copy(numbers.begin(), numbers.end(), to);
  }

  const int context_;
  Graph<float> graph_;
};

}  // namespace

static void attention_part(Bench& bench) {
  std::vector<std::string> scores;
  for (const std::string& contestant : bench.options.contestants)
    if (Registry<Score>::find(contestant)) scores.push_back(contestant);
  for (int context = 16; context <= 1024; context *= 2) {
    std::vector<std::unique_ptr<AttentionAlone>> models;
    std::vector<Workload> workloads;
    for (const std::string& score : scores) {
      models.push_back(std::make_unique<AttentionAlone>(context, score));
      workloads.push_back([model = models.back().get()] { model->run(); });
    }
    const auto seconds = bench.watch.time(workloads);
    for (std::size_t i = 0; i < workloads.size(); ++i) {
      Cells cells{{"part", "attention"}, {"shape", "context " + std::to_string(context)}, {"contestant", scores[i]}};
      Bench::set_time(cells, seconds[i], models[i]->flop());
      bench.set_ratio(cells, seconds, i, 0);
      bench.add(std::move(cells));
    }
  }
}

static const Registered<BenchPart> registered({.name = "attention", .order = 30, .run = attention_part});

}  // namespace ladder::lab
