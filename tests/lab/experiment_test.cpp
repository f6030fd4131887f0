#include "lab/experiment.h"

#include <doctest/doctest.h>

#include "../scratch.h"
#include "base/files.h"

using namespace ladder;
using namespace ladder::lab;

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using Points = std::vector<Words>;

namespace {

// A directory of files that goes away with the test.
class Folder : public Scratch {
 public:
  fs::path file(const std::string& name, const std::string& content) const {
    const fs::path path = *this / name;
    fs::create_directories(path.parent_path());
    write_file(path, content);
    return path;
  }
  // A place in a file, as messages name it.
  std::string at(const std::string& name, int line) const {
    return (*this / name).string() + ":" + std::to_string(line) + ": ";
  }
};

}  // namespace

template <class Action>
static std::string usage_message(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code() == ExitCode::usage ? error.what() : std::string("failure: ") + error.what();
  }
  return "";
}

// The error that the text of main.txt leads to, without the file's place if that is as expected.
static std::string message_at(int line, const std::string& text) {
  const Folder folder;
  const fs::path path = folder.file("main.txt", text);
  const std::string message = usage_message([&] { Experiment::load(path); });
  const std::string place = folder.at("main.txt", line);
  return message.starts_with(place) ? message.substr(place.size()) : "elsewhere: " + message;
}

static Experiment loaded(const std::string& text, const std::vector<Override>& overrides = {}) {
  const Folder folder;
  return Experiment::load(folder.file("main.txt", text), overrides);
}

static std::string overriding_message(const std::string& text, const std::vector<Override>& flags) {
  return usage_message([&] { loaded(text, flags); });
}

// The values of a key over all runs.
static Words column(const Experiment& experiment, const std::string& key) {
  Words values;
  for (const Settings& run : experiment.expand()) values.push_back(run.text(key));
  return values;
}

static const std::vector<Axis>& axes(const Experiment& e) { return e.blocks()[0].axes; }

// ---- syntax ----

TEST_CASE("experiment: one value, an axis, a range, tuples, comments, blank lines") {
  const Experiment e = loaded(
      "# a comment\n"
      "\n"
      "task = nt\r\n"
      "  base=8   16  # another\n"
      "delay = 4 3+7\n"
      "(layers, heads) = (1, 4) ( 2,8 )\n"
      "seed = 0..2 7");
  REQUIRE(axes(e).size() == 5);
  CHECK(e.name() == "main");
  CHECK(axes(e)[0].keys == Words{"task"});
  CHECK(axes(e)[0].points == Points{{"nt"}});
  CHECK(axes(e)[1].points == Points{{"8"}, {"16"}});
  CHECK(axes(e)[2].points == Points{{"4"}, {"3+7"}});
  CHECK(axes(e)[3].keys == Words{"layers", "heads"});
  CHECK(axes(e)[3].points == Points{{"1", "4"}, {"2", "8"}});
  CHECK(axes(e)[4].points == Points{{"0"}, {"1"}, {"2"}, {"7"}});
  CHECK(axes(e)[3].origin.ends_with("main.txt:6"));
  CHECK(e.size() == 2 * 2 * 2 * 4);
  CHECK(e.varying() == Words{"base", "delay", "layers", "heads", "seed"});
}

TEST_CASE("experiment: runs are the product in the file's order, the last axis fastest") {
  const Experiment e = loaded("base = 4 8\n(delay, context) = (4, auto) (6, 24)\nseed = 0..1\n");
  CHECK(column(e, "base") == Words{"4", "4", "4", "4", "8", "8", "8", "8"});
  CHECK(column(e, "delay") == Words{"4", "4", "6", "6", "4", "4", "6", "6"});
  CHECK(column(e, "context") == Words{"8", "8", "24", "24", "8", "8", "24", "24"});
  CHECK(column(e, "seed") == Words{"0", "1", "0", "1", "0", "1", "0", "1"});
  CHECK(e.expand().size() == e.size());
  CHECK(std::string(e.expand()[0].invalid("base", "x").what()).find("main.txt:1: ") !=
        std::string::npos);
}

