// A training step with every score, pattern and mixer at long contexts, beside dpa.
#include "lab/bench/mechanisms.h"

#include <memory>
#include <ostream>

#include "lab/bench_part.h"
#include "lab/bench_tools.h"
#include "ladder/base/text.h"
#include "ladder/nn/pattern.h"
#include "ladder/nn/score.h"
#include "train/trainer.h"

namespace ladder::lab {

using namespace nn;
using namespace train;

static constexpr int contexts[] = {256, 1024, 4096}, longest = 8192, tokens = 8192;

// A way of mixing tokens, in the ladder recipe with Adam on task nt: one layer, d_model 32, 4 heads.
struct Mechanism {
  std::string name;  // "dpa", "dpa window", "cosformer"
  Choices choices;
};
// Every score over all keys (square by either algorithm), dpa over every other pattern, every other mixer.
static std::vector<Mechanism> mechanisms() {
  std::vector<Mechanism> all = {{"dpa", {}}};  // the baseline comes first
  for (const Score& score : Registry<Score>::all()) {
    if (score.name == "dpa") continue;
    if (!score.form.algorithm) {
      all.push_back({score.name, {{"score", score.name}}});
      continue;
    }
    for (const char* algorithm : {"quadratic", "linear"})
      all.push_back({score.name + " " + algorithm, {{"score", score.name}, {"algorithm", algorithm}}});
  }
  for (const PatternPlugin& pattern : Registry<PatternPlugin>::all())
    if (pattern.name != "full") all.push_back({"dpa " + pattern.name, {{"pattern", pattern.name}}});
  all.push_back({"dpa topk 64", {{"pattern", "topk"}, {"top_k", "64"}}});
  for (const MixerPlugin& mixer : Registry<MixerPlugin>::all())
    if (mixer.name != "attention") all.push_back({mixer.name, {{"mixer", mixer.name}}});
  return all;
}

static Settings mechanism_settings(const Mechanism& mechanism, int context, int sequences) {
  Choices choices = {{"score", "dpa"},      {"optimizer", "adam"}, {"scale", "on"},
                     {"window", "64"},      {"stride", "64"},      {"top_k", "8"},
                     {"context", std::to_string(context)},
                     {"batch", std::to_string(sequences)}};
  choices.insert(choices.end(), mechanism.choices.begin(), mechanism.choices.end());
  Settings settings;
  for (const auto& [key, value] : choices) settings.set(key, value, "bench");
  settings.resolve();
  return settings;
}
// A step reads 8192 tokens.
static Settings mechanism_settings(const Mechanism& mechanism, int context) {
  return mechanism_settings(mechanism, context, tokens / context);
}

// What takes time linear in the context is measured at the longest context, too.
static bool linear_in_context(const Mechanism& mechanism) {
  const Settings settings = mechanism_settings(mechanism, longest / 2);
  const auto cost = [mixer = model_config(settings, 16, longest).mixers[0]](int context) {
    return mixer->multiply_adds(context);
  };
  return cost(longest) < 2.05 * cost(longest / 2);
}
static std::vector<Mechanism> mechanisms_at(int context) {
  std::vector<Mechanism> all = mechanisms();
  if (context == longest) std::erase_if(all, [](const Mechanism& one) { return !linear_in_context(one); });
  return all;
}

// Products of a step, backward counted twice, as the mixers count theirs.
static double step_flop(Trainer& trainer, int context) {
  double weights = 0, mixed = 0;
  for (const auto& entry : trainer.parameters().entries())
    if (entry.name != "embed.weight" && entry.name != "position.weight") weights += static_cast<double>(entry.size);
  for (const auto& mixer : trainer.config().mixers) mixed += mixer->multiply_adds(context);
  const int sequences = tokens / context;
  return 3 * 2 * (weights * tokens + mixed * sequences);
}

// "4096:dpa window"
static std::string probe_name(const Mechanism& mechanism, int context) {
  return std::to_string(context) + ":" + mechanism.name;
}

bool is_mechanism_probe(const std::string& name) { return name.find(':') != std::string::npos; }

void mechanism_probe(const std::string& name, std::ostream& out) {
  for (const Mechanism& mechanism : mechanisms())
    for (const int context : {contexts[0], contexts[1], contexts[2], longest}) {
      if (name != probe_name(mechanism, context)) continue;
      Trainer trainer(mechanism_settings(mechanism, context));
      trainer.step();
      out << "first step" << std::endl;
      trainer.step();
      return;
    }
  throw usage_error("unknown mechanism '" + clipped(name) + "', expected CONTEXT:NAME");
}

// Memory is not measured where the program is not known.
struct MechanismTime {
  std::string name;
  int context;
  Values seconds, baseline;  // of a step; of one with dpa, measured in turn
  double flop;               // products of a step, backward counted twice, as the mixer counts them
  double memory;             // bytes, of a process that takes two steps; 0: not measured
  double growth = 0;         // time of a step / that of one of half the context; 0: not measured
};

// As many sequences in both, so that what they share counts in both.
static double time_growth(Stopwatch& watch, const Mechanism& mechanism, int context, Trainer& trainer) {
  Trainer half(mechanism_settings(mechanism, context / 2, tokens / context));
  const auto seconds = watch.time({[&] { trainer.step(); }, [&] { half.step(); }});
  return median_ratio(seconds[0], seconds[1]);
}

static std::vector<MechanismTime> time_mechanisms(Stopwatch& watch, const std::filesystem::path& program,
                                                  std::ostream& progress) {
  std::vector<MechanismTime> times;
  // Before anything has taken memory: see run_process.
  for (const int context : {contexts[0], contexts[1], contexts[2], longest})
    for (const Mechanism& mechanism : mechanisms_at(context))
      times.push_back({mechanism.name, context, {}, {}, 0,
                       program.empty() ? 0
                                       : run_process(program, {"bench", "--probe", probe_name(mechanism, context)})
                                             .memory});
  auto time = times.begin();
  for (const int context : {contexts[0], contexts[1], contexts[2], longest}) {
    progress << "bench: mechanisms, context " << context << std::endl;
    Trainer baseline(mechanism_settings({}, context));
    for (const Mechanism& mechanism : mechanisms_at(context)) {
      Trainer trainer(mechanism_settings(mechanism, context));
      auto seconds = watch.time({[&] { trainer.step(); }, [&] { baseline.step(); }});
      time->seconds = std::move(seconds[0]), time->baseline = std::move(seconds[1]);
      time->flop = step_flop(trainer, context);
      if (context == longest) time->growth = time_growth(watch, mechanism, context, trainer);
      ++time;
    }
  }
  return times;
}

static void mechanisms_part(Bench& bench) {
  for (const MechanismTime& time : time_mechanisms(bench.watch, bench.options.program, bench.progress)) {
    Cells cells{{"part", "mechanisms"}, {"shape", "context " + std::to_string(time.context)}, {"contestant", time.name}};
    Bench::set_time(cells, time.seconds, time.flop);
    cells["ratio_to_first"] = fixed(median_ratio(time.seconds, time.baseline), 3);
    if (time.growth > 0) cells["growth"] = fixed(time.growth, 3);
    if (time.memory > 0) cells["memory_mb"] = fixed(time.memory / 1e6, 1);
    bench.add(std::move(cells));
  }
}

static const Registered<BenchPart> registered(
    {.name = "mechanisms", .order = 90, .always = false, .run = mechanisms_part});

}  // namespace ladder::lab
