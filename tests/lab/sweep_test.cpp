// A sweep from its experiment to its files, and the text of results.
#include "lab/sweep.h"

#include <doctest/doctest.h>

#include <set>
#include <sstream>

#include "base/files.h"
#include "base/table.h"
#include "../contains.h"
#include "../scratch.h"

namespace ladder {

using namespace lab;
namespace {

namespace fs = std::filesystem;

using Overrides = std::vector<Override>;

// Eight runs of different length, each of a few milliseconds.
const std::string small =
    "base = 2 4\ndelay = 2\ncontext = 7\nd_model = 8\nheads = 2\nbatch = 8\nmlp_ratio = 2\n"
    "steps = 12\neval_every = 5\neval_sequences = 10\nscore = dpa ea\nseed = 0..1\n";

Experiment experiment_of(const std::string& text, const Overrides& overrides = {}) {
  const Scratch scratch;
  write_file(scratch / "small.txt", text);
  return Experiment::load(scratch / "small.txt", overrides);
}

struct Outcome {
  Sweep result;
  Table runs, curves;
  std::string resolved, progress;
};

Outcome swept(const std::string& text, Overrides overrides = {}, Shard shard = {}) {
  const Scratch scratch;
  overrides.push_back({"out", {(scratch / "out").string()}, "flag --out"});
  std::ostringstream progress;
  Outcome outcome;
  outcome.result = sweep(experiment_of(text, overrides), {.shard = shard}, progress, false);
  outcome.runs = Table::read(outcome.result.directory / "runs.csv");
  outcome.curves = Table::read(outcome.result.directory / "curves.csv");
  outcome.resolved = read_file(outcome.result.directory / "experiment.txt");
  outcome.progress = progress.str();
  for (const auto& entry : fs::directory_iterator(scratch / "out"))  // no half-written ones
    CHECK(entry.path().extension() != ".partial");
  return outcome;
}

// All that must not differ from time to time.
std::string without_seconds(Table runs) {
  for (std::size_t i = 0; i < runs.rows(); ++i) runs.set(i, "seconds", "");
  return runs.to_csv();
}

Override flag(const std::string& key, const std::vector<std::string>& words) {
  return {key, words, "flag --" + key};
}

// ---- the sweep ----

TEST_CASE("sweep: the same bytes for any number of threads and from time to time") {
  const Outcome one = swept(small, {flag("threads", {"1"})});
  CHECK(one.runs.rows() == 8);
  CHECK(one.result.failed == 0);
  CHECK(contains(one.progress, "8/8 runs"));
  for (const std::string threads : {"1", "2", "3"}) {
    const Outcome other = swept(small, {flag("threads", {threads})});
    CHECK(without_seconds(other.runs) == without_seconds(one.runs));
    CHECK(other.curves.to_csv() == one.curves.to_csv());
    CHECK(other.resolved == one.resolved);
  }
}

TEST_CASE("sweep: rows are the runs in the order of the experiment, measured and resolved") {
  const Outcome outcome = swept(small);
  const auto runs = experiment_of(small).expand();
  REQUIRE(outcome.runs.rows() == runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    CHECK(outcome.runs.at(i, "run") == std::to_string(i));
    for (const Setting* setting : all_settings())
      if (!setting->changes_results()) CHECK_FALSE(outcome.runs.has(setting->name));
      else CHECK(outcome.runs.at(i, setting->name) == flag_in_file(setting->name, runs[i].cell(setting->name)));
    CHECK(outcome.runs.at(i, "status") == "ok");
    CHECK(outcome.runs.at(i, "steps_done") == "12");
    CHECK(outcome.runs.number(i, "chance") == 1 / runs[i].real("base"));
  }
  // Evaluated at steps 0, 5, 10 and the last
  REQUIRE(outcome.curves.rows() == 4 * runs.size());
  CHECK(outcome.curves.at(5, "run") == "1");
  CHECK(outcome.curves.at(5, "step") == "5");
  CHECK(outcome.curves.at(7, "step") == "12");
  CHECK(outcome.curves.at(7, "accuracy") == outcome.runs.at(1, "accuracy"));
  CHECK(outcome.curves.at(7, "eval_loss") == outcome.runs.at(1, "eval_loss"));
}

TEST_CASE("sweep: a row is what the run gives on its own") {
  const Outcome outcome = swept(small);
  const RunResult alone = run_safely(experiment_of(small).expand()[6]);
  CHECK(outcome.runs.at(6, "accuracy") == to_text(alone.evaluation.accuracy));
  CHECK(outcome.runs.at(6, "eval_loss") == to_text(alone.evaluation.loss));
}

TEST_CASE("sweep: the resolved experiment makes the same runs") {
  const Outcome outcome = swept(small, {flag("base", {"4"})});
  const Outcome again = swept(outcome.resolved);
  CHECK(without_seconds(again.runs) == without_seconds(outcome.runs));
}

TEST_CASE("sweep: a run that diverges is a row with the reason and what it knew, and the others go on") {
  const Outcome outcome =
      swept(small, {flag("learning_rate", {"0.1", "1e6"}), flag("norm", {"none"})});
  const Table& runs = outcome.runs;
  CHECK(runs.rows() == 16);
  CHECK(outcome.result.diverged == 8);
  CHECK(contains(outcome.progress, " is not finite after "));
  for (std::size_t i = 0; i < runs.rows(); ++i) {
    const bool wild = runs.at(i, "learning_rate") != "0.1";
    CHECK(runs.at(i, "status") == (wild ? "diverged" : "ok"));
    CHECK(contains(runs.at(i, "reason"), " is not finite after ") == wild);
    // What it knew by then is kept.
    CHECK(runs.at(i, "accuracy") != "");
    CHECK((runs.at(i, "rollout_accuracy") == "") == wild);
    CHECK((runs.number(i, "steps_done") < 12) == wild);
  }
}

TEST_CASE("sweep: shards are parts of the runs, with the same rows") {
  const Outcome whole = swept(small);
  std::vector<std::string> rows(whole.runs.rows());
  std::size_t made = 0;
  for (int index = 1; index <= 3; ++index) {
    const Outcome part = swept(small, {}, {index, 3});
    Table runs = part.runs;
    for (std::size_t i = 0; i < runs.rows(); ++i) {
      runs.set(i, "seconds", "");
      std::string& row = rows.at(std::stoul(runs.at(i, "run")));
      CHECK(row == "");
      row = join(runs.row(i), ",");
      ++made;
    }
  }
  CHECK(made == rows.size());
  Table expected = whole.runs;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    expected.set(i, "seconds", "");
    CHECK(rows[i] == join(expected.row(i), ","));
  }
  CHECK_THROWS_AS(swept(small, {}, {9, 9}), Error);  // there are only eight
}

TEST_CASE("sweep: nothing is trained if one run's settings do not fit together") {
  const Scratch scratch;
  const auto out = flag("out", {(scratch / "out").string()});
  std::ostringstream progress;
  for (const Override& wrong :
       {flag("base", {"2", "64"}), flag("heads", {"2", "3"}), flag("gradient_parts", {"3"})}) {
    CAPTURE(wrong.key);
    CHECK_THROWS_AS(sweep(experiment_of(small, {out, wrong}), {}, progress, false), Error);
    // Another shard's run is as wrong.
    CHECK_THROWS_AS(planned_runs(experiment_of(small, {out, wrong}), {1, 8}, progress), Error);
  }
  CHECK_FALSE(fs::exists(scratch / "out"));
}

TEST_CASE("sweep: a directory that cannot be written is a failure before any training") {
  const Scratch scratch;
  write_file(scratch / "file", "");
  std::ostringstream progress;
  const Experiment experiment =
      experiment_of(small, {flag("out", {(scratch / "file" / "out").string()})});
  CHECK_THROWS_AS(sweep(experiment, {}, progress, false), Error);
  CHECK(progress.str() == "");
}

TEST_CASE("sweep: a setting without effect in any run is told, one with effect in some is not") {
  const auto notes = [](const Overrides& overrides) {
    std::ostringstream out;
    planned_runs(experiment_of(small, overrides), {}, out);
    return out.str();
  };
  CHECK(notes({}) == "");
  CHECK(contains(notes({flag("momentum", {"0.5"})}), "note: flag --momentum: key 'momentum' has no effect"));
  CHECK(notes({flag("momentum", {"0.5"}), flag("optimizer", {"sgd"})}) == "");
  CHECK(notes({flag("momentum", {"0.5"}), flag("optimizer", {"adam", "sgd"})}) == "");
  CHECK(notes({flag("momentum", {"0.5"}), flag("optimizer", {"sgd", "adam"})}) == "");
}

TEST_CASE("sweep: runs that differ only in settings without effect are made once, and it is told") {
  const Overrides overrides = {flag("pattern", {"full", "window"}), flag("window", {"2", "3", "4"}),
                               flag("score", {"ea"}), flag("base", {"2"})};
  std::ostringstream notes;
  const auto runs = planned_runs(experiment_of(small, overrides), {}, notes);
  CHECK(runs.size() == 8);  // of 12: (full + 3 windows) x 2 seeds
  for (std::size_t i = 0; i < runs.size(); ++i) CHECK(runs[i].number == i);
  CHECK(notes.str() == "note: flag --window: key 'window' has no effect without pattern = window: "
                       "4 runs that repeat others are left out\n");
  const Outcome outcome = swept(small, overrides);
  REQUIRE(outcome.runs.rows() == 8);
  for (std::size_t i = 0; i < 8; ++i)
    CHECK((outcome.runs.at(i, "window") == "") == (outcome.runs.at(i, "pattern") == "full"));
}

TEST_CASE("sweep: cells of settings that do not apply are empty, all others are not") {
  for (const auto& chosen : std::vector<std::pair<std::string, std::string>>{
           {"mixer", "attention"}, {"mixer", "cosformer"}, {"score", "power"}, {"pattern", "strided"},
           {"optimizer", "lion"}, {"task", "copy"}}) {
    CAPTURE(chosen.second);  // clang 14 captures no bindings
    Settings s;
    s.set(chosen.first, chosen.second, "test");
    s.resolve();
    const Table table = Table::parse(runs_csv({{0, s, {}}}), "runs.csv");
    for (const std::string& name : setting_columns()) {
      CAPTURE(name);
      CHECK(table.at(0, name) == flag_in_file(name, s.cell(name)));
      CHECK((s.cell(name) == "") == !s.applies(name));
    }
  }
}

// ---- results as text ----

RunRow row_of(std::size_t number, const std::string& score, const std::string& base,
              double accuracy, int step_solved, const std::string& error = "") {
  RunRow row{number, {}, {}};
  row.settings.set("score", score, "test");
  row.settings.set("base", base, "test");
  row.settings.resolve();
  row.result.complexity_bits = 12;
  row.result.chance = 0.125;
  row.result.evaluation.accuracy = accuracy;
  row.result.step_solved = step_solved;
  if (!error.empty()) {
    row.result = {};
    row.result.status = Status::failed;
    row.result.reason = error;
  }
  return row;
}

TEST_CASE("results: cells with commas, quotes and line breaks are quoted") {
  const std::string nasty = "a \"b\", c\nd";
  const std::vector<RunRow> rows = {row_of(7, "ea", "8", 0, -1, nasty), row_of(8, "ea", "8", 1, 3)};
  const std::string csv = runs_csv(rows);
  CHECK(contains(csv, ",failed,\"a \"\"b\"\", c\nd\"\n"));
  const Table table = Table::parse(csv, "runs.csv");
  REQUIRE(table.rows() == 2);
  CHECK(table.at(0, "run") == "7");
  CHECK(table.at(0, "status") == "failed");
  CHECK(table.at(0, "reason") == nasty);
  CHECK(table.at(0, "solved") == "");
  CHECK(table.at(1, "status") == "ok");
  CHECK(table.at(1, "solved") == "1");
  CHECK(table.at(1, "step_solved") == "3");
  for (const std::string& column : result_columns()) CHECK(table.has(column));
}

}  // namespace
}  // namespace ladder
