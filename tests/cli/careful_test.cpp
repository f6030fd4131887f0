// Nothing that is typed is silently ignored, and nothing that somebody has is silently replaced.
#include "command_line.h"

namespace ladder::command_line {
namespace {

// ---- what is typed ----

TEST_CASE("cli: a contestant of several words behind --contestant is one") {
  expect("bench --contestant 'ea window,dpa ea' --shapes X", 2, {"contestant 'dpa ea' has two of kind score"});
}

TEST_CASE("cli: a flag that would do nothing beside another one is refused") {
  const std::string climb = "climb " + quoted(home() / "experiments/climb_quick.txt");
  for (const std::string mode : {" --dry-run", " --replay 5", " --simulate 5"})
    for (const std::string more : {" --shard 3/2", " --fresh", " --grid"}) {
      const std::string flag = split_words(mode)[0], other = split_words(more)[0];
      expect(climb + mode + more, 2, {"flag " + flag + ": got " + other + " as well"});
    }
  expect(climb + " --replay 5 --simulate 5", 2, {"flag --replay: got --simulate as well"});
  expect("sweep " + quick + " --dry-run --fresh", 2, {"flag --dry-run: got --fresh as well"});
  for (const std::string more : {"--parts no_such", "--shapes X", "--repeats 3", "--out o", "--probe S"})
    expect("bench --signature " + more, 2, {"flag --signature: got " + split_words(more)[0] + " as well"});
  for (const std::string more : {"--parts no_such", "--shapes X", "--repeats 3", "--threads 2", "--out o"})
    expect("bench --probe S " + more, 2, {"flag --probe: got " + split_words(more)[0] + " as well"});
  expect("bench dpa --signature", 2, {"flag --signature: got 'dpa', expected no contestant"});
  expect("bench dpa ea --probe S", 2, {"flag --probe: got 'dpa, ea', expected one contestant at most"});
  expect("bench dpa --probe '256:dpa'", 2, {"flag --probe: got 'dpa', expected no contestant"});
  expect("--version please", 2, {"flag --version: got 'please'"});
}

TEST_CASE("cli: train --resume takes neither a file nor --fresh") {
  const Scratch scratch;
  CHECK(scratch.run("train" + tiny + "--out o").code == 0);
  expect(scratch.run("train --resume --fresh --out o"), 2, {"flag --resume: got --fresh as well"});
  CHECK_FALSE(fs::exists(scratch / "o.old1"));
  expect(scratch.run("train o/experiment.txt --resume --out o"), 2,
         {"flag --resume: got 'o/experiment.txt' as well"});
  expect(scratch.run("train --resume --out o"), 0, {"finished already"});
}

TEST_CASE("cli: a value that is empty is no value") {
  expect("report o --baseline ''", 2, {"flag --baseline needs a value: CONTESTANT"});
  expect("report o --against=", 2, {"flag --against needs a value: COLUMN"});
  expect("rerun o --row ' '", 2, {"flag --row needs a value"});
  expect("bench --parts ,", 2, {"flag --parts", "a name at least"});
}

TEST_CASE("cli: a flag's number that is none, or out of its range, is told before any work") {
  const Scratch scratch;
  write_file(scratch / "runs.csv", "run\n0\n");
  const std::string climb = "climb " + quoted(home() / "experiments/climb_quick.txt");
  for (const std::string& command :
       {std::string("sample --count"), std::string("inspect no_such --sequences"),
        std::string("inspect no_such --svm --queries"), std::string("rerun runs.csv --sample"), climb + " --replay",
        climb + " --simulate", std::string("bench --repeats")}) {
    const std::string flag = command.substr(command.rfind(' ') + 1);
    for (const std::string wrong : {"0", "-1", "1.5", "1e3", "x", "1000001", "99999999999999999999"})
      expect(scratch.run(command + " " + wrong), 2,
             {"flag " + flag + ": got '" + wrong + "', expected an integer in 1 .. 1000"});
  }
}

TEST_CASE("cli: a setting that does nothing to a checkpoint's model is told") {
  const Scratch scratch;
  CHECK(scratch.run("train" + tiny + "--out o").code == 0);
  const std::string needs = "note: flag --pairs: key 'pairs' has no effect: it needs task = mqar";
  const std::string prompt = "sample o/checkpoint.safetensors --prompt '1 0 3' --count 2 ";
  for (const std::string& command :
       {std::string("eval o/checkpoint.safetensors "), std::string("inspect o/checkpoint.safetensors --sequences 4 "),
        std::string("sample o/checkpoint.safetensors "), prompt}) {
    expect(scratch.run(command + "--pairs 3"), 0, {needs});
    CHECK_FALSE(scratch.run(command).has("note:"));
  }
  CHECK_FALSE(scratch.run("sample o/checkpoint.safetensors --seed 7 --delay 3").has("note:"));
  const Output out = scratch.run(prompt + "--seed 77 --delay 3");
  expect(out, 0, {"note: flag --seed: key 'seed' has no effect: --prompt",
                  "note: flag --delay: key 'delay' has no effect"});
  CHECK(scratch.run("train" + tiny + "--position rope --out r").code == 0);
  const Output longer = scratch.run("sample r/checkpoint.safetensors --prompt '1 0 3' --context 9");
  CHECK(longer.code == 0);
  CHECK_FALSE(longer.has("note:"));
}

TEST_CASE("cli: train names the checkpoint where it wrote one") {
  const Scratch scratch;
  expect(scratch.run("train" + tiny + "--out o"), 0, {"wrote o/checkpoint.safetensors, runs.csv, curves.csv"});
  fs::remove(scratch / "o/checkpoint.safetensors");
  const Output again = scratch.run("train" + tiny + "--out o");
  expect(again, 0, {"finished already", "wrote runs.csv, curves.csv"});
  CHECK_FALSE(again.has("checkpoint.safetensors"));
}

TEST_CASE("cli: the page of a bench goes where --out says, and nothing is compared there") {
  const Scratch scratch;
  fs::create_directories(scratch / "b");
  write_file(scratch / "b/bench.csv", "part,ms\nsteps,1\n");
  for (const std::string flag : {"--baseline ea", "--against initial_z"})
    expect(scratch.run("report b " + flag), 2, {"'b' is no sweep"});
  expect(scratch.run("report b --out o"), 0, {"report in o/report.html"});
  CHECK(fs::exists(scratch / "o/report.html"));
  CHECK_FALSE(fs::exists(scratch / "b/report.html"));
  expect(scratch.run("report b"), 0, {"report in b/report.html"});
  CHECK(read_file(scratch / "b/report.html") == read_file(scratch / "o/report.html"));
}

}  // namespace
}  // namespace ladder::command_line
