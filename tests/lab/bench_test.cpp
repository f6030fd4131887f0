// What the bench tells, not how fast anything is.
#include "base/columns.h"
#include "lab/bench.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "ladder/base/error.h"
#include "base/files.h"
#include "../cli/command_line.h"
#include "ladder/base/text.h"
#include "train/trainer.h"

using namespace ladder;
using namespace ladder::train;
using namespace ladder::lab;

// One short measurement of everything.
static BenchOptions quick_options(const std::vector<std::string>& parts, const Scratch& scratch) {
  const char* program = std::getenv("LADDER");
  BenchOptions options;
  options.parts = parts, options.shapes = {"S"};
  options.repeats = 1, options.threads = 2, options.sample_seconds = 0, options.sweep_steps = 1;
  options.longest = 512;
  options.directory = scratch.path();
  options.program = program ? program : "";
  return options;
}

static Table quick_bench(const std::vector<std::string>& parts) {
  const Scratch scratch;
  std::ostringstream progress;
  return bench(quick_options(parts, scratch), progress);
}

// The values of a column in the rows of one part.
static std::multiset<std::string> values(const Table& table, const std::string& part,
                                         const std::string& column) {
  std::multiset<std::string> found;
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (table.at(row, "part") == part) found.insert(table.at(row, column));
  return found;
}

TEST_CASE("the signature is the same for every number of threads") {
  CHECK(bench_signature(1) == bench_signature(2));
}

// "score ea 0123" -> {"score ea", "0123"}
static std::map<std::string, std::string> hashes(const std::vector<std::string>& lines) {
  std::map<std::string, std::string> result;
  for (const std::string& line : lines) {
    const auto at = line.rfind(' ');
    result[line.substr(0, at)] = line.substr(at + 1);
  }
  return result;
}

TEST_CASE("the signature is that of tests/signatures.txt") {
  auto known = hashes(split(trim(read_file("tests/signatures.txt")), '\n'));
  for (const auto& pair : hashes(bench_signature())) {
    const std::string& name = pair.first;
    if (!known.contains(name)) continue;  // a new one, which nobody can compare with
    CHECK_MESSAGE(pair.second == known[name], "the results of ", name,
                  " have changed. If they should, renew the file: ./ladder bench --signature > "
                  "tests/signatures.txt");
    known.erase(name);
  }
  for (const auto& pair : known)
    FAIL_CHECK("tests/signatures.txt knows ", pair.first, ", which is no more");
}

TEST_CASE("the fingerprint sees every bit and every place") {
  const std::vector<float> values = {1, 0, 0.1f};
  const std::uint64_t start = 17, before = fingerprint(values, start);
  CHECK(fingerprint(values, start) == before);
  CHECK(fingerprint({1, 0, std::nextafter(0.1f, 1.0f)}, start) != before);
  CHECK(fingerprint({1, -0.0f, 0.1f}, start) != before);
  CHECK(fingerprint({0, 1, 0.1f}, start) != before);
  CHECK(fingerprint(values, start + 1) != before);
  CHECK(fingerprint({}, start) == start);
}

