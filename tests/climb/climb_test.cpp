// A climb from its file to its results; replays and simulations at reduced size.
#include <doctest/doctest.h>

#include <sstream>

#include "base/files.h"
#include "base/signals.h"
#include "climb/climb_report.h"
#include "climb/replay.h"
#include "lab/merge.h"
#include "lab/sweep.h"
#include "../scratch.h"

namespace ladder {

using namespace climb;
namespace {

namespace fs = std::filesystem;

// Trainings of a few milliseconds.
const std::string small =
    "contestants: score = dpa ea\n"
    "rungs: (base, delay) = (2, 2) (3, 2) (4, 2)\n"
    "search: learning_rate = 0.003..0.1 log\n"
    "search: schedule = constant warmup\n"
    "optimizer = adam\ncontext = 7\nd_model = 8\nheads = 2\nbatch = 8\nmlp_ratio = 2\nwarmup = 5\n"
    "steps = 36\neval_every = 4\neval_sequences = 10\nsolve_threshold = 0.6\n"
    "recipes = 6\nhalving = 3\nlevels = 2\nfinalists = 2\ntuning_seeds = 2\nfresh_seeds = 3\n";

Plan plan_of(const std::string& text, const std::vector<lab::Override>& flags = {}) {
  const Scratch scratch;
  write_file(scratch / "small.txt", text);
  return read_plan(scratch / "small.txt", flags);
}

lab::Override flag(const std::string& key, const std::string& word) { return {key, {word}, "flag --" + key}; }

std::string without_seconds(const fs::path& path) {
  Table runs = Table::read(path);
  for (std::size_t i = 0; i < runs.rows(); ++i) runs.set(i, "seconds", "");
  return runs.to_csv();
}

struct Files {
  std::string runs, curves, climb, rungs, pairs, picture;
  bool operator==(const Files&) const = default;
};

Files files_of(const Plan& plan, const Climb& result) {
  const ClimbReport report = make_report(plan, *result.contest, *result.ground, result.finished);
  return {without_seconds(result.directory / "runs.csv"), read_file(result.directory / "curves.csv"),
          report.climb.to_csv(), report.rungs.to_csv(), report.pairs.to_csv(), report.picture};
}

}  // namespace

TEST_CASE("climb: the same files for one thread and two, and after an interruption") {
  const Scratch scratch;
  std::ostringstream out;
  std::vector<Files> files;
  for (const char* threads : {"1", "2"}) {
    const Plan plan = plan_of(small, {flag("out", (scratch / threads).string()), flag("threads", threads)});
    const Climb result = climb::climb(plan, {}, out, false);
    CHECK(result.finished);
    CHECK(result.failed == 0);
    files.push_back(files_of(plan, result));
    CHECK_FALSE(fs::exists(scratch / threads / "unfinished"));
  }
  CHECK(files[0] == files[1]);

  // Cut off in the middle of the log, as by a kill: what is left goes on to the same end.
  const std::string log = read_file(scratch / "1" / "runs.log");
  for (const double part : {0.1, 0.5, 0.9}) {
    const fs::path again = scratch / ("again" + std::to_string(part));
    fs::create_directories(again);
    write_file(again / "runs.log", log.substr(0, static_cast<std::size_t>(part * log.size())));
    const Plan plan = plan_of(small, {flag("out", again.string()), flag("threads", "2")});
    const Climb result = climb::climb(plan, {}, out, false);
    CHECK(result.kept > 0);
    CHECK(files_of(plan, result) == files[0]);
  }
  // Everything is there: nothing is trained.
  const Plan plan = plan_of(small, {flag("out", (scratch / "1").string())});
  CHECK(climb::climb(plan, {}, out, false).made == 0);
  // Other settings of the same runs are refused.
  const Plan other = plan_of(small + "clip = 1\n", {flag("out", (scratch / "1").string())});
  CHECK_THROWS_WITH_AS(climb::climb(other, {}, out, false), doctest::Contains("clip 0, not 1"), Error);
}

TEST_CASE("climb: a training that goes on from its state is the whole training") {
  const Scratch scratch;
  std::ostringstream out;
  const Plan plan = plan_of(small, {flag("out", (scratch / "out").string()), flag("threads", "1")});
  const Climb result = climb::climb(plan, {}, out, false);
  int longer = 0;
  for (const Trial& trial : result.ground->known()) {
    if (trial.seed != 0 || trial.steps != 36) continue;
    const Settings settings = plan.settings(trial);
    const auto* run = result.store->finished().find(lab::run_key(settings));
    REQUIRE(run);
    CHECK(lab::difference(run->row.result, lab::run_safely(settings), true) == "");
    ++longer;
  }
  CHECK(longer > 0);
}

TEST_CASE("climb: parts take contestants; the whole then compares them") {
  const Scratch scratch;
  std::ostringstream out;
  const auto at = [&](const char* name) { return plan_of(small, {flag("out", (scratch / name).string())}); };
  const Climb whole = climb::climb(at("whole"), {}, out, false);
  for (int part : {1, 2}) {
    const Climb result = climb::climb(at("parts"), {.shard = {part, 2}}, out, false);
    CHECK(result.finished);
  }
  const Climb joined = climb::climb(at("parts"), {}, out, false);
  CHECK(files_of(at("parts"), joined) == files_of(at("whole"), whole));
  CHECK_THROWS_WITH_AS(climb::climb(at("three"), {.shard = {1, 3}}, out, false), doctest::Contains("fewer than 3"), Error);
}

TEST_CASE("climb: a file that cannot be climbed is refused with its line") {
  for (const auto& one : std::initializer_list<std::pair<std::string, std::string>>{
           {"delay = 4", "it varies under 'rungs'"},
           {"clip = 0 1", "got several values"},
           {"search: base = 4..8", "one kind of line"},
           {"search: seed = 1 2", "expected a setting of task"},
           {"search: steps = 10 20", "expected one value for all"},
           {"rungs: (base, delay) = (2, 2)", "expected each once"},
           {"contestants: (mixer, score, pattern) = (attention, ea, full)", "two that are called 'ea'"},
           {"contestant: score = square", "did you mean 'contestants:'"},
           {"seed = 9007199254740000", "room for the fresh seeds"},
           {"rungs: (base, delay, window) = (2, 2, 7)", "the same trainings"},
           {"contestants: (score, window) = (ea, 9)", "the same trainings"},
           {"search: heads = 3", "heads"}}) {
    const std::string &line = one.first, &part = one.second;
    CAPTURE(line);
    CHECK_THROWS_WITH_AS(plan_of(small + line + "\n"), doctest::Contains(part.c_str()), Error);
  }
  CHECK_THROWS_WITH_AS(plan_of("rungs: base = 2\nsearch: norm = pre post\n"), doctest::Contains("contestants: score"), Error);
  const Plan named = plan_of(small + "contestants: (mixer, score, pattern) = (linear, dpa, full) (attention, dpa, window)\n");
  CHECK(named.contestant_name(2) == "linear dpa");
  CHECK(named.contestant_name(3) == "dpa window");
  CHECK(plan_of(small + "contestants: pattern = window\n").contestant_name(2) == "ea window");
  CHECK(plan_of(small + "search: momentum = 0 0.9\nwindow = 7\n").notes.size() == 2);
  const Plan plan = plan_of(small);
  CHECK(plan.notes.empty());
  CHECK(plan_of(plan.resolved()).resolved() == plan.resolved());
}

TEST_CASE("climb: its directory is no sweep's, nor a sweep's a climb's") {
  const Scratch scratch;
  std::ostringstream out;
  const std::string climbs = (scratch / "climb").string(), runs = (scratch / "runs").string();
  climb::climb(plan_of(small, {flag("out", climbs)}), {}, out, false);
  const auto sweep = [&](const std::string& directory) {
    return lab::sweep(lab::Experiment::from_flags({flag("out", directory), flag("steps", "0"), flag("context", "6"),
                                                   flag("delay", "2"), flag("eval_sequences", "4")}), {}, out, false);
  };
  CHECK_THROWS_WITH_AS(sweep(climbs), doctest::Contains("has a climb"), Error);
  CHECK_THROWS_WITH_AS(lab::merge({climbs}, scratch / "whole", lab::Store::Old::join, out), doctest::Contains("has a climb"), Error);
  sweep(runs);
  CHECK_THROWS_WITH_AS(climb::climb(plan_of(small, {flag("out", runs)}), {}, out, false), doctest::Contains("no climb's"), Error);
}

TEST_CASE("climb: replays on a full grid find its answer, and simulated contestants theirs") {
  const Scratch scratch;
  std::ostringstream out;
  const Plan plan = plan_of(small, {flag("out", (scratch / "grid").string())});
  const Climb grid = climb::climb(plan, {.grid = true}, out, false);
  CHECK(grid.made == 2 * 3 * 6 * 2);
  for (const ReplayRow& row : replay(plan, grid.store->finished(), 20)) {
    CHECK(row.same_frontier + row.higher >= 0.5 * row.replays);  // few seeds, few recipes
    CHECK(row.good_recipe <= row.same_frontier);
    CHECK(row.steps < row.grid_steps);
    CHECK(row.missed <= row.searches);
  }
  const Plan usual = plan_of(small + "", {flag("recipes", "24"), flag("finalists", "4"), flag("fresh_seeds", "12"),
                                          flag("tuning_seeds", "3"), flag("levels", "2"), flag("steps", "900")});
  for (const SimulationRow& row : simulate(usual, 60)) {
    CAPTURE(row.kind);
    if (row.kind != "flat") CHECK(row.same_frontier >= 57);
    CHECK(row.covering >= 0.85 * row.intervals);
    CHECK(row.called_different <= 8);  // expected at 5 %: 3, more than 8 in 0.3 % of such
  }
}

}  // namespace ladder