TEST_CASE("experiment: no definition at all is one run of defaults") {
  const Experiment e = loaded("# nothing\n");
  CHECK(e.size() == 1);
  CHECK(column(e, "base") == Words{"8"});
  CHECK(e.varying().empty());
}

TEST_CASE("experiment: a learning rate for each score") {
  const Experiment e = loaded("(score, learning_rate) = (dpa, 0.1) (ea, 0.20)\n");
  CHECK(column(e, "score") == Words{"dpa", "ea"});
  CHECK(column(e, "learning_rate") == Words{"0.1", "0.2"});
}

TEST_CASE("experiment: a key that is constant within its tuples does not vary") {
  CHECK(loaded("(base, delay) = (8, 4) (8, 6)\n").varying() == Words{"delay"});
}

// ---- errors ----

TEST_CASE("experiment: an unknown key is named with the nearest one") {
  CHECK(message_at(2, "task = nt\nbas = 8\n") ==
        "key 'bas': got '8', expected a known setting, did you mean 'base'?");
  CHECK(message_at(1, "(base, dely) = (8, 4)\n") ==
        "key 'dely': got '4', expected a known setting, did you mean 'delay'?");
  CHECK(message_at(1, "include = x\n").starts_with("key 'include': got 'x', expected a known"));
  CHECK(message_at(1, "= 8\n").starts_with("key '': got '8', expected a known setting"));
}

TEST_CASE("experiment: malformed and out-of-range values") {
  const std::string integer = "expected an integer in 2 .. 1024";
  CHECK(message_at(1, "base = 1\n") == "key 'base': got '1', " + integer);
  CHECK(message_at(3, "\n# x\nbase = 8 eight\n") == "key 'base': got 'eight', " + integer);
  CHECK(column(loaded("base = 8, 16 32,4\n"), "base") == Words{"8", "16", "32", "4"});
  CHECK(message_at(1, "base = 8,,16\n") == "key 'base': got '', " + integer);
  CHECK(message_at(1, "base = ,\n") == "key 'base': got ',', " + integer);
  CHECK(message_at(1, "base == 8\n") == "key 'base': got '=', " + integer);
  CHECK(message_at(1, "base =\n") == "key 'base': got '', " + integer);
  CHECK(message_at(1, "base = (8)\n") == "key 'base': got '(8)', " + integer);
  CHECK(message_at(1, "(base, delay) = (8, 4) (1, 4)\n") == "key 'base': got '1', " + integer);
  CHECK(message_at(1, "learning_rate = nan\n").starts_with("key 'learning_rate': got 'nan', "));
  CHECK(message_at(1, "learning_rate = 0..1\n").starts_with("key 'learning_rate': got '0..1', "));
}

TEST_CASE("experiment: malformed lines") {
  const std::string forms =
      "expected 'key = value ...', '(key, key) = (value, value) ...' or a line that begins with "
      "include, only, except, where, block";
  CHECK(message_at(2, "base = 8\ndelay 4\n") == "got 'delay 4', " + forms);
  CHECK(message_at(1, "inclde other.txt\n") ==
        "got 'inclde other.txt', " + forms + ", did you mean 'include'?");
  const std::string tuples = "expected tuples of 2 values, one for each key";
  CHECK(message_at(1, "(base, delay) = 8 4\n") == "key '(base, delay)': got '8 4', " + tuples);
  CHECK(message_at(1, "(base, delay) =\n") == "key '(base, delay)': got '', " + tuples);
  CHECK(message_at(1, "(base, delay) = (8, 4\n") == "key '(base, delay)': got '(8, 4', " + tuples);
  CHECK(message_at(1, "(base, delay) = (8, 4, 5)\n") ==
        "key '(base, delay)': got '(8, 4, 5)', " + tuples);
  CHECK(message_at(1, "(base, delay = (8, 4)\n") ==
        "key '(base, delay': got '(base, delay', expected keys in one pair of parentheses such as "
        "(layers, heads)");
  CHECK(message_at(1, "(base, base) = (8, 4)\n") ==
        "key '(base, base)': got '(base, base)', expected each key once");
}

