// A run that is interrupted, or goes wrong.
#include "train/run.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <cmath>
#include <filesystem>

#include "../scratch.h"
#include "base/files.h"
#include "base/signals.h"
#include "train/checkpoint.h"

namespace ladder {

using namespace train;
namespace {

namespace fs = std::filesystem;
using Choices = std::vector<std::pair<std::string, std::string>>;

// A model so small that a step takes a fraction of a millisecond; `choices` replace its settings.
Settings tiny(const Choices& choices = {}) {
  Settings s;
  const Choices presets = {{"base", "4"},   {"delay", "2"}, {"context", "7"},      {"d_model", "8"},
                           {"heads", "2"},  {"batch", "8"}, {"mlp_ratio", "2"},    {"steps", "40"},
                           {"eval_every", "10"},            {"eval_sequences", "30"}};
  for (const auto& [key, value] : presets) s.set(key, value, "test");
  for (const auto& [key, value] : choices) s.set(key, value, "test:1");
  s.resolve();
  return s;
}

TEST_CASE("run: a loss that ends far above its start is a divergence, though finite") {
  const RunResult r = run_safely(
      tiny({{"optimizer", "adam"}, {"learning_rate", "100"}, {"steps", "30"}, {"norm", "pre"}}));
  CHECK(r.evaluation.loss > diverged_above * r.curve.front().loss);
  CHECK(r.status == Status::diverged);
  CHECK(r.reason == "the loss has ended above 4 times its start");
  CHECK(r.steps_done == 30);
  CHECK(r.rollout_accuracy >= 0);
}

// Stops at steps 0, 10, 20, 23 as if each time another process went on, and compares with a run that
// was not stopped.
void expect_going_on(const Settings& s) {
  const Scratch scratch;
  const fs::path path = scratch / "progress";
  Trainer whole(s);
  const RunResult expected = run(s, whole);
  RunOptions options;
  options.checkpoint = path;
  options.watch = [](const RunResult&) { set_stop_signal(SIGTERM); };  // the evaluations ask to stop
  options.tell = [](const std::string& what) {
    CAPTURE(what);
    CHECK(what.starts_with("goes on at step"));
  };
  const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
  int stops = 0;
  while (true) {
    Trainer trainer(s, 1 + stops % 2);
    const RunResult r = run(s, trainer, options);
    set_stop_signal(0);
    if (r.status == Status::stopped) {
      REQUIRE(++stops < 4);
      continue;
    }
    CHECK(trainer.parameters().values() == whole.parameters().values());
    CHECK(curve_text(r.curve) == curve_text(expected.curve));
    CHECK(same(r.rollout_accuracy, expected.rollout_accuracy));
    CHECK(same(r.initial_z, expected.initial_z));
    CHECK(r.step_solved == expected.step_solved);
    CHECK(r.steps_done == expected.steps_done);
    CHECK(r.evaluation.sequence_accuracy == expected.evaluation.sequence_accuracy);
    break;
  }
  CHECK(stops == 3);
}

TEST_CASE("run: stopped at any step it goes on to the same bits, whatever it is made of") {
  for (const Kind& kind : Registry<Kind>::all())
    for (const Plugin* plugin : kind.plugins()) {
      CAPTURE(kind.name);
      CAPTURE(plugin->name);
      Choices chosen = plugin->tiny;
      for (const auto& choice : Choices{{"embedding", "learned"}, {"steps", "23"}, {"schedule", "cosine"}})
        chosen.push_back(choice);
      chosen.emplace_back(kind.name, plugin->name);
      expect_going_on(tiny(chosen));
    }
}

TEST_CASE("run: a checkpoint that is damaged or another run's is told and not used") {
  const Scratch scratch;
  const fs::path path = scratch / "progress";
  const Settings s = tiny({{"steps", "12"}}), other = tiny({{"steps", "12"}, {"seed", "7"}});
  const RunResult expected = run_safely(s);
  const auto result_and_told = [&] {
    std::string told;
    RunOptions options;
    options.checkpoint = path;
    options.tell = [&](const std::string& what) { told += what; };
    const RunResult r = run_safely(s, options);
    CHECK(curve_text(r.curve) == curve_text(expected.curve));
    return told;
  };
  const auto save_all_of = [&](const Settings& settings) {
    Trainer trainer(settings);
    const RunResult so_far = run(settings, trainer);
    save_progress(path, settings, trainer, so_far);
  };
  save_all_of(other);
  CHECK(result_and_told().find("there seed is 7, in this run 0; the run starts again") !=
        std::string::npos);
  const std::string bytes = read_file(path);
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, bytes.size() / 2, bytes.size() - 1}) {
    write_file(path, bytes.substr(0, size));
    CHECK(result_and_told().ends_with("; the run starts again"));
  }
  save_all_of(s);
  std::string changed = read_file(path);
  CHECK(result_and_told() == "goes on at step 12");
  changed[changed.size() - 2] ^= 1;  // a number that is finite all the same
  write_file(path, changed);
  CHECK(result_and_told().find("its checksum is not that of its content") != std::string::npos);
}

TEST_CASE("run: the memory it needs is estimated from above, and not by much") {
  const Settings small = tiny(), large = tiny({{"d_model", "512"}, {"layers", "4"}});
  Trainer trainer(large);
  const double weights = 4.0 * static_cast<double>(trainer.parameters().values().size());
  // These, two parts of gradients, two of Adam; packed for forward, for backward and for a decoder.
  CHECK(estimated_memory(large) > 8 * weights);
  CHECK(estimated_memory(large) < 10 * weights);
  CHECK(estimated_memory(small) < 10e6);
  CHECK(estimated_memory(large, 2) > estimated_memory(large));
  CHECK(available_memory() > 1e6);
}

}  // namespace
}  // namespace ladder
