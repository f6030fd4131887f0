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

// ---- what somebody has ----

TEST_CASE("cli: a bench replaces no results: refused, or moved aside") {
  const Scratch scratch;
  const std::string bench = "bench --parts steps --shapes S --repeats 1 --contestant dpa";
  const auto has = [&](const std::string& directory) {
    fs::create_directories(scratch / directory);
    write_file(scratch / directory / "bench.csv", "mine\n");
  };
  has("b");
  expect(scratch.run(bench + " --out b"), 2, {"'b' has bench.csv already", "--fresh", "another --out keeps both"});
  CHECK(read_file(scratch / "b/bench.csv") == "mine\n");
  CHECK_FALSE(fs::exists(scratch / "b/provenance.txt"));
  expect(scratch.run(bench + ",X --fresh --out b"), 2, {"'X'"});
  CHECK_FALSE(fs::exists(scratch / "b.old1"));
  expect(scratch.run(bench + " --fresh --out b"), 0, {"the old results are now in b.old1", "wrote b/bench.csv"});
  CHECK(read_file(scratch / "b.old1/bench.csv") == "mine\n");
  has("data/bench");
  expect(scratch.run(bench), 0, {"the old results are now in data/bench.old1", "wrote data/bench/bench.csv"});
  CHECK(read_file(scratch / "data/bench.old1/bench.csv") == "mine\n");
  write_file(scratch / "data/bench/runs.csv", "run\n0\n");
  expect(scratch.run(bench), 2, {"'data/bench' has runs.csv already"});
  CHECK_FALSE(fs::exists(scratch / "data/bench.old2"));
  expect(scratch.run("train" + tiny + "--out b"), 2, {"'b' has results, but no log of their runs (bench.csv"});
  CHECK(scratch.run("train" + tiny + "--out o").code == 0);
  expect(scratch.run(bench + " --out o"), 2, {"'o' has a log of runs already"});
}

TEST_CASE("cli: train replaces no checkpoint or curve that it has not made: refused, or moved aside") {
  const Scratch scratch;
  fs::create_directories(scratch / "d");
  for (const std::string name : {"checkpoint.safetensors", "curves.csv"}) {
    write_file(scratch / "d" / name, "mine");
    expect(scratch.run("train" + tiny + "--out d"), 2, {"no log of their runs (" + name, "--fresh moves them aside"});
    CHECK(read_file(scratch / "d" / name) == "mine");
    expect(scratch.run("train" + tiny + "--fresh --out d"), 0, {"the old results are now in d.old1"});
    CHECK(read_file(scratch / "d.old1" / name) == "mine");
    fs::remove_all(scratch / "d.old1");
    fs::remove_all(scratch / "d");
    fs::create_directories(scratch / "d");
  }
}

TEST_CASE("cli: merge adds to the provenance that is there") {
  const Scratch scratch;
  for (const std::string part : {"1", "2"})
    CHECK(scratch.run("sweep " + quick + tiny + "--shard " + part + "/2 --out p" + part).code == 0);
  CHECK(scratch.run("merge p1 --out m").code == 1);
  const std::string first = read_file(scratch / "m/provenance.txt"), second = read_file(scratch / "p2/provenance.txt");
  CHECK(first.starts_with("command  ladder merge p1 --out m\nversion  "));
  CHECK(first.ends_with("\np1:\n" + read_file(scratch / "p1/provenance.txt")));
  CHECK(scratch.run("merge p1 p2 --out m").code == 0);
  const std::string both = read_file(scratch / "m/provenance.txt");
  CHECK(both.starts_with(first + "command  ladder merge p1 p2 --out m\n"));
  CHECK(both.ends_with("\n\np2:\n" + second));
  CHECK(both.find("\np1:\n", first.size()) == std::string::npos);  // told already
  CHECK(scratch.run("merge p1 p2 --out m").code == 0);
  CHECK(read_file(scratch / "m/provenance.txt") == both);
  CHECK(scratch.run("merge p1 p2 --out p1").code == 0);
  CHECK(read_file(scratch / "p1/provenance.txt").find("\np1:\n") == std::string::npos);
}

TEST_CASE("cli: a merge that is stopped ends with the signal's exit code") {
  const Scratch scratch;
  CHECK(scratch.run("sweep " + quick + tiny + "--seed 0 --out p").code == 0);
  // It hears signals once it opens the pipe, whose other end comes after the signal.
  write_file(scratch / "stop.sh",
             "mkdir slow; mkfifo slow/runs.csv\n" + quoted(binary()) + " merge slow --out m & job=$!\n"
             "exec 3>slow/runs.csv\nkill -$1 $job\ncat p/runs.csv >&3\nexec 3>&-\nwait $job; status=$?\n"
             "rm -r slow; exit $status\n");
  for (const auto& [signal, code] : {std::pair("INT", 130), std::pair("TERM", 143)}) {
    const Output out = scratch.shell(std::string("sh stop.sh ") + signal);
    expect(out, code, {"stopped; the same command goes on"});
    CHECK_FALSE(fs::exists(scratch / "m"));
  }
}

TEST_CASE("cli: a page that somebody else has made is not replaced, nor the report of other results") {
  const Scratch scratch;
  const std::string sweep = "sweep " + quick + tiny + "--seed 0 --out all/";
  for (const std::string name : {"a", "b"}) CHECK(scratch.run(sweep + name).code == 0);
  const std::string page = read_file(scratch / "all/a/report.html"), table = read_file(scratch / "all/a/summary.csv");
  for (const std::string both : {"all/a all/b", "all/b"})
    expect(scratch.run("report " + both + " --out all/a"), 2, {"'all/a' has results and a report of its own"});
  CHECK(read_file(scratch / "all/a/report.html") == page);
  CHECK(read_file(scratch / "all/a/summary.csv") == table);
  expect(scratch.run("report all/a --out all/../all/a"), 0, {"report in"});
  for (int time = 0; time < 2; ++time) expect(scratch.run("report all/a all/b --out both"), 0, {"report in both"});
  expect(scratch.run("report all"), 0, {"index in all/index.html"});
  const std::string mine = "<!DOCTYPE html>\n<html><head><title>mine</title></head></html>\n";
  for (const auto& [command, file] : {std::pair("report all", "all/index.html"), std::pair("report all", "all/a/report.html"),
                                      std::pair("report all/a --out o", "o/report.html")}) {
    fs::create_directories(scratch / "o");
    write_file(scratch / file, mine);
    expect(scratch.run(command), 1, {"'" + std::string(file) + "' is there and not of this program", "move it away"});
    CHECK(read_file(scratch / file) == mine);
    fs::remove(scratch / file);
  }
}

}  // namespace
}  // namespace ladder::command_line