TEST_CASE("experiment: ranges go from low to high, within the setting's own range") {
  const std::string low_to_high = 
      "expected a range from low to high such as 0..4, 0..100 step 10 or 1e-4..1e-2 log 7";
  CHECK(message_at(1, "base = 5..2\n") == "key 'base': got '5..2', " + low_to_high);
  CHECK(message_at(1, "base = 2..\n") == "key 'base': got '2..', " + low_to_high);
  CHECK(message_at(1, "base = ..4\n") == "key 'base': got '..4', " + low_to_high);
  CHECK(message_at(1, "base = 2...4\n") == "key 'base': got '2...4', " + low_to_high);
  CHECK(message_at(1, "base = 1..4\n") ==
        "key 'base': got '1', expected an integer in 2 .. 1024");
  CHECK(message_at(1, "base = 2..1025\n") ==
        "key 'base': got '1025', expected an integer in 2 .. 1024");
  CHECK(column(loaded("delay = 3..5\n"), "delay") == Words{"3", "4", "5"});
  CHECK(column(loaded("base = 4..4\n"), "base") == Words{"4"});
}

TEST_CASE("experiment: a value twice would run the same twice") {
  const std::string once = "expected each value once (it would run the same twice)";
  CHECK(message_at(1, "base = 8 16 8\n") == "key 'base': got '8', " + once);
  CHECK(message_at(1, "base = 8 008\n") == "key 'base': got '8', " + once);
  CHECK(message_at(1, "base = 2..9 4\n") == "key 'base': got '4', " + once);
  CHECK(message_at(1, "(base, delay) = (8, 4) (8, 5) (8, 4)\n") ==
        "key '(base, delay)': got '(8, 4)', " + once);
}

TEST_CASE("experiment: a key twice") {
  const Folder folder;
  const fs::path path = folder.file("a.txt", "base = 8\ndelay = 4\n(task, base) = (nt, 16)\n");
  CHECK(usage_message([&] { Experiment::load(path); }) ==
        folder.at("a.txt", 3) + "key 'base': got '(nt, 16)', expected each key once, but it is " +
            "already set: " + path.string() + ":1");
  const std::string where = "base = 4 8\nwhere base = 4: d_model = 16\n";
  CHECK(message_at(3, where + "where base = 4: d_model = 8\n").starts_with("key 'd_model': got '8', expected each key once"));
  CHECK(column(loaded(where + "where base = 8: d_model = 8\n"), "d_model") == Words{"16", "8"});
}

TEST_CASE("experiment: a former name is the setting's, a climb's setting is none of a sweep") {
  CHECK(column(loaded("lanes = 1 2\nonly lanes = 2\n"), "gradient_parts") == Words{"2"});
  CHECK(column(loaded("(lanes, base) = (1, 4)\n"), "gradient_parts") == Words{"1"});
  CHECK(message_at(2, "lanes = 1\ngradient_parts = 2\n").starts_with("key 'gradient_parts': got '2', expected each key once"));
  CHECK(message_at(1, "fresh_seeds = 3\n") == "key 'fresh_seeds': got '3', expected a setting of runs: this one is a climb's");
}

TEST_CASE("experiment: too many runs") {
  CHECK(message_at(2, "base = 2..1001\ndelay = 1..101\nseed = 0..1\n") ==
        "key 'delay': got '101 values', expected fewer: the product of the axes exceeds 100000 "
        "runs");
  CHECK(loaded("base = 2..1001\ndelay = 1..100\n").size() == 100000);
  CHECK(message_at(1, "seed = 0..100000\n") ==
        "key 'seed': got '0..100000', expected a range of at most 100000 values");
}

TEST_CASE("experiment: a session setting holds for all runs") {
  CHECK(message_at(1, "out = here there\n") ==
        "key 'out': got 'here there', expected one value, not paired: it holds for all runs; "
        "\"quotes\" keep words together");
  CHECK(message_at(1, "(base, threads) = (8, 2)\n") ==
        "key 'threads': got '(8, 2)', expected one value, not paired: it holds for all runs");
  CHECK(column(loaded("out = here\nbase = 4 8\n"), "out") == Words{"here", "here"});
}

