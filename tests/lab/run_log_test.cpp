// The log of finished runs: whatever happens to it, no row is lost or wrong without a word.
#include "lab/run_log.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "../contains.h"
#include "base/signals.h"
#include "lab/store.h"
#include "../scratch.h"

namespace ladder {

using namespace lab;
namespace {

namespace fs = std::filesystem;

template <class Action>
std::string message(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

RunRow row_of(std::size_t number, const std::string& seed = "0", double accuracy = 0.1) {
  RunRow row{number, {}, {}};
  row.settings.set("seed", seed, "test");
  row.settings.resolve();
  RunResult& r = row.result;
  r.complexity_bits = 12, r.chance = 1.0 / 3, r.holdout = "hash", r.parameters = 13800;
  r.initial_z = 0.1 + 0.2, r.steps_done = 200, r.evaluation = {1e-300, accuracy, 2.0 / 3};
  r.rollout_accuracy = 0, r.step_solved = 200, r.seconds = 0.125;
  r.curve = {{0, 1.0 / 7, 0}, {200, 2.5, 1}};
  return row;
}

FinishedRuns read(const fs::path& directory) {
  std::ostringstream notes;
  return read_logs(directory, notes);
}

Status status_of_the_only_run(const fs::path& directory) {
  const FinishedRuns finished = read(directory);
  REQUIRE(finished.size() == 1);
  return finished.all()[0]->row.result.status;
}

TEST_CASE("log: a row comes back to the last bit, and with it the tables") {
  RunRow nasty = row_of(1, "1");
  nasty.result = {};
  nasty.result.status = Status::failed;
  nasty.result.reason = "a \"b\",\tc\\\nd\r=\\t";
  const std::vector<RunRow> rows = {row_of(0), nasty};
  const Scratch scratch;
  {
    RunLog log(scratch.path(), {});
    for (const RunRow& row : rows) log.append(row, "v");
  }
  std::vector<RunRow> again;
  const FinishedRuns finished = read(scratch.path());
  for (const LoggedRun* run : finished.all()) again.push_back(run->row);
  CHECK(runs_csv(again) == runs_csv(rows));
  CHECK(curves_csv(again) == curves_csv(rows));
  CHECK(again[0].result.initial_z == 0.1 + 0.2);
}

TEST_CASE("log: cut anywhere it has the whole lines, and the rest is told") {
  const std::string first = log_line(row_of(0), "v"), text = first + log_line(row_of(1, "1"), "v");
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const LogContent content = parse_log(std::string_view(text).substr(0, size), "x");
    const bool whole = size == 0 || size == first.size() || size == text.size();
    CHECK(content.runs.size() == (size >= text.size() ? 2 : size >= first.size() ? 1 : 0));
    CHECK((content.torn == "") == whole);
    CHECK(content.sound == (size >= text.size() ? size : size >= first.size() ? first.size() : 0));
  }
  // What a file system leaves of a line that it had promised room for.
  const std::string zeros = first + std::string(100, '\0');
  CHECK(parse_log(zeros, "x").runs.size() == 1);
  CHECK(contains(parse_log(zeros, "x").torn, "x:2: the last line was not written to its end"));
  CHECK(contains(parse_log(first + std::string(10, '\0') + "\n", "x").torn, "x:2"));
}

TEST_CASE("log: a byte that is changed in a whole line is an error that names the line") {
  const std::string first = log_line(row_of(0), "v"), second = log_line(row_of(1, "1"), "v");
  for (std::size_t at = 0; at < first.size() - 1; at += 7) {
    std::string damaged = first;
    damaged[at] ^= 1;
    if (damaged[at] == '\n') continue;
    CAPTURE(at);
    CHECK(message([&] { parse_log(damaged + second, "x"); }).starts_with("x:1: "));
    CHECK(message([&] { parse_log(second + damaged, "x"); }).starts_with("x:2: "));
  }
  CHECK(message([&] { parse_log(first.substr(5) + second, "x"); }).starts_with("x:1: got '"));
  CHECK(message([&] { parse_log("\n" + second, "x"); }).starts_with("x:1: "));
  CHECK(contains(message([&] { parse_log("ladder2" + first.substr(7), "x"); }), "another version"));
}

TEST_CASE("log: a torn line is taken away before the next is written") {
  const Scratch scratch;
  write_file(scratch / "runs.log", log_line(row_of(0), "v") + "ladder1 1234");
  std::ostringstream notes;
  CHECK(read_logs(scratch.path(), notes).size() == 1);
  CHECK(contains(notes.str(), "runs.log:2: the last line was not written to its end; it is dropped"));
  {
    RunLog log(scratch.path(), {});
    log.append(row_of(1, "1"), "v");
  }
  CHECK(read(scratch.path()).size() == 2);
}

TEST_CASE("log: of two rows of one run, equal ones count once, others are refused") {
  const Scratch scratch;
  RunRow slow = row_of(0);
  slow.result.seconds = 100;
  write_file(scratch / "runs-1of2.log", log_line(row_of(0), "v"));
  write_file(scratch / "runs-2of2.log", log_line(slow, "w"));
  CHECK(read(scratch.path()).size() == 1);
  write_file(scratch / "runs-2of2.log", log_line(row_of(0, "0", 0.2), "w"));
  const std::string why = message([&] { read(scratch.path()); });
  CHECK(contains(why, "runs-2of2.log:1 is the same run as "));
  CHECK(contains(why, "runs-1of2.log:1, but has accuracy '0.2', not '0.1'"));
  CHECK(contains(why, "version w and by v"));
  RunRow bent = row_of(0);
  bent.result.curve[0].loss = 3;
  write_file(scratch / "runs-2of2.log", log_line(bent, "v"));
  CHECK(contains(message([&] { read(scratch.path()); }), "curve 0:3:0, not 0:0.14285714285714285:0"));
  // One that failed gives way to one that did not, in whatever order.
  RunRow failed = row_of(0);
  failed.result = {};
  failed.result.status = Status::failed;
  write_file(scratch / "runs-2of2.log", log_line(failed, "v"));
  CHECK(status_of_the_only_run(scratch.path()) == Status::ok);
  write_file(scratch / "runs-1of2.log", log_line(failed, "v"));
  write_file(scratch / "runs-2of2.log", log_line(row_of(0), "v"));
  CHECK(status_of_the_only_run(scratch.path()) == Status::ok);
}

TEST_CASE("log: values that cannot be are refused even where the checksum fits") {
  const auto bad = [](const std::function<void(RunResult&)>& change) {
    RunRow row = row_of(0);
    change(row.result);
    return message([&] { parse_log(log_line(row, "v"), "x"); });
  };
  CHECK(contains(bad([](RunResult& r) { r.evaluation.accuracy = 7; }),
                 "x:1: column 'accuracy': got '7', expected a number in 0 .. 1"));
  CHECK(contains(bad([](RunResult& r) { r.chance = 2; }), "column 'chance'"));
  CHECK(contains(bad([](RunResult& r) { r.evaluation.loss = -1; }), "column 'eval_loss'"));
  CHECK(contains(message([&] { parse_log(log_line(row_of(std::size_t{1} << 40), "v"), "x"); }),
                 "x:1: run: got '1099511627776', expected a whole number from 0"));
}

TEST_CASE("log: a directory that vanished is made again, with all its rows") {
  const Scratch scratch;
  RunLog log(scratch / "d", {});
  log.append(row_of(0), "v");
  fs::remove_all(scratch / "d");
  log.append(row_of(1, "1"), "v");
  CHECK(read(scratch / "d").size() == 2);
  // What another process has put in its place is not touched.
  fs::remove_all(scratch / "d");
  fs::create_directories(scratch / "d");
  write_file(scratch / "d/runs.log", "other");
  CHECK(contains(message([&] { log.append(row_of(2, "2"), "v"); }), "cannot write"));
  CHECK(read_file(scratch / "d/runs.log") == "other");
  fs::remove(scratch / "d/runs.log");
  log.append(row_of(2, "2"), "v");
  CHECK(read(scratch / "d").size() == 3);
}

TEST_CASE("log: a write that has no room leaves no part of itself, and may be tried again") {
  catch_signals();  // XFSZ is an error of the write
  const Scratch scratch;
  RunLog log(scratch.path(), {});
  log.append(row_of(0), "v");
  const std::string before = read_file(log.path());
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit tight{before.size() + 100, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  const std::string why = message([&] { log.append(row_of(1, "1"), "v"); });
  setrlimit(RLIMIT_FSIZE, &old);
  CHECK(contains(why, "cannot write"));
  CHECK(read_file(log.path()) == before);
  log.append(row_of(1, "1"), "v");
  CHECK(read(scratch.path()).size() == 2);
}

TEST_CASE("store: a second process is refused and told who is there; parts may work at once") {
  const Scratch scratch;
  std::ostringstream notes;
  {
    const Store store(scratch / "d", {}, Store::Old::join, notes);
    const auto second = [&] { Store(scratch / "d", {}, Store::Old::join, notes); };
    CHECK(contains(message(second), "is in use by process " + std::to_string(getpid()) + " on "));
    CHECK(contains(message(second), " since "));
    CHECK(contains(message([&] { Store(scratch / "d", {1, 2}, Store::Old::join, notes); }), "in use"));
  }
  const Store one(scratch / "d", {1, 2}, Store::Old::join, notes);
  const Store two(scratch / "d", {2, 2}, Store::Old::join, notes);
  CHECK(contains(message([&] { Store(scratch / "d", {2, 2}, Store::Old::join, notes); }), "in use"));
  CHECK(contains(message([&] { Store(scratch / "d", {}, Store::Old::join, notes); }), "in use"));
}

TEST_CASE("store: tables have the experiment's runs first, and all others after them") {
  const Scratch scratch;
  std::ostringstream notes;
  Store store(scratch.path(), {}, Store::Old::join, notes);
  for (const char* seed : {"5", "3", "4"}) store.append(row_of(std::stoul(seed), seed));
  const auto key = [](const char* seed) { return run_key(row_of(0, seed).settings); };
  const auto rows = store.write_tables({key("3"), key("8"), key("4")});
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].settings.text("seed") == "3");
  CHECK(rows[1].settings.text("seed") == "4");
  CHECK(rows[2].settings.text("seed") == "5");
  CHECK(rows[1].number == 2);  // of its experiment, where one is missing
  CHECK(rows[2].number == 3);
  CHECK(Table::read(scratch / "runs.csv").rows() == 3);
}

TEST_CASE("store: old results are moved aside and never deleted; an unknown kind is refused") {
  const Scratch scratch;
  std::ostringstream notes;
  for (int i = 0; i < 3; ++i) {
    Store store(scratch / "d", {}, Store::Old::move_aside, notes);
    store.append(row_of(0));
  }
  CHECK(read(scratch / "d").size() == 1);
  CHECK(read(scratch / "d.old1").size() == 1);
  CHECK(read(scratch / "d.old2").size() == 1);
  fs::create_directories(scratch / "older");
  write_file(scratch / "older/runs.csv", "run\n0\n");
  CHECK(contains(message([&] { Store(scratch / "older", {}, Store::Old::join, notes); }),
                 "has results, but no log of their runs"));
}

TEST_CASE("store: an append that fails is told, tried again, and given up in the end") {
  const Scratch scratch;
  std::ostringstream notes;
  setenv("LADDER_WRITE_PATIENCE", "0.5", 1);
  Store store(scratch / "d", {}, Store::Old::join, notes);
  store.append(row_of(0));
  fs::remove_all(scratch / "d");
  write_file(scratch / "d", "");  // a file: no directory can be made here
  CHECK(contains(message([&] { store.append(row_of(1, "1")); }), "cannot write"));
  CHECK(contains(notes.str(), "trying again for "));
  fs::remove(scratch / "d");
  store.append(row_of(1, "1"));
  CHECK(read(scratch / "d").size() == 2);
  unsetenv("LADDER_WRITE_PATIENCE");
}

TEST_CASE("results: a table with rows that cannot be, or disagree, is refused with its row") {
  const std::string good = runs_csv({row_of(0), row_of(1, "1")});
  check_runs(Table::parse(good, "runs.csv"));
  const auto with = [&](const std::string& column, const std::string& value) {
    Table table = Table::parse(good, "runs.csv");
    table.set(1, column, value);
    return message([&] { check_runs(table); });
  };
  CHECK(with("accuracy", "7") == "runs.csv: row 2: column 'accuracy': got '7', expected a number in 0 .. 1");
  CHECK(contains(with("solved", "maybe"), "column 'solved': got 'maybe', expected 0 or 1"));
  CHECK(contains(with("solved", "0"), "as step_solved is given"));
  CHECK(contains(with("chance", "2"), "column 'chance'"));
  CHECK(contains(with("steps_done", "-1"), "column 'steps_done'"));
  CHECK(contains(with("status", "fine"), "expected ok, diverged or failed"));
  CHECK(contains(with("accuracy", ""), "as status is ok"));
  CHECK(contains(with("accuracy", "nan"), "column 'accuracy': got 'nan'"));
  CHECK(with("status", "failed: of old") == "no error");
  Table twice = Table::parse(good, "runs.csv");
  twice.set(1, "seed", "0");
  check_runs(twice);
  twice.set(1, "accuracy", "0.25");
  CHECK(message([&] { check_runs(twice); }) ==
        "runs.csv: row 2 is the same run as row 1, but accuracy '0.25', not '0.1'");
}

TEST_CASE("results: numbers of runs and steps that cannot be are refused with their row") {
  const std::string curves = "run,step,eval_loss,accuracy\n0,10,1,0.5\n";
  for (const std::string wrong : {"1e300", "nan", "-1", "1.5"}) {
    Table runs = Table::parse(runs_csv({row_of(0), row_of(1, "1")}), "runs.csv");
    runs.set(1, "run", wrong);
    CHECK(contains(message([&] { read_runs(runs); }), "runs.csv: row 2: column 'run': got '" + wrong + "'"));
    for (const std::string column : {"run", "step"}) {
      Table table = Table::parse(curves, "curves.csv");
      table.set(0, column, wrong);
      CHECK(contains(message([&] { read_curves(table); }), "curves.csv: row 1: column '" + column + "': got '" + wrong));
    }
  }
}

TEST_CASE("results: the reference data can be, all of it") {
  for (const auto& entry : fs::directory_iterator("data/reference"))
    if (const fs::path path = entry.path() / "runs.csv"; fs::exists(path)) {
      CAPTURE(path.string());
      const Table table = Table::read(path);
      check_runs(table);
      CHECK(read_runs(table).size() == table.rows());
    }
}

}  // namespace
}  // namespace ladder
