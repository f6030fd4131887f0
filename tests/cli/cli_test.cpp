// Commands as they are typed: help, wrong usage, and what a single one does.
#include "base/safetensors.h"
#include "cli/command.h"
#include "command_line.h"
#include "ladder/nn/mixer.h"
#include "ladder/nn/optimizer.h"
#include "ladder/nn/score.h"
#include "ladder/tasks/task.h"

namespace ladder {

using namespace nn;
using namespace tasks;
using namespace cli;
using namespace command_line;
namespace {

// ---- help ----

TEST_CASE("cli: without arguments it explains itself, and that is wrong usage") {
  expect("", 2, {"sweep", "ladder COMMAND --help", "ladder --help all"});
}

TEST_CASE("cli: --version") {
  const Output out = run("--version");
  expect(out, 0, {"ladder "});
  CHECK(split(out.text, '\n').size() == 2);
}

TEST_CASE("cli: help names every command, score, task and optimizer") {
  for (const std::string words : {"help", "--help", "-h"}) {
    const Output first = run(words);
    CHECK(first.code == 0);
    CHECK(split(first.text, '\n').size() <= 14);
    const Output out = run(words + " all");
    expect(out, 0, Registry<Command>::names());
    expect(out, 0, Registry<Score>::names());
    expect(out, 0, Registry<TaskPlugin>::names());
    expect(out, 0, Registry<OptimizerPlugin>::names());
  }
}

TEST_CASE("cli: every command has help, with all its flags and settings") {
  REQUIRE(Registry<Command>::all().size() >= 9);
  for (const Command& command : Registry<Command>::all()) {
    CAPTURE(command.name);
    const Output out = run("help " + command.name + " all");
    expect(out, 0, {"usage: ladder " + command.name, command.summary});
    for (const Flag& flag : command.flags) CHECK(out.has("--" + flag.name));
    for (const Setting* setting : all_settings())
      for (const Group group : command.groups)
        if (setting->group == group) CHECK(out.has("--" + setting->name + " ") == command.takes(*setting));
    CHECK(run(command.name + " --help all").text == out.text);
    for (const std::string words : {"", " all"})
      for (const std::string& line : split(run("help " + command.name + words).text, '\n')) {
        CAPTURE(line);
        CHECK(line.size() <= 110);
      }
  }
}

TEST_CASE("cli: list shows all that is registered") {
  const Output settings = run("list settings");
  expect(settings, 0, setting_names());
  for (const OptimizerPlugin& kind : Registry<OptimizerPlugin>::all())  // learning rates by optimizer
    CHECK(settings.has(kind.name + " " + to_text(kind.learning_rate)));
  const Output scores = run("list scores"), all = run("list");
  for (const Score& score : Registry<Score>::all())
    expect(scores, 0, {score.name, score.rule, score.source});
  for (const TaskPlugin& task : Registry<TaskPlugin>::all())
    expect("list tasks", 0, {task.name, task.rule, task.source});
  for (const OptimizerPlugin& kind : Registry<OptimizerPlugin>::all())
    expect("list optimizers", 0, {kind.name, kind.rule, kind.source});
  CHECK(all.has(settings.text));
  CHECK(all.has(scores.text));
  for (const char* part : {"best possible", "tokens", "targets", "holdout"})
    expect("list tasks", 0, {part});
  expect("list score", 2, {"did you mean 'scores'?"});
}

TEST_CASE("cli: the columns of all tables are described") {
  const Output out = run("list columns");
  expect(out, 0, {"runs.csv", "curves.csv", "summary.csv", "comparison.csv", "margins.csv", "marginals.csv",
                  "bench.csv", "geometry.csv", "attention.csv", "cosine.csv", "svm.csv", "climb.csv", "rungs.csv",
                  "pairs.csv", "step_solved", "share", "p_holm"});
  for (const std::string& line : split(out.text, '\n')) CHECK(line.size() <= 90);
}

TEST_CASE("cli: completions and the manual name every command, flag and setting") {
  for (const std::string words : {"completion bash", "completion zsh", "man"}) {
    const Output out = run(words);
    CHECK(out.code == 0);
    for (const Command& command : Registry<Command>::all()) CHECK(out.has(command.name));
    for (const Setting* setting : all_settings()) CHECK(out.has(setting->name));
  }
  const Scratch scratch;
  expect(scratch.run("completion bash > c; bash -n c"), 0, {});
  expect("completion fish", 2, {"expected bash or zsh"});
}

TEST_CASE("cli: a flag may be typed with dashes, its values with commas") {
  expect("sample --d-model 16", 2, {"'d-model'"});  // which sample has no use for
  expect("sweep " + quick + " --d-model 16 --base 8,16 --dry_run --seed 0", 0, {"12 runs"});
  expect("bench --shapes S,X", 2, {"X"});
}

TEST_CASE("cli: status tells what is finished and left") {
  const Scratch scratch;
  expect(scratch.run("status ."), 1, {"no runs.log"});
  CHECK(scratch.run("sweep " + quick + " --base 4 6 --delay 2 3 --seed 0 --context 7 --d_model 8 --heads 2 --batch 8"
                    " --steps 4 --eval_sequences 20 --out o").code == 0);
  expect(scratch.run("status o"), 0, {"nobody works here", "8 runs finished", "0 of 8"});
}

TEST_CASE("cli: train says what made it, so that it can be pasted") {
  const Scratch scratch;
  CHECK(scratch.run("train" + tiny + "--out 'a b'").code == 0);
  const std::string text = read_file(scratch / "a b/provenance.txt");
  CHECK(text.starts_with("command  ladder train --base 4 "));
  CHECK(text.find("--out 'a b'\nversion  ") != std::string::npos);
  const Safetensors file = read_safetensors(scratch / "a b/checkpoint.safetensors");
  CHECK(file.metadata.at("ladder.format") == "checkpoint 1");
  CHECK(file.metadata.at("ladder.vocabulary") == "4");
  CHECK(file.metadata.at("ladder.accuracy") ==
        Table::read(scratch / "a b/runs.csv").at(0, "accuracy"));
  CHECK(file.metadata.contains("ladder.version"));
}

// ---- wrong usage ----

TEST_CASE("cli: what is misspelt is named, with what was meant") {
  expect("swep", 2, {"unknown command 'swep'", "did you mean 'sweep'?"});
  expect("help trian", 2, {"did you mean 'train'?"});
  expect("train --lr 0.1", 2, {"key 'lr'", "did you mean 'learning_rate'?"});
  expect("eval x --eval_every 3", 2, {"eval_every has no effect on eval"});
  expect("bench --checkpoint-minutes 3", 2, {"checkpoint_minutes has no effect on bench"});
  expect("sweep " + quick + " --bas 8", 2, {"'bas'", "did you mean 'base'?"});
  expect("train --scor ea", 2, {"'scor'", "did you mean 'score'?", "ladder help train"});
  expect("train --score dpb", 2, {"key 'score'", "'dpb'", "did you mean 'dpa'?"});
  expect("sweep " + quick + " --dry-rum", 2, {"did you mean 'dry-run'?"});
  expect("cycles --bas 2", 2, {"did you mean 'base'?"});
}

TEST_CASE("cli: flags that are repeated, lack a value or take none are wrong usage") {
  expect("train --base 4 --base 8", 2, {"flag --base", "already set"});
  expect("sample --count 2 --count 3", 2, {"flag --count", "twice"});
  expect("train --base", 2, {"flag --base", "needs a value", "2 .. 1024"});
  expect("train --base --delay 4", 2, {"flag --base", "needs a value"});
  expect("sample --count", 2, {"flag --count", "needs a value"});
  expect("sample --held-out=yes", 2, {"flag --held-out", "takes no value"});
  expect("sample --count 0", 2, {"flag --count", "'0'"});
  expect("train -base 4", 2, {"'-base'", "flags begin with --"});
  expect("train --threads 1 2" + tiny, 2, {"flag --threads", "one value"});
}

TEST_CASE("cli: too few or too many arguments are wrong usage") {
  expect("sweep", 2, {"missing argument", "ladder sweep FILE"});
  expect("verify", 2, {"missing argument"});
  expect("eval a b", 2, {"too many arguments"});
  expect("gradcheck now", 2, {"too many arguments"});
}

TEST_CASE("cli: values that cannot be are clear errors before any training") {
  const std::pair<std::string, std::vector<std::string>> wrong[] = {
      {"--base 1", {"flag --base", "key 'base'", "'1'", "2 .. 1024"}},
      {"--heads 5", {"flag --heads", "a divisor of d_model = 32"}},
      {"--delay 0", {"flag --delay", "key 'delay'", "'0'"}},
      {"--base 64", {"d_model", "at least the vocabulary, 64", "embedding = learned"}},
      {"--learning_rate nan", {"flag --learning_rate", "'nan'", "a number in"}},
      {"--learning_rate -1", {"'-1'"}},
      {"--steps 1e3", {"key 'steps'", "'1e3'"}},
      {"--context 4", {"key 'context'"}},
      {"--gradient_parts 3", {"a divisor of batch = 64"}},
      {"--seed 3..1", {"key 'seed'", "'3..1'"}},
      {"--seed 1 1", {"each value once"}},
      {"--shard 3/2", {"flag --shard", "'3/2'"}},
  };
  for (const auto& pair : wrong) {
    const auto& words = pair.first;  // clang 14 captures no bindings
    const auto& parts = pair.second;
    CAPTURE(words);
    const Scratch scratch;
    expect(scratch.run("sweep " + quick + " " + words), 2, parts);
    CHECK(scratch.is_empty());
  }
  for (const std::string words :
       {"--base 1", "--heads 5", "--base 64", "--position rope --d_model 12"}) {
    CAPTURE(words);
    const Scratch scratch;
    CHECK(scratch.run("train " + words).code == 2);
    CHECK(scratch.is_empty());
  }
}

TEST_CASE("cli: a file that is missing and a directory that cannot be written are failures") {
  expect("sweep no_such_file.txt", 1, {"cannot read 'no_such_file.txt'"});
  expect("eval no_such_file", 1, {"cannot read 'no_such_file'"});
  expect("verify no_such_file", 1, {"cannot read 'no_such_file'"});
  const Scratch scratch;
  write_file(scratch / "file", "");  // nobody, not even root, can make a directory below a file
  for (const std::string& command : {"sweep " + quick, "train" + tiny}) {
    const Output out = scratch.run(command + " --out file/results");
    expect(out, 1, {"cannot", "file/results"});
    CHECK_FALSE(out.has("accuracy"));  // nothing was trained
  }
}

TEST_CASE("cli: errors in experiment files lead with file and line") {
  const Scratch scratch;
  const std::pair<std::string, std::vector<std::string>> files[] = {
      {"task = nt\n\nbas = 8\n", {"a.txt:3", "'bas'", "did you mean 'base'?"}},
      {"# one\nbase = 1\n", {"a.txt:2", "2 .. 1024"}},
      {"base = 8\nbase = 4\n", {"a.txt:2", "already set: a.txt:1"}},
      {"base 8\n", {"a.txt:1", "expected 'key = value"}},
      {"(layers, heads) = (1, 4) (2)\n", {"a.txt:1"}},
      {"base = 8\ninclude b.txt\n", {"a.txt:2", "b.txt"}},
      {"heads = 5\n", {"a.txt:1", "a divisor of d_model"}},
  };
  for (const auto& pair : files) {
    const auto& content = pair.first;  // clang 14 captures no bindings
    const auto& parts = pair.second;
    CAPTURE(content);
    write_file(scratch / "a.txt", content);
    expect(scratch.run("sweep a.txt"), 2, parts);
  }
}

// ---- verdict and report ----

// README's numbers are compared with what is committed: ./ladder verdict data/reference/*/ > data/reference/verdict.txt
TEST_CASE("cli: verdict says of the committed data what data/reference/verdict.txt holds") {
  const fs::path reference = home() / "data/reference";
  expect(run("verdict " + quoted(reference) + "/*/"), 0, {read_file(reference / "verdict.txt")});
}

TEST_CASE("cli: a climb is not reported on or judged by the runs of its tuning") {
  const Scratch scratch;
  const fs::path climb = scratch / "climbs/one";
  fs::create_directories(climb);
  write_file(climb / "climb.csv", "contestant,rung,seeds_solved,seeds\ndpa,base 8,12,12\nea,base 5,11,12\n");
  write_file(climb / "pairs.csv",
             "contestant,against,rung,seeds_solved,against_seeds_solved,seeds,fisher_p_holm,time_rung,steps_ratio,"
             "ratio_low,ratio_high,time_p_holm,verdict\nea,dpa,base 8,2,12,12,0.001,base 5,0.5,0.4,0.6,0.002,lower\n");
  write_file(climb / "runs.csv", "no,table,of,a,sweep\n");
  expect(scratch.run("report climbs/one"), 1, {"a climb without climb.html"});
  write_file(climb / "climb.html", "its page");
  expect(scratch.run("report climbs/one"), 0, {"climbs less high", "report in climbs/one/climb.html"});
  expect(scratch.run("report climbs/one --out o"), 2, {"is a climb", "climb.html"});
  CHECK_FALSE(fs::exists(climb / "report.html"));

  // A folder stands for its subfolders.
  expect(scratch.run("verdict climbs"), 0, {"| climbs/one, each at its best recipe | does not hold: climbs less high |"});
  expect(scratch.run("report climbs"), 0, {"report in climbs/one/climb.html", "index in climbs/index.html"});
  CHECK(read_file(scratch / "climbs/index.html").find("href=\"one/climb.html\"") != std::string::npos);
  fs::create_directories(scratch / "empty");
  expect(scratch.run("verdict empty"), 1, {"empty", "to judge by"});
  expect(scratch.run("report empty"), 1, {"empty"});
  expect(scratch.run("verdict climbs empty"), 0, {"note: 'empty' has nothing to judge by", "climbs/one"});
  expect(scratch.run("report climbs empty"), 0, {"note: 'empty' has no results"});
}

// ---- the other commands ----

TEST_CASE("cli: train saves a checkpoint that eval measures alike") {
  const Scratch scratch;
  const Output trained = scratch.run("train" + tiny + "--score dpa --out o");
  expect(trained, 0, {"step       0", "step      12", "loss", "checkpoint.safetensors"});
  const Table runs = Table::read(scratch / "o/runs.csv");
  REQUIRE(runs.rows() == 1);
  const Output measured = scratch.run("eval o/checkpoint.safetensors");
  expect(measured, 0,
         {"score dpa", "20 sequences", "loss              " + fixed(runs.number(0, "eval_loss"), 4),
          "accuracy          " + fixed(runs.number(0, "accuracy"), 4),
          "rollout_accuracy  " + fixed(runs.number(0, "rollout_accuracy"), 4)});
  expect(scratch.run("eval o/checkpoint.safetensors --eval_sequences 50 --seed 3"), 0,
         {"50 sequences"});
  expect(scratch.run("eval o/checkpoint.safetensors --base 5"), 1, {"another shape"});
  expect(scratch.run("eval o/checkpoint.safetensors --base 4 8"), 2, {"expected one"});
  expect(scratch.run("eval o/runs.csv"), 1, {"is not a safetensors file"});
  expect(scratch.run("eval " + quoted(fixture)), 1, {"is not a checkpoint"});
}

TEST_CASE("cli: a model is measured at other contexts than trained at, unless positions are learned") {
  const Scratch scratch;
  for (const std::string position : {"none", "sinusoidal", "rope", "alibi", "learned"}) {
    CHECK(scratch.run("train" + tiny + "--position " + position + " --out " + position).code == 0);
    const Output out = scratch.run("eval " + position + "/checkpoint.safetensors --context 31");
    if (position == "learned") expect(out, 2, {"key 'context'", "position = learned"});
    else expect(out, 0, {"accuracy"});
  }
  // the same number as the run's own column
  expect(scratch.run("train" + tiny + "--position rope --eval_context 31 --out o"), 0, {"eval_context"});
  const Table runs = Table::read(scratch / "o/runs.csv");
  expect(scratch.run("eval o/checkpoint.safetensors --context 31"), 0,
         {"accuracy          " + fixed(runs.number(0, "eval_context_accuracy"), 4)});
  expect(scratch.run("train" + tiny + "--eval_context 31 --out p"), 2,
         {"key 'eval_context'", "position = learned"});
  const std::string sea = tiny + "--mixer sea --estimate_width 8 --position none ";
  expect(scratch.run("train" + sea + "--eval_context 31 --out s"), 2, {"key 'eval_context'", "mixer = sea"});
  expect(scratch.run("train" + sea + "--eval_context 7 --out s"), 0, {"eval_context"});
  expect(scratch.run("eval s/checkpoint.safetensors --context 31"), 2, {"key 'context': got '31'", "mixer = sea"});
}

TEST_CASE("cli: where targets are no next tokens there is no rollout") {
  const Scratch scratch;
  const std::string recall = "--task mqar --d_model 32 --steps 2 --batch 4 --eval_sequences 8 --out o";
  const Output trained = scratch.run("train " + recall);
  expect(trained, 0, {"chance 0.0625", "best possible 1.0000"});
  CHECK_FALSE(trained.has("rollout"));
  const Table runs = Table::read(scratch / "o/runs.csv");
  CHECK(runs.at(0, "rollout_accuracy") == "");
  CHECK(runs.at(0, "eval_context_accuracy") == "");
  CHECK(runs.number(0, "best_possible") == 1);
  expect(scratch.run("eval o/checkpoint.safetensors"), 0, {"rollout_accuracy  none"});
}

TEST_CASE("cli: train takes an experiment file of one run, and no other") {
  const Scratch scratch;
  write_file(scratch / "one.txt", "base = 4\ndelay = 2\nsteps = 3\n");
  expect(scratch.run("train one.txt --context 7 --out o"), 0, {"not solved in 3 steps"});
  expect("train " + quick, 2, {"24 runs", "base, delay, score, seed", "ladder sweep"});
  expect("train --seed 0..3", 2, {"4 runs", "seed"});
}

TEST_CASE("cli: threads of a train change nothing") {
  const Scratch scratch;
  for (const std::string threads : {"1", "2"})
    CHECK(scratch.run("train" + tiny + "--threads " + threads + " --out " + threads).code == 0);
  CHECK(read_file(scratch / "1/checkpoint.safetensors") ==
        read_file(scratch / "2/checkpoint.safetensors"));
  CHECK(without_seconds(scratch / "1/runs.csv") == without_seconds(scratch / "2/runs.csv"));
}

TEST_CASE("cli: sample prints sequences that follow the rule") {
  const Output out = run("sample --base 4 --delay 3 --context 9 --count 3 --seed 5");
  expect(out, 0, {"# vocabulary 4, context 9"});
  const auto lines = split(out.text, '\n');
  REQUIRE(lines.size() == 10);  // a heading, three sequences of two lines with an empty one between
  for (int i = 1; i <= 7; i += 3) {
    const auto tokens = split_words(lines[i]), targets = split_words(lines[i + 1]);
    REQUIRE(tokens.size() == 10);
    REQUIRE(targets.size() == 10);
    CHECK(tokens[0] == "tokens");
    CHECK(targets[0] == "targets");
    CHECK((targets[1] == "." && targets[2] == "." && targets[3] != "."));
    const auto x = [&](int t) { return std::stoi(tokens[t + 1]); };
    for (int t = 2; t < 9; ++t) CHECK(std::stoi(targets[t + 1]) == (x(t) + x(t - 2)) % 4);
    CHECK(lines[i].size() == lines[i + 1].size());
  }
  expect("sample --delay 2+3 --cue off", 0, {"best possible 0.9"});
  expect("sample --delay 2+3", 0, {"best possible 1.0000", "delay=2"});
  const std::string other = "sample --base 4 --delay 3 --context 9 --count 3 ";
  CHECK(run(other + "--seed 5").text == out.text);
  CHECK(run(other + "--seed 6").text != out.text);
  CHECK(run(other + "--seed 5 --held-out").text != out.text);
}

TEST_CASE("cli: a model goes on with a prompt, token by token, as the network itself would") {
  const Scratch scratch;
  CHECK(scratch.run("train" + tiny + "--out o").code == 0);
  const std::string model = "sample o/checkpoint.safetensors ";
  const Output whole = scratch.run(model + "--prompt '1 0 3' --count 4");
  expect(whole, 0, {"prompt        1 0 3", "continuation  "});
  // each token again, from a prompt that holds all before it
  std::string prompt = "1 0 3";
  const auto words = split_words(whole.text.substr(whole.text.find("continuation")));
  REQUIRE(words.size() == 5);
  for (std::size_t i = 1; i < words.size(); ++i) {
    expect(scratch.run(model + "--count 1 --prompt '" + prompt + "'"), 0, {"continuation  " + words[i]});
    prompt += " " + words[i];
  }
  expect(scratch.run(model), 0, {"continuation"});  // from a sequence of its own
  expect(scratch.run(model + "--prompt '1 7'"), 2, {"flag --prompt", "'7'", "0 1 2 3"});
  expect(scratch.run(model + "--prompt ''"), 2, {"flag --prompt"});
  expect(scratch.run(model + "--prompt '1 2' --count 7"), 2, {"flag --count", "at most 6"});
  expect(scratch.run(model + "--prompt '1 2' --held-out"), 2, {"flag --held-out"});
  expect("sample --prompt '1 2'", 2, {"flag --prompt", "CHECKPOINT"});
}

TEST_CASE("cli: cycles are those of theory, and too many states are refused") {
  // x^4 + x + 1 is primitive: the fixed point 0, and all other states on one cycle
  const Output out = run("cycles --base 2 --delay 4");
  expect(out, 0, {"16 states"});
  const auto lines = split(out.text, '\n');
  REQUIRE(lines.size() == 5);
  CHECK(split_words(lines[2]) == std::vector<std::string>{"1", "1"});
  CHECK(split_words(lines[3]) == std::vector<std::string>{"15", "1"});
  expect("cycles --base 8 --delay 12", 1, {"too many", "268435456"});
  expect("cycles --base 1 --delay 4", 2, {"key 'base'"});
  expect("cycles --base 2 --delay 3+4", 2, {"key 'delay'", "one value"});
}

TEST_CASE("cli: verify tells a good case from a bad one") {
  const Scratch scratch;
  expect(scratch.run("verify " + quoted(fixture)), 0, {"logits", "grad", "after", "ok"});
  Safetensors content = read_safetensors(fixture);
  content.tensors.at("logits").reals[7] += 0.01f;
  write_safetensors(scratch / "bad", content);
  const Output bad = scratch.run("verify " + quoted(fixture) + " bad");
  expect(bad, 1, {"logits    WRONG", "loss      ok", "beyond their tolerance"});
  write_file(scratch / "cut", read_file(fixture).substr(0, 1000));
  expect(scratch.run("verify cut"), 1, {"ladder: 'cut' is not a safetensors file"});
}

TEST_CASE("cli: gradcheck checks every score, pattern and mixer") {
  const Output out = run("gradcheck");
  expect(out, 0, {"linear", "layer_norm", "within 1e-06"});
  for (const Score& score : Registry<Score>::all())
    for (const std::string way : {"causal", "window", "topk"})
      CHECK(out.has("attention_" + score.name + "_" + way));
  for (const MixerPlugin& mixer : Registry<MixerPlugin>::all()) CHECK(out.has("mixer_" + mixer.name));
  CHECK_FALSE(out.has("WRONG"));
}

TEST_CASE("cli: output that cannot be written is a failure") {
  if (!fs::exists("/dev/full")) return;
  const Scratch scratch;
  const Output out = scratch.run("list settings >/dev/full");
  CHECK(out.code == 1);
}

}  // namespace
}  // namespace ladder