TEST_CASE("experiment: a missing file is a failure") {
  const Folder folder;
  const fs::path path = folder.file("a.txt", "").parent_path() / "none.txt";
  CHECK(usage_message([&] { Experiment::load(path); }) ==
        "failure: cannot read '" + path.string() + "': No such file or directory");
}

// ---- include ----

TEST_CASE("experiment: includes are relative to the including file, and may nest") {
  const Folder folder;
  const fs::path path =
      folder.file("main.txt", "task = nt\ninclude sub/a.txt # here\nseed = 0..1\n");
  folder.file("sub/a.txt", "include b.txt\ndelay = 4 8\n");
  folder.file("sub/b.txt", "base = 4 8\n");
  const Experiment e = Experiment::load(path);
  REQUIRE(axes(e).size() == 4);
  CHECK(axes(e)[1].keys == Words{"base"});
  CHECK(axes(e)[1].origin.ends_with("sub/b.txt:1"));
  CHECK(axes(e)[2].keys == Words{"delay"});
  CHECK(e.size() == 8);
}

TEST_CASE("experiment: a file redefines what it has included, in its place") {
  const Folder folder;
  folder.file("common.txt", "base = 4 8\ndelay = 4\n(layers, heads) = (1, 4)\n");
  const Experiment e = Experiment::load(folder.file(
      "main.txt", "include common.txt\nseed = 0 1\nheads = 2\nlayers = 2 3\nbase = 16\n"));
  Words keys;
  for (const Axis& axis : axes(e)) keys.push_back(join(axis.keys, "+"));
  CHECK(keys == Words{"base", "delay", "heads", "layers", "seed"});
  CHECK(axes(e)[0].points == Points{{"16"}});
  CHECK(axes(e)[0].origin.ends_with("main.txt:5"));
  CHECK(e.size() == 4);
}

TEST_CASE("experiment: a redefinition of a part of a pair is an error") {
  const Folder folder;
  const fs::path common = folder.file("common.txt", "\n(base, delay) = (8, 4)\n");
  const fs::path path = folder.file("main.txt", "include common.txt\n\ndelay = 6\n");
  CHECK(usage_message([&] { Experiment::load(path); }) ==
        folder.at("main.txt", 3) + "key 'delay': got '6', expected 'base' to be set as well, as " +
            common.string() + ":2 pairs (base, delay)");
}

TEST_CASE("experiment: two includes must not define the same key, nor one after the file") {
  const Folder folder;
  const std::string a = folder.file("a.txt", "base = 4\n").string();
  folder.file("b.txt", "\nbase = 8\n");
  const fs::path both = folder.file("both.txt", "include a.txt\ninclude b.txt\n");
  CHECK(usage_message([&] { Experiment::load(both); }) ==
        folder.at("b.txt", 2) + "key 'base': got '8', expected each key once, but it is already " +
            "set: " + a + ":1");
  const fs::path late = folder.file("late.txt", "base = 16\ninclude a.txt\n");
  CHECK(usage_message([&] { Experiment::load(late); }) ==
        folder.at("a.txt", 1) + "key 'base': got '4', expected each key once, but it is already " +
            "set: " + late.string() + ":1");
}

TEST_CASE("experiment: includes that are missing or go round in a circle") {
  const Folder folder;
  const fs::path a = folder.file("a.txt", "base = 8\ninclude sub/b.txt\n");
  folder.file("sub/b.txt", "include ../a.txt\n");
  CHECK(usage_message([&] { Experiment::load(a); }) ==
        folder.at("sub/b.txt", 1) +
            "include: got '../a.txt', expected a file that is not being read already: a cycle");
  const fs::path self = folder.file("self.txt", "include self.txt\n");
  CHECK(usage_message([&] { Experiment::load(self); }).starts_with(folder.at("self.txt", 1)));
  CHECK(message_at(2, "\ninclude none.txt\n").starts_with("include: got 'none.txt', expected a "));
  CHECK(message_at(1, "include\n").starts_with("include: got '', expected a file"));
  CHECK(message_at(1, "include .\n").starts_with("include: got '.', expected a file"));
}

