// Sweeps that go on: the same bytes as an undisturbed one, and nothing of another kind mixed in.
#include <doctest/doctest.h>
#include <signal.h>

#include <sstream>

#include "../contains.h"
#include "base/signals.h"
#include "lab/merge.h"
#include "lab/sweep.h"
#include "../scratch.h"

namespace ladder {

using namespace lab;
namespace {

namespace fs = std::filesystem;

// Eight runs, each of a few milliseconds.
const std::string small =
    "base = 2 4\ndelay = 2\ncontext = 7\nd_model = 8\nheads = 2\nbatch = 8\nmlp_ratio = 2\n"
    "steps = 12\neval_every = 5\neval_sequences = 10\nscore = dpa ea\nseed = 0..1\n";

// What a sweep leaves, and what it said.
struct Outcome {
  Sweep sweep;
  std::string runs, curves, said;
};

Outcome swept(const fs::path& directory, const std::string& more = "", SweepOptions options = {}) {
  const fs::path file = directory.string() + ".txt";
  write_file(directory.string() + "_base.txt", small);
  write_file(file, "include " + directory.filename().string() + "_base.txt\n" + more +
                       "\nout = " + directory.string() + "\nthreads = 1\n");
  std::ostringstream out;
  Outcome outcome;
  outcome.sweep = sweep(Experiment::load(file), options, out, false);
  outcome.sweep.store.reset();  // unlocks
  Table runs = Table::read(directory / "runs.csv");
  for (std::size_t i = 0; i < runs.rows(); ++i) runs.set(i, "seconds", "");
  outcome.runs = runs.to_csv();
  outcome.curves = read_file(directory / "curves.csv");
  outcome.said = out.str();
  return outcome;
}

std::string refusal(const fs::path& directory, const std::string& more) {
  try {
    swept(directory, more);
  } catch (const Error& error) {
    return error.what();
  }
  return "not refused";
}

TEST_CASE("resume: from any number of finished runs, and a torn line, to the same bytes") {
  const Scratch scratch;
  const Outcome whole = swept(scratch / "whole");
  const auto lines = split(read_file(scratch / "whole/runs.log"), '\n');
  REQUIRE(lines.size() == 9);
  for (std::size_t kept = 0; kept < 8; ++kept) {
    const fs::path directory = scratch / ("cut" + std::to_string(kept));
    fs::create_directories(directory);
    std::string log;
    for (std::size_t i = 0; i < kept; ++i) log += lines[i] + "\n";
    write_file(directory / "runs.log", log + lines[kept].substr(0, 40 * kept));
    const Outcome outcome = swept(directory);
    CHECK(outcome.runs == whole.runs);
    CHECK(outcome.curves == whole.curves);
    CHECK(outcome.sweep.kept == kept);
    CHECK(outcome.sweep.made == 8 - kept);
    CHECK(contains(outcome.said, "was not written to its end") == (kept > 0));
    CHECK(contains(outcome.said, "8/8 runs"));
  }
}

TEST_CASE("resume: a sweep that is stopped at every evaluation gets to its end all the same") {
  const Scratch scratch;
  const Outcome whole = swept(scratch / "whole");
  std::size_t made = 0;
  int stops = 0;
  while (true) {
    if (stops < 5) set_stop_signal(SIGTERM);  // before it begins: a session that does nothing
    if (stops % 2 == 1) set_stop_signal(0);
    const Outcome outcome = swept(scratch / "stopped");
    set_stop_signal(0);
    made += outcome.sweep.made;
    if (outcome.sweep.signal == 0) {
      CHECK(outcome.runs == whole.runs);
      CHECK(outcome.curves == whole.curves);
      break;
    }
    CHECK(outcome.sweep.signal == SIGTERM);
    ++stops;
  }
  CHECK(made == 8);
  CHECK(stops == 1);
}

TEST_CASE("resume: a finished sweep makes nothing again") {
  const Scratch scratch;
  const Outcome first = swept(scratch / "d"), again = swept(scratch / "d");
  CHECK(again.sweep.made == 0);
  CHECK(again.sweep.kept == 8);
  CHECK(read_file(scratch / "d/runs.csv").size() > 0);
  CHECK(again.runs == first.runs);
  CHECK(contains(again.said, "8 of 8 runs are finished already"));
}

TEST_CASE("resume: more seeds, rungs and contestants join") {
  const Scratch scratch;
  swept(scratch / "d");
  const auto kept_and_made = [&](const std::string& more) {
    const Outcome o = swept(scratch / "d", more);
    return std::pair(o.sweep.kept, o.sweep.made);
  };
  using Pair = std::pair<std::size_t, std::size_t>;
  CHECK(kept_and_made("seed = 0..2\n") == Pair{8, 4});
  CHECK(kept_and_made("seed = 7\n") == Pair{0, 4});
  CHECK(kept_and_made("base = 8\n") == Pair{0, 4});
  CHECK(kept_and_made("score = square ea\n") == Pair{4, 4});
  CHECK(kept_and_made("learning_rate = 0.001 0.3\n") == Pair{8, 8});  // an axis of its own
  CHECK(kept_and_made("") == Pair{8, 0});
  const Table runs = Table::read(scratch / "d/runs.csv");
  CHECK(runs.rows() == 8 + 4 + 4 + 4 + 4 + 8);
  for (std::size_t i = 0; i < runs.rows(); ++i) CHECK(runs.at(i, "run") == std::to_string(i));
  CHECK(fs::exists(scratch / "d/experiment.5.txt"));  // the earlier ones are kept
}

TEST_CASE("resume: a changed setting of a run that exists is refused with what differs") {
  const Scratch scratch;
  swept(scratch / "d");
  const std::string before = read_file(scratch / "d/runs.log");
  const std::string why = refusal(scratch / "d", "learning_rate = 0.3\n");
  CHECK(contains(why, "runs.log:"));
  CHECK(contains(why, "base 2, score dpa, seed 0"));
  CHECK(contains(why, "is there with learning_rate 0.001, not 0.3 as now: --fresh"));
  CHECK(contains(refusal(scratch / "d", "steps = 13\neval_every = 6\n"), "steps 12, not 13; eval_every 5, not 6"));
  // Also with seeds that are new beside ones that are there.
  CHECK(contains(refusal(scratch / "d", "norm = pre\nseed = 1..5\n"), "norm post, not pre"));
  // A rate of each contestant's own is a setting of it, no axis.
  swept(scratch / "paired", "(score, learning_rate) = (dpa, 0.4) (ea, 0.1)\n");
  CHECK(contains(refusal(scratch / "paired", "(score, learning_rate) = (dpa, 0.4) (ea, 0.2)\n"),
                 "learning_rate 0.1, not 0.2"));
  CHECK(read_file(scratch / "d/runs.log") == before);
  const Outcome fresh = swept(scratch / "d", "learning_rate = 0.3\n", {.old = Store::Old::move_aside});
  CHECK(fresh.sweep.made == 8);
  CHECK(read_file(scratch / "d.old1/runs.log") == before);
}

TEST_CASE("resume: runs that failed are made again, unless that is not wanted; diverged ones never") {
  const Scratch scratch;
  const Outcome whole = swept(scratch / "whole");
  LogContent content = parse_log(read_file(scratch / "whole/runs.log"), "log");
  std::string log;
  for (std::size_t i = 0; i < content.runs.size(); ++i) {
    RunResult& result = content.runs[i].row.result;
    if (i < 2) result = {};
    if (i < 2) result.status = Status::failed, result.reason = "out of memory";
    if (i == 2) result.status = Status::diverged;
    log += log_line(content.runs[i].row, "v");
  }
  for (const bool retry : {false, true}) {
    const fs::path directory = scratch / (retry ? "retry" : "keep");
    fs::create_directories(directory);
    write_file(directory / "runs.log", log);
    SweepOptions options;
    options.retry_failed = retry;
    const Outcome outcome = swept(directory, "", options);
    CHECK(outcome.sweep.made == (retry ? 2 : 0));
    CHECK(outcome.sweep.failed == (retry ? 0 : 2));
    CHECK(outcome.sweep.diverged == 1);
  }
}

TEST_CASE("resume: shards share a directory, or are merged, to the same bytes") {
  const Scratch scratch;
  const Outcome whole = swept(scratch / "whole");
  std::vector<fs::path> parts;
  for (const int index : {2, 3, 1}) {
    SweepOptions options;
    options.shard = {index, 3};
    swept(scratch / "shared", "", options);
    parts.push_back(scratch / ("part" + std::to_string(index)));
    swept(parts.back(), "", options);
  }
  const auto runs = [](const fs::path& directory) {
    Table table = Table::read(directory / "runs.csv");
    for (std::size_t i = 0; i < table.rows(); ++i) table.set(i, "seconds", "");
    return table.to_csv();
  };
  CHECK(runs(scratch / "shared") == whole.runs);
  CHECK(read_file(scratch / "shared/curves.csv") == whole.curves);
  std::ostringstream notes;
  set_stop_signal(SIGTERM);
  CHECK(merge(parts, scratch / "merged", Store::Old::join, notes).added == 0);
  set_stop_signal(0);
  CHECK_FALSE(fs::exists(scratch / "merged"));
  const Merged gap = merge({parts[0], parts[1]}, scratch / "merged", Store::Old::join, notes);
  REQUIRE(gap.missing.size() == 3);
  CHECK(gap.missing[0] == "run 0, base 2, score dpa, seed 0");
  const Merged all = merge(parts, scratch / "merged", Store::Old::join, notes);
  CHECK(all.missing.empty());
  CHECK(all.runs == 8);
  CHECK(all.added == 3);
  CHECK(runs(scratch / "merged") == whole.runs);
  CHECK(read_file(scratch / "merged/curves.csv") == whole.curves);
  // A directory of an older version has tables only.
  fs::create_directories(scratch / "tables");
  for (const char* name : {"runs.csv", "curves.csv", "experiment.txt"})
    fs::copy(scratch / "whole" / name, scratch / "tables" / name);
  merge({scratch / "tables"}, scratch / "again", Store::Old::join, notes);
  CHECK(runs(scratch / "again") == whole.runs);
  CHECK(read_file(scratch / "again/curves.csv") == whole.curves);
}

}  // namespace
}  // namespace ladder
