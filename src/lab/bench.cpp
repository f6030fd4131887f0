#include "lab/bench.h"

#include <algorithm>
#include <ostream>

#include "base/columns.h"
#include "lab/bench_part.h"
#include "ladder/base/text.h"
#include "ladder/nn/mixer.h"
#include "ladder/nn/pattern.h"
#include "ladder/nn/score.h"
#include "train/trainer.h"

namespace ladder::lab {

using namespace nn;
using namespace train;

// ---- workloads ----------------------------------------------------------------------------------

const std::vector<BenchShape>& bench_shapes() {
  static const std::vector<BenchShape> shapes = {{"S", 16, 16, 32, 1, 4, 64, false},
                                                 {"M", 64, 64, 128, 2, 4, 32, true},
                                                 {"L", 64, 256, 256, 4, 8, 8, true}};
  return shapes;
}

BenchShape bench_shape(const std::string& name) {
  for (const BenchShape& shape : bench_shapes())
    if (shape.name == name) return shape;
  const std::string any = "context ";
  const auto context = name.starts_with(any) ? parse_integer(name.substr(any.size())) : std::nullopt;
  if (context && *context >= 1 && *context <= 8192) return {name, 8, static_cast<int>(*context), 64, 1, 4, 2, false};
  throw usage_error("unknown shape '" + clipped(name) + "', expected one of S, M, L, or 'context N', 1 <= N <= 8192");
}

Choices contestant_choices(const std::string& name) {
  Choices choices;
  std::vector<std::string> known;
  for (const Kind& kind : Registry<Kind>::all())
    if (kind.name == "score" || kind.name == "pattern" || kind.name == "mixer")
      for (const Plugin* plugin : kind.plugins()) known.push_back(plugin->name);
  for (const std::string& word : split_words(name)) {
    const std::string kind = Registry<Score>::find(word)           ? Score::kind
                             : Registry<PatternPlugin>::find(word) ? PatternPlugin::kind
                                                                   : MixerPlugin::kind;
    if (kind == MixerPlugin::kind && !Registry<MixerPlugin>::find(word))
      throw usage_error("contestant '" + clipped(name) + "': got '" + clipped(word) +
                        "', expected a score, a pattern or a mixer" + did_you_mean(word, known));
    for (const auto& [other, value] : choices)
      if (other == kind)
        throw usage_error("contestant '" + clipped(name) + "' has two of kind " + kind + ": " + value + " and " + word);
    choices.emplace_back(kind, word);
  }
  if (choices.empty()) throw usage_error("a contestant without a name: expected a score, a pattern or a mixer");
  return choices;
}

Settings bench_settings(const BenchShape& shape, const std::string& contestant) {
  const std::pair<const char*, std::string> choices[] = {
      {"task", "nt"},         {"delay", "4"},          {"scale", "on"},        {"embedding", "learned"}, {"position", "learned"},
      {"norm", "post"},       {"activation", "gelu"},  {"mlp_ratio", "4"},
      {"optimizer", "adam"},  {"loss", "cross_entropy"},
      {"base", std::to_string(shape.base)},     {"context", std::to_string(shape.context)},
      {"layers", std::to_string(shape.layers)}, {"d_model", std::to_string(shape.d_model)},
      {"heads", std::to_string(shape.heads)},   {"batch", std::to_string(shape.batch)}};
  Settings settings;
  for (const auto& [key, value] : choices) settings.set(key, value, "bench");
  for (const auto& [key, value] : contestant_choices(contestant)) settings.set(key, value, "bench");
  settings.resolve();
  return settings;
}

double forward_flop(const BenchShape& s, std::size_t parameters) {
  return 2.0 * parameters * s.context * s.batch + 4.0 * s.layers * s.d_model * s.context * s.context * s.batch;
}

double training_flop(const BenchShape& s, std::size_t parameters) { return 3 * forward_flop(s, parameters); }

// By their order.
static std::vector<const BenchPart*> parts() {
  std::vector<const BenchPart*> all;
  for (const BenchPart& part : Registry<BenchPart>::all()) all.push_back(&part);
  std::stable_sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->order < b->order; });
  return all;
}

std::vector<std::string> bench_parts() {
  std::vector<std::string> names;
  for (const BenchPart* part : parts())
    if (part->always) names.push_back(part->name);
  return names;
}

void bench_probe(const BenchShape& shape, const std::string& contestant, std::ostream& out) {
  Trainer trainer(bench_settings(shape, contestant));
  trainer.step();
  out << "first step" << std::endl;
  trainer.step();
  evaluate(trainer.held_out(), shape.batch, trainer.network());
  rms_z(trainer.held_out(), trainer.network());
}

// ---- the table ----

