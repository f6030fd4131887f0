#include "lab/bench.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <ostream>

#include "lab/bench_mechanisms.h"
#include "lab/bench_operations.h"
#include "lab/bench_tools.h"
#include "ladder/base/text.h"
#include "lab/sweep.h"
#include "ladder/nn/attention.h"
#include "ladder/tensor/ops.h"
#include "train/trainer.h"

namespace ladder::lab {

using namespace nn;

// ---- workloads ----------------------------------------------------------------------------------

const std::vector<BenchShape>& bench_shapes() {
  static const std::vector<BenchShape> shapes = {{"S", 16, 16, 32, 1, 4, 64, false},
                                                 {"M", 64, 64, 128, 2, 4, 32, true},
                                                 {"L", 64, 256, 256, 4, 8, 8, true}};
  return shapes;
}

const BenchShape& bench_shape(const std::string& name) {
  for (const BenchShape& shape : bench_shapes())
    if (shape.name == name) return shape;
  throw usage_error("unknown shape '" + name + "', expected one of S, M, L");
}

Settings bench_settings(const BenchShape& shape, const std::string& score) {
  const std::pair<const char*, std::string> choices[] = {
      {"task", "nt"},         {"delay", "4"},          {"score", score},
      {"scale", "on"},        {"embedding", "learned"}, {"position", "learned"},
      {"norm", "post"},       {"activation", "gelu"},  {"mlp_ratio", "4"},
      {"optimizer", "adam"},  {"loss", "cross_entropy"},
      {"base", std::to_string(shape.base)},     {"context", std::to_string(shape.context)},
      {"layers", std::to_string(shape.layers)}, {"d_model", std::to_string(shape.d_model)},
      {"heads", std::to_string(shape.heads)},   {"batch", std::to_string(shape.batch)}};
  Settings settings;
  for (const auto& [key, value] : choices) settings.set(key, value, "bench");
  settings.resolve();
  return settings;
}

static double attention_flop(double d_model, double context, double batch) {
  return 12 * d_model * context * context * batch;
}

double training_flop(const BenchShape& s, std::size_t parameters) {
  return 6.0 * parameters * s.context * s.batch +
         s.layers * attention_flop(s.d_model, s.context, s.batch);
}

const std::vector<std::string>& bench_parts() {
  static const std::vector<std::string> parts = {"steps", "matmul", "attention", "operations", "sweep",
                                                 "mechanisms"};
  return parts;
}

void bench_probe(const BenchShape& shape, const std::string& score, std::ostream& out) {
  Trainer trainer(bench_settings(shape, score));
  trainer.step();
  out << "first step" << std::endl;
  trainer.step();
  evaluate(trainer.held_out(), shape.batch, trainer.network());
}

// ---- measuring ----------------------------------------------------------------------------------

namespace {

using Cells = std::map<std::string, std::string>;  // column -> text

std::string milliseconds(double seconds) {
  return fixed(1e3 * seconds, seconds < 1e-3 ? 5 : 3);
}

// Attention without a model, forward and backward; query, key and value side by side as there.
class AttentionAlone {
 public:
  AttentionAlone(int context, const std::string& score) : context_(context) {
    const Tensor<float> qkv = graph_.leaf(tokens, 3 * d_model, true);
    fill(qkv.value(), qkv.size(), "bench qkv");
    const auto parts = split(graph_, qkv, {d_model, d_model, d_model});
    const double scale = std::sqrt(heads / double{d_model});
    const AttentionOptions options{.batch = tokens / context, .heads = heads, .scale = scale};
    const Tensor<float> out = nn::attention(graph_, Registry<Score>::get(score).form, parts[0],
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
  double flop() const { return attention_flop(d_model, context_, tokens / context_); }

 private:
  static constexpr int d_model = 128, heads = 4, tokens = 4096;
  static void fill(float* to, std::size_t count, const char* name) {
    const auto numbers = fixed_numbers(count, name);
    std::copy(numbers.begin(), numbers.end(), to);
  }

  const int context_;
  Graph<float> graph_;
};

class Bench {
 public:
  Bench(const BenchOptions& options, std::ostream& progress)
      : options_(options), progress_(progress), watch_(options.repeats, options.sample_seconds) {}

  Table measure() {
    for (const std::string& name : options_.shapes) bench_shape(name);
    for (const std::string& name : options_.parts) require_part(name);
    for (const std::string& part : options_.parts) {
      progress_ << "bench: " << part << std::endl;
      run(part);
    }
    add_shares();
    return std::move(table_);
  }

 private:
  static void require_part(const std::string& name) {
    const auto& parts = bench_parts();
    if (std::find(parts.begin(), parts.end(), name) == parts.end())
      throw usage_error("unknown part '" + name + "', expected one of " + join(parts, ", ") +
                        did_you_mean(name, parts));
  }

  void run(const std::string& part) {
    if (part == "steps") steps();
    if (part == "matmul") matmul();
    if (part == "attention") attention();
    if (part == "operations") operations();
    if (part == "mechanisms") mechanisms();
    if (part == "sweep") sweep();
  }

  void steps() {
    // Before anything has taken memory: see run_process.
    std::vector<Cells> costs;
    for (const std::string& shape : options_.shapes)
      for (const std::string& score : options_.scores) costs.push_back(process_cost(shape, score));
    auto cost = costs.begin();
    for (const std::string& shape : options_.shapes) {
      steps(bench_shape(shape), &*cost);
      cost += options_.scores.size();
    }
  }

  // Trainers of every score, with one thread and, if it pays, with all; costs: one a score.
  void steps(const BenchShape& shape, const Cells* costs) {
    struct Entry {
      std::string score;
      int threads;
      std::unique_ptr<Trainer> trainer;
    };
    std::vector<Entry> entries;
    std::vector<Workload> workloads;
    for (const int threads : thread_counts(shape.split))
      for (const std::string& score : options_.scores) {
        const Settings settings = bench_settings(shape, score);
        const int used = std::min(threads, settings.integer("gradient_parts"));
        entries.push_back({score, used, std::make_unique<Trainer>(settings, used)});
        workloads.push_back([trainer = entries.back().trainer.get()] { trainer->step(); });
      }
    const auto seconds = watch_.time(workloads);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto& [score, threads, trainer] = entries[i];
      const std::size_t scores = options_.scores.size();
      Cells cells = i < scores ? costs[i] : Cells{};
      cells.merge(Cells{{"part", "steps"}, {"shape", shape.name}, {"score", score}});
      set_time(cells, seconds[i], training_flop(shape, trainer->parameters().values().size()));
      set_ratio(cells, seconds, i, i - i % scores);
      if (i >= scores) set_speed_up(cells, threads, seconds[i % scores], seconds[i]);
      add(cells);
    }
  }

  Cells process_cost(const std::string& shape, const std::string& score) const {
    if (options_.program.empty()) return {};
    Values start, memory;
    for (int i = 0; i < std::min(options_.repeats, 3); ++i) {
      const ProcessCost cost =
          run_process(options_.program, {"bench", "--probe", shape, "--score", score});
      start.push_back(cost.first_output), memory.push_back(cost.memory);
    }
    return {{"memory_mb", fixed(median(memory) / 1e6, 1)},
            {"start_ms", fixed(1e3 * median(start), 1)}};
  }

  void matmul() {
    for (const MatmulCase& product : matmul_cases()) {
      MatmulOperands operands(product);
      Cells cells{{"part", "matmul"}, {"shape", product.shape()}, {"form", product.form}};
      set_time(cells, watch_.time({[&] { operands.multiply(); }})[0], product.flop());
      add(cells);
    }
  }

  void attention() {
    for (int context = 16; context <= 1024; context *= 2) {
      std::vector<std::unique_ptr<AttentionAlone>> models;
      std::vector<Workload> workloads;
      for (const std::string& score : options_.scores) {
        models.push_back(std::make_unique<AttentionAlone>(context, score));
        workloads.push_back([model = models.back().get()] { model->run(); });
      }
      const auto seconds = watch_.time(workloads);
      for (std::size_t i = 0; i < workloads.size(); ++i) {
        Cells cells{{"part", "attention"},
                    {"shape", "context " + std::to_string(context)},
                    {"score", options_.scores[i]}};
        set_time(cells, seconds[i], models[i]->flop());
        set_ratio(cells, seconds, i, 0);
        add(cells);
      }
    }
  }

  void operations() {
    for (const OperationTime& time : time_operations(watch_)) {
      Cells cells{{"part", "operations"}, {"shape", time.sizes}, {"form", time.name}};
      set_time(cells, time.seconds, time.flop);
      add(cells);
    }
  }

  void mechanisms() {
    for (const MechanismTime& time : time_mechanisms(watch_, options_.program, progress_)) {
      Cells cells{{"part", "mechanisms"}, {"shape", "context " + std::to_string(time.context)}, {"form", time.name}};
      set_time(cells, time.seconds, time.flop);
      cells["ratio_to_first"] = fixed(median_ratio(time.seconds, time.baseline), 3);
      if (time.memory > 0) cells["memory_mb"] = fixed(time.memory / 1e6, 1);
      add(cells);
    }
  }

  // Runs of about the size of S, in the ladder recipe.
  void sweep() {
    const auto counts = thread_counts(true);
    std::size_t runs = 0;
    std::vector<Workload> workloads;
    for (const int threads : counts) {
      const auto experiment = sweep_experiment(threads);
      runs = experiment.size();
      workloads.push_back([experiment] {
        std::ostream nowhere(nullptr);
        std::filesystem::remove_all(experiment.expand()[0].text("out"));  // ours: nothing to go on from
        if (lab::sweep(experiment, {}, nowhere, false).failed)
          throw failure("runs of the bench's sweep failed");
      });
    }
    const auto seconds = watch_.time(workloads);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      Cells cells{{"part", "sweep"}, {"shape", std::to_string(runs) + " runs"}};
      cells["ms"] = milliseconds(median(seconds[i]));
      cells["runs_per_minute"] = fixed(60 * runs / median(seconds[i]), 0);
      if (i > 0) set_speed_up(cells, counts[i], seconds[0], seconds[i]);
      add(cells);
    }
  }

