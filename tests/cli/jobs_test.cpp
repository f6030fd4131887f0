// Commands that train many models: sweep, its parts, what is made again, climb.
#include "command_line.h"

namespace ladder::command_line {
namespace {

TEST_CASE("cli: --dry-run lists the runs and trains nothing") {
  const Scratch scratch;
  const Output out = scratch.run("sweep " + quick + " --seed 0..3 --dry-run");
  expect(out, 0, {"base=16  delay=12  score=ea  seed=3", "\n48 runs\n"});  // 2 · 3 · 2 · 4
  expect(scratch.run("sweep " + quick + " --base 8 --delay=4 --seed 7 --dry-run"), 0,
         {"\n2 runs\n"});
  expect(scratch.run("sweep " + quick + " --dry-run --shard 2/5"), 0, {"score=ea", "\n5 runs\n"});
  CHECK(scratch.is_empty());
}

TEST_CASE("cli: settings without effect are told") {
  expect("sweep " + quick + " --dry-run --optimizer adam --momentum 0.5", 0,
         {"note: flag --momentum: key 'momentum' has no effect", "optimizer = sgd"});
  CHECK_FALSE(run("sweep " + quick + " --dry-run --optimizer sgd --momentum 0.5").has("note:"));
  expect("sample --cue on --task copy", 0, {"note: flag --cue"});
}

TEST_CASE("cli: a sweep ends with a table and the same bytes for any number of threads") {
  const Scratch scratch;
  for (const std::string threads : {"1", "2"}) {
    const Output out = scratch.run("sweep " + quick + tiny + "--norm pre post --out " + threads +
                                   " --threads " + threads);
    expect(out, 0, {"8/8 runs", "norm", "dpa", "ea", "/2", "results in " + threads});
  }
  CHECK(Table::read(scratch / "1/runs.csv").rows() == 8);
  CHECK(without_seconds(scratch / "1/runs.csv") == without_seconds(scratch / "2/runs.csv"));
  CHECK(read_file(scratch / "1/curves.csv") == read_file(scratch / "2/curves.csv"));
  CHECK(read_file(scratch / "1/experiment.txt") == read_file(scratch / "2/experiment.txt"));
}

TEST_CASE("cli: results go to data/ and the experiment's name; the copy of it runs again") {
  const Scratch scratch;
  write_file(scratch / "mine.txt", "score = dpa ea\n");
  expect(scratch.run("sweep mine.txt" + tiny), 0, {"results in data/mine"});
  expect(scratch.run("sweep data/mine/experiment.txt --out again"), 0, {"2/2 runs"});
  CHECK(without_seconds(scratch / "data/mine/runs.csv") ==
        without_seconds(scratch / "again/runs.csv"));
}

TEST_CASE("cli: a sweep of 20 steps claims nothing") {
  const Scratch scratch;
  const Output out = scratch.run("sweep " + quick + " --base 8 16 --delay 4 --d_model 16 --steps 20 --seed 0..5 --out s");
  expect(out, 0, {"Nothing learned"});
  const Output verdict = scratch.run("verdict s");
  expect(verdict, 0, {"| nothing learned |"});
  for (const std::string claim : {"| holds", "more accurate", "less accurate", "| sooner", "| later", "grows with", "shrinks"}) {
    CHECK_FALSE(out.has_words(claim));
    if (claim != "grows with") CHECK_FALSE(verdict.has(claim));  // the claim itself
  }
}

TEST_CASE("cli: a failed run does not stop a sweep, and the exit code tells") {
  const Scratch scratch;
  const Output out = scratch.run("sweep " + quick + tiny +
                                 "--seed 0 --norm none --learning_rate 0.1 1e6 --out o");
  expect(out, 1, {"0 of 4 runs failed, 2 diverged", " is not finite after "});
  const Table runs = Table::read(scratch / "o/runs.csv");
  CHECK(runs.rows() == 4);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK((runs.at(i, "status") == "ok") == (runs.at(i, "learning_rate") == "0.1"));
}

TEST_CASE("cli: parts of a sweep merge into the whole; what is missing or contradicts is told") {
  const Scratch scratch;
  const std::string sweep = "sweep " + quick + tiny + "--norm pre post ";
  for (const std::string part : {"1/2", "2/2"})
    CHECK(scratch.run(sweep + "--shard " + part + " --out part" + part.substr(0, 1)).code == 0);
  CHECK(scratch.run(sweep + "--out whole").code == 0);
  expect(scratch.run("merge part1 --out half"), 1, {"missing: ", "4 runs in half"});
  expect(scratch.run("merge part1 part2 --out merged"), 0, {"8 runs in merged"});
  CHECK(without_seconds(scratch / "merged/runs.csv") == without_seconds(scratch / "whole/runs.csv"));
  for (const std::string file : {"curves.csv", "summary.csv", "comparison.csv", "columns.csv"})
    CHECK(read_file(scratch / "merged" / file) == read_file(scratch / "whole" / file));
  expect(scratch.run("merge part1 nowhere --out other"), 1, {"nowhere"});
  Table runs = Table::read(scratch / "part1/runs.csv");
  runs.set(0, "accuracy", "0.5");
  fs::create_directories(scratch / "changed");
  write_file(scratch / "changed/runs.csv", runs.to_csv());
  expect(scratch.run("merge part1 changed --out other"), 1, {"is the same run as part1/runs-1of2.log:", "accuracy '0.5', not '"});
  expect(scratch.run("merge part1"), 2, {"--out"});
}

TEST_CASE("cli: rerun makes rows again and finds a figure that is not what they give") {
  const Scratch scratch;
  CHECK(scratch.run("sweep " + quick + tiny + "--seed 0 --out o").code == 0);
  expect(scratch.run("rerun o --row 0 1"), 0, {"run 0: the same", "run 1: the same", "2 of 2 runs are the same"});
  expect(scratch.run("rerun o/runs.csv --sample 1"), 0, {"1 of 1 runs are the same"});
  Table runs = Table::read(scratch / "o/runs.csv");
  runs.set(1, "accuracy", "0.5");
  write_file(scratch / "o/runs.csv", runs.to_csv());
  expect(scratch.run("rerun o --row 1"), 1, {"run 1: accuracy '", "', not '0.5'", "made by"});
  for (const std::string words : {"", " --row 0 --sample 1"}) expect(scratch.run("rerun o" + words), 2, {"either --row"});
  expect(scratch.run("rerun o --row 9"), 2, {"flag --row", "'9'"});
  expect(scratch.run("rerun o --sample 0"), 2, {"flag --sample", "'0'"});
}

TEST_CASE("cli: a climb, its plan, its grid and what a replay on that finds") {
  const Scratch scratch;
  write_file(scratch / "c.txt", "contestants: score = dpa ea\nrungs: base = 2 3\nsearch: learning_rate = 0.001..0.1 log\n"
                                "recipes = 3\nfresh_seeds = 2\nextend = off\ndelay = 2\ncontext = 7\nd_model = 8\n"
                                "heads = 2\nbatch = 8\nmlp_ratio = 2\nsteps = 12\neval_every = 6\neval_sequences = 20\n");
  expect(scratch.run("climb c.txt --dry-run"), 0, {"recipe 3", "cost  a contestant takes"});
  CHECK_FALSE(fs::exists(scratch / "data"));
  expect(scratch.run("climb c.txt --out c"), 0, {"dpa", "ea", "results in c"});
  for (const std::string file : {"climb.csv", "rungs.csv", "pairs.csv", "runs.csv", "climb.html", "climb.svg"})
    CHECK(fs::exists(scratch / "c" / file));
  write_file(scratch / "c/climb.html", "mine");
  expect(scratch.shell("LADDER_WRITE_PATIENCE=0 " + quoted(binary()) + " climb c.txt --out c"), 1,
         {"'c/climb.html' is there and not of this program"});
  CHECK(read_file(scratch / "c/climb.html") == "mine");
  expect(scratch.run("climb c.txt --grid --out g"), 0, {"trainings in g"});
  expect(scratch.run("climb c.txt --replay 5 --out g"), 0, {"same_frontier", "in g/replay.csv"});
  expect(scratch.run("climb c.txt --simulate 5 --out s"), 0, {"called_different", "in s/simulation.csv"});
  expect(scratch.run("climb c.txt --replay 0 --out g"), 2, {"flag --replay", "'0'"});
  expect(scratch.run("climb c.txt --replay 5 --out other"), 1, {"the grid has no run of dpa", "--grid makes it"});
  expect("climb " + quick, 2, {"contestants"});
}

}  // namespace
}  // namespace ladder::command_line