static const RegisteredColumns described(
    "bench.csv",
    {{"part", "word", "", "what is measured; peak: multiply-adds alone"},
     {"shape", "word", "", "its size: of a step, or m x k x n of a product"},
     {"form", "word", "", "of a product: NN, NT (B lies transposed), TN (A does), dW (TN as for weight gradients)"},
     {"contestant", "word", "", "whose step, attention or rollout"},
     {"threads", "integer", "", "that share the work"},
     {"ms", "number", "milliseconds", "median of the repeats"},
     {"gflops", "number", "10^9 operations a second", "floating-point operations at that median"},
     {"share_of_peak", "number", "share", "of the multiply-add peak of that many threads"},
     {"ratio_to_first", "number", "ratio", "time / time of the first contestant, or of dpa: median of the pairs' ratios"},
     {"speed_up", "number", "ratio", "time with one thread / time: median of the pairs' ratios"},
     {"runs_per_minute", "number", "runs", "of the sweep"},
     {"memory_mb", "number", "10^6 bytes", "largest resident memory of a process that does nothing else"},
     {"start_ms", "number", "milliseconds", "from the start of that process to the end of its first step"},
     {"forwards", "number", "ratio", "time / time of a forward over the same tokens: median of the pairs' ratios"},
     {"growth", "number", "ratio", "time / time of as many sequences of half the context: median of the pairs' ratios"}});

// ---- measuring ----------------------------------------------------------------------------------

std::string milliseconds(double seconds) {
  return fixed(1e3 * seconds, seconds < 1e-3 ? 5 : 3);
}

void check_names(const BenchOptions& options) {
  for (const std::string& name : options.shapes) bench_shape(name);
  for (const std::string& name : options.parts) Registry<BenchPart>::get(name);
  for (const std::string& name : options.contestants) contestant_choices(name);
}

Table Bench::measure() {
  check_names(options);
  for (const BenchPart* part : parts()) {
    if (std::find(options.parts.begin(), options.parts.end(), part->name) == options.parts.end()) continue;
    progress << "bench: " << part->name << std::endl;
    part->run(*this);
  }
  // The peak is known at the end only: it is the first row nevertheless, and the measure of others.
  const double peak = watch.peak() / 1e9;
  for (Cells& row : rows_)
    if (row.contains("gflops"))
      row["share_of_peak"] = fixed(*parse_real(row["gflops"]) / *parse_real(row["threads"]) / peak, 3);
  rows_.insert(rows_.begin(), {{"part", "peak"}, {"shape", "multiply-add"}, {"threads", "1"}, {"gflops", fixed(peak, 1)}});
  return table(rows_);
}

Table Bench::table(const std::vector<Cells>& rows) const {
  std::vector<std::string> columns = described_table("bench.csv").columns();
  for (const Cells& row : rows)
    for (const auto& cell : row)
      if (std::find(columns.begin(), columns.end(), cell.first) == columns.end()) columns.push_back(cell.first);
  Table result(columns, "bench.csv");
  for (const Cells& row : rows) {
    std::vector<std::string> words;
    for (const std::string& column : columns) words.push_back(row.contains(column) ? row.at(column) : "");
    result.add_row(std::move(words));
  }
  return result;
}

void Bench::add(Cells cells) {
  cells.try_emplace("threads", "1");
  rows_.push_back(std::move(cells));
}

std::vector<int> Bench::thread_counts(bool several) const {
  if (!several || options.threads == 1) return {1};
  return {1, options.threads};
}

Cells Bench::process_cost(const std::string& shape, const std::string& contestant) const {
  if (options.program.empty()) return {};
  Values start, memory;
  for (int i = 0; i < std::min(options.repeats, 3); ++i) {
    const ProcessCost cost =
        run_process(options.program, {"bench", "--probe", shape, "--contestant", contestant});
    start.push_back(cost.first_output), memory.push_back(cost.memory);
  }
  return {{"memory_mb", fixed(median(memory) / 1e6, 1)}, {"start_ms", fixed(1e3 * median(start), 1)}};
}

void Bench::set_time(Cells& cells, const Values& seconds, double flop) {
  cells["ms"] = milliseconds(median(seconds));
  if (flop > 0) cells["gflops"] = fixed(flop / median(seconds) / 1e9, 1);
}

void Bench::set_ratio(Cells& cells, const std::vector<Values>& seconds, std::size_t i, std::size_t first) const {
  if (options.contestants.size() > 1) cells["ratio_to_first"] = fixed(median_ratio(seconds[i], seconds[first]), 3);
}

void Bench::set_speed_up(Cells& cells, int threads, const Values& one, const Values& all) {
  cells["threads"] = std::to_string(threads);
  cells["speed_up"] = fixed(median_ratio(one, all), 3);
}

Table bench(const BenchOptions& options, std::ostream& progress) { return Bench(options, progress).measure(); }

// ---- text ---------------------------------------------------------------------------------------

static bool holds_words(const std::string& column) {
  return column == "part" || column == "shape" || column == "form" || column == "contestant";
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