  Experiment sweep_experiment(int threads) const {
    const std::vector<std::pair<std::string, std::vector<std::string>>> definitions = {
        {"score", {"dpa", "ea"}},
        {"base", {"8", "16"}},
        {"context", {"16"}},
        {"seed", {"0..7"}},
        {"steps", {std::to_string(options_.sweep_steps)}},
        {"eval_sequences", {"64"}},  // short runs: or evaluation would be most of the work
        {"stop_when_solved", {"off"}},
        {"threads", {std::to_string(threads)}},
        {"out", {(options_.directory / "sweep").string()}}};
    std::vector<Override> overrides;
    for (const auto& [key, words] : definitions) overrides.push_back({key, words, "bench"});
    return Experiment::from_flags(overrides, "bench");
  }

  std::vector<int> thread_counts(bool several) const {
    if (!several || options_.threads == 1) return {1};
    return {1, options_.threads};
  }

  static void set_time(Cells& cells, const Values& seconds, double flop) {
    cells["ms"] = milliseconds(median(seconds));
    if (flop > 0) cells["gflops"] = fixed(flop / median(seconds) / 1e9, 1);
  }
  void set_ratio(Cells& cells, const std::vector<Values>& seconds, std::size_t i,
                 std::size_t first) const {
    if (options_.scores.size() > 1)
      cells["ratio_to_first"] = fixed(median_ratio(seconds[i], seconds[first]), 3);
  }
  static void set_speed_up(Cells& cells, int threads, const Values& one, const Values& all) {
    cells["threads"] = std::to_string(threads);
    cells["speed_up"] = fixed(median_ratio(one, all), 3);
  }