// ---- flags ----

TEST_CASE("experiment: a flag replaces the whole axis, in its place") {
  const Experiment e = loaded("base = 4 8 16\nseed = 0 1\n", {{"delay", {"3", "5"}, "flag --delay"},
                                                             {"base", {"2..3"}, "flag --base"}});
  REQUIRE(axes(e).size() == 3);
  CHECK(axes(e)[0].points == Points{{"2"}, {"3"}});
  CHECK(axes(e)[0].origin == "flag --base");
  CHECK(axes(e)[1].keys == Words{"seed"});
  CHECK(axes(e)[2].keys == Words{"delay"});
}

TEST_CASE("experiment: flags replace a pair only as a whole") {
  const std::string text = "(base, delay) = (8, 4) (16, 8)\n";
  const Experiment e =
      loaded(text, {{"delay", {"6"}, "flag --delay"}, {"base", {"4"}, "flag --base"}});
  CHECK(e.size() == 1);
  CHECK(column(e, "base") == Words{"4"});
  CHECK(column(e, "delay") == Words{"6"});
  const std::string message = overriding_message(text, {{"delay", {"6", "7"}, "flag --delay"}});
  CHECK(message.starts_with("flag --delay: key 'delay': got '6 7', expected 'base' to be set as "));
  CHECK(message.ends_with("main.txt:1 pairs (base, delay)"));
}

TEST_CASE("experiment: a wrong flag is named") {
  CHECK(overriding_message("", {{"bas", {"8"}, "flag --bas"}}) ==
        "flag --bas: key 'bas': got '8', expected a known setting, did you mean 'base'?");
  CHECK(overriding_message("", {{"base", {}, "flag --base"}}) ==
        "flag --base: key 'base': got '', expected an integer in 2 .. 1024");
  CHECK(overriding_message("", {{"base", {"4"}, "first"}, {"base", {"8"}, "second"}}) ==
        "second: key 'base': got '8', expected each key once, but it is already set: first");
}

TEST_CASE("experiment: flags alone make an experiment") {
  const Experiment e = Experiment::from_flags({{"base", {"4", "8"}, "flag --base"}});
  CHECK(e.name() == "flags");
  CHECK(column(e, "base") == Words{"4", "8"});
  CHECK(Experiment::from_flags({}).size() == 1);
}

// ---- resolved ----

TEST_CASE("experiment: the resolved text has the same runs and no includes") {
  const Folder folder;
  folder.file("common.txt", "task = nt\n(layers, heads) = (1, 4) (2, 8)\nbase = 04\n");
  const fs::path path =
      folder.file("main.txt", "include common.txt\nseed = 0..2\nout = my_folder\ndelay = 4 3+7\n");
  const Experiment e = Experiment::load(path, {{"base", {"8", "16"}, "flag --base"},
                                               {"out", {"a folder # with a #"}, "flag --out"}});
  const std::string common = (path.parent_path() / "common.txt").string();
  CHECK(e.resolved() == "# Resolved from " + path.string() + "\n" +
                            "task = nt  # " + common + ":1\n" +
                            "(layers, heads) = (1, 4) (2, 8)  # " + common + ":2\n" +
                            "base = 8 16  # flag --base\n" +
                            "seed = 0 1 2  # " + path.string() + ":2\n" +
                            "delay = 4 3+7  # " + path.string() + ":4\n");

  const Experiment again = Experiment::load(folder.file("again.txt", e.resolved()));
  REQUIRE(again.size() == e.size());
  const auto runs = e.expand(), runs_again = again.expand();
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (const Setting* setting : all_settings())
      if (setting->changes_results())
        REQUIRE(runs[i].text(setting->name) == runs_again[i].text(setting->name));
}