TEST_CASE("the floating-point operations of a step are those of the stated formula") {
  const auto flop = [](const std::string& name) {
    const BenchShape& shape = bench_shape(name);
    Trainer trainer(bench_settings(shape, "ea"));
    return training_flop(shape, trainer.parameters().values().size());
  };
  // 6 · 14320 · 1024 + 12 · 1 · 32 · 16² · 64
  CHECK(flop("S") == 94'273'536.0);
  // 6 · 421440 · 2048 + 12 · 2 · 128 · 64² · 32
  CHECK(flop("M") == 5'581'307'904.0);
  CHECK_THROWS_AS(bench_shape("X"), Error);
}

TEST_CASE("steps: a row for every contestant, and what a process of its own costs") {
  const Table table = quick_bench({"steps"});
  REQUIRE(table.rows() == 3);
  CHECK(table.at(0, "part") == "peak");
  CHECK(table.number(0, "gflops") > 0);
  CHECK(values(table, "steps", "contestant") == std::multiset<std::string>{"dpa", "ea"});
  CHECK(values(table, "steps", "threads") == std::multiset<std::string>{"1", "1"});
  CHECK(table.at(1, "ratio_to_first") == "1.000");
  const bool probed = std::getenv("LADDER");
  for (std::size_t row = 1; row < table.rows(); ++row) {
    CHECK(table.number(row, "ms") > 0);
    CHECK(table.number(row, "share_of_peak") > 0);
    CHECK(table.at(row, "memory_mb").empty() != probed);
    CHECK(table.at(row, "start_ms").empty() != probed);
  }
}

TEST_CASE("matrix products: every shape in every form") {
  const auto forms = values(quick_bench({"matmul"}), "matmul", "form");
  for (const char* form : {"NN", "NT", "TN"}) CHECK(forms.count(form) == 11);
  CHECK(forms.count("dW") == 10);
}

TEST_CASE("attention alone: contexts 16 to 1024 for every score") {
  const Table table = quick_bench({"attention"});
  const auto shapes = values(table, "attention", "shape");
  CHECK(shapes.size() == 14);
  for (int context = 16; context <= 1024; context *= 2)
    CHECK(shapes.count("context " + std::to_string(context)) == 2);
}

TEST_CASE("the sweep is made by one thread and by all, in a folder that goes away, beside a user's own") {
  const Scratch scratch;
  std::filesystem::create_directory(scratch / "sweep");
  std::ostringstream progress;
  const Table table = bench(quick_options({"sweep"}, scratch), progress);
  CHECK(values(table, "sweep", "threads") == std::multiset<std::string>{"1", "2"});
  CHECK(table.number(2, "runs_per_minute") > 0);
  CHECK(table.number(2, "speed_up") > 0);
  const std::filesystem::directory_iterator left(scratch.path());
  CHECK(std::distance(begin(left), end(left)) == 1);
  CHECK(std::filesystem::is_empty(scratch / "sweep"));
}

TEST_CASE("every column of bench.csv is described") {
  const Table table = quick_bench({"steps", "matmul", "attention", "operations", "sweep"});
  CHECK(table.columns() == described_table("bench.csv").columns());
}

TEST_CASE("the command writes what it measured, and what made it") {
  const command_line::Scratch scratch;
  const auto done = scratch.run("bench --parts matmul --repeats 1 --out b");
  CHECK(done.code == 0);
  CHECK(done.has("wrote b/bench.csv"));
  CHECK(Table::read(scratch / "b/bench.csv").at(1, "part") == "matmul");
  CHECK(read_file(scratch / "b/provenance.txt").find("command  ladder bench --parts matmul --repeats 1 --out b\n") == 0);
}

TEST_CASE("the text has a table a part, without empty columns") {
  Table table({"part", "shape", "ms", "speed_up"});
  table.add_row({"steps", "S", "1.5", ""});
  table.add_row({"steps", "M", "25.5", ""});
  table.add_row({"sweep", "2 runs", "", "1.9"});
  CHECK(bench_text(table) ==
        "part   shape    ms\nsteps  S       1.5\nsteps  M      25.5\n\n"
        "part   shape   speed_up\nsweep  2 runs       1.9\n");
}

TEST_CASE("a forward, a rollout and memory against context: a row for every contestant") {
  const Table table = quick_bench({"forward", "rollout", "memory"});
  for (const char* part : {"forward", "memory"}) {
    CHECK(values(table, part, "shape") == std::multiset<std::string>{"context 512", "context 512"});
    CHECK(values(table, part, "contestant") == std::multiset<std::string>{"dpa", "ea"});
  }
  CHECK(values(table, "rollout", "shape").count("32 x context 256") == 2);
  for (const std::string& forwards : values(table, "rollout", "forwards")) CHECK(parse_real(forwards).value_or(0) > 0);
  CHECK(table.at(1, "part") == "memory");  // in the order of measuring, not of asking
}

TEST_CASE("contestants are named by scores, patterns and mixers") {
  CHECK(contestant_choices("ea") == Choices{{"score", "ea"}});
  CHECK(contestant_choices("ea window") == Choices{{"score", "ea"}, {"pattern", "window"}});
  CHECK(contestant_choices("linear") == Choices{{"mixer", "linear"}});
  const Settings s = bench_settings(bench_shape("S"), "dpa window");
  CHECK(s.text("pattern") == "window");
  CHECK_THROWS_WITH_AS(contestant_choices("ea windw"),
                       "contestant 'ea windw': got 'windw', expected a score, a pattern or a mixer, did you mean "
                       "'window'?",
                       Error);
  CHECK_THROWS_WITH_AS(contestant_choices("ea dpa"), "contestant 'ea dpa' has two of kind score: ea and dpa", Error);
  CHECK_THROWS_AS(contestant_choices(""), Error);
}

TEST_CASE("shapes: the three, and any context") {
  CHECK(bench_shape("context 700").context == 700);
  CHECK_THROWS_AS(bench_shape("context 9000"), Error);
  CHECK_THROWS_AS(bench_shape("context"), Error);
}

TEST_CASE("an unknown part is a usage error") {
  CHECK_THROWS_WITH_AS(quick_bench({"step"}), doctest::Contains("unknown part 'step', expected one of attention, "), Error);
  CHECK_THROWS_WITH_AS(quick_bench({"step"}), doctest::Contains("did you mean 'steps'?"), Error);
}