  void add(Cells cells) {
    cells.try_emplace("threads", "1");
    std::vector<std::string> row;
    for (const std::string& column : table_.columns()) row.push_back(cells[column]);
    table_.add_row(std::move(row));
  }

  // The peak is known at the end only: it is the first row nevertheless, and the measure of others.
  void add_shares() {
    const double peak = watch_.peak() / 1e9;
    Table measured = std::move(table_);
    table_ = Table(measured.columns(), measured.origin());
    add({{"part", "peak"}, {"shape", "multiply-add"}, {"gflops", fixed(peak, 1)}});
    for (std::size_t row = 0; row < measured.rows(); ++row) {
      if (!measured.at(row, "gflops").empty()) {
        const double a_thread = measured.number(row, "gflops") / measured.number(row, "threads");
        measured.set(row, "share_of_peak", fixed(a_thread / peak, 3));
      }
      table_.add_row(measured.row(row));
    }
  }

  const BenchOptions& options_;
  std::ostream& progress_;
  Stopwatch watch_;
  Table table_{{"part", "shape", "form", "score", "threads", "ms", "gflops", "share_of_peak",
                "ratio_to_first", "speed_up", "runs_per_minute", "memory_mb", "start_ms"},
               "bench.csv"};
};

}  // namespace

Table bench(const BenchOptions& options, std::ostream& progress) {
  return Bench(options, progress).measure();
}

// ---- text ---------------------------------------------------------------------------------------

static bool holds_words(const std::string& column) {
  return column == "part" || column == "shape" || column == "form" || column == "score";
}

// Rows [begin, end), of one part: the columns that say anything.
static std::string part_text(const Table& table, std::size_t begin, std::size_t end) {
  std::vector<std::vector<std::string>> lines(end - begin + 1);
  std::vector<bool> numbers;
  for (const std::string& column : table.columns()) {
    const auto says = [&](std::size_t row) { return !table.at(row, column).empty(); };
    std::size_t row = begin;
    while (row < end && !says(row)) ++row;
    if (row == end) continue;
    numbers.push_back(!holds_words(column));
    lines[0].push_back(column);
    for (row = begin; row < end; ++row) lines[row - begin + 1].push_back(table.at(row, column));
  }
  return aligned(lines, numbers);
}

std::string bench_text(const Table& table) {
  std::string text;
  for (std::size_t begin = 0, end = 0; begin < table.rows(); begin = end) {
    while (end < table.rows() && table.at(end, "part") == table.at(begin, "part")) ++end;
    if (begin > 0) text += "\n";
    text += part_text(table, begin, end);
  }
  return text;
}

}  // namespace ladder::lab
