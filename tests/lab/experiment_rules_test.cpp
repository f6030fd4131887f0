// Ranges, where, only, except, blocks, quotes. What is older: experiment_test.cpp.
#include <doctest/doctest.h>

#include "lab/experiment.h"
#include "lab/values.h"
#include "ladder/base/text.h"
#include "../scratch_file.h"

using namespace ladder;
using namespace ladder::lab;

using Words = std::vector<std::string>;

static Experiment loaded(const std::string& text, const std::vector<Override>& overrides = {}) {
  const ScratchFile file("main.txt", text);
  return Experiment::load(file.path(), overrides);
}

// The message that the text leads to, without the file's place if that is the line expected.
static std::string message_at(int line, const std::string& text,
                              const std::vector<Override>& overrides = {}) {
  const ScratchFile file("main.txt", text);
  try {
    Experiment::load(file.path(), overrides);
  } catch (const Error& error) {
    const std::string message = error.what();
    const std::string place = file.path().string() + ":" + std::to_string(line) + ": ";
    return message.starts_with(place) ? message.substr(place.size()) : "elsewhere: " + message;
  }
  return "no error";
}

static Words column(const Experiment& experiment, const std::string& key) {
  Words values;
  for (const Settings& run : experiment.expand()) values.push_back(run.text(key));
  return values;
}

static Words values_of(const std::string& line, const std::string& key) {
  return column(loaded(line + "\n"), key);
}

// What `resolved` writes gives the same runs.
static void check_again(const Experiment& e) {
  const Experiment again = loaded(e.resolved());
  REQUIRE(again.size() == e.size());
  const auto a = e.expand(), b = again.expand();
  for (std::size_t i = 0; i < a.size(); ++i)
    for (const Setting* setting : all_settings())
      if (setting->changes_results()) REQUIRE(a[i].text(setting->name) == b[i].text(setting->name));
}

TEST_CASE("experiment ranges: steps") {
  CHECK(values_of("delay = 1..10 step 3", "delay") == Words{"1", "4", "7", "10"});
  CHECK(values_of("delay = 1..9 step 3 20", "delay") == Words{"1", "4", "7", "20"});
  CHECK(values_of("learning_rate = 0.1..0.5 step 0.1", "learning_rate") ==
        Words{"0.1", "0.2", "0.3", "0.4", "0.5"});
}

TEST_CASE("experiment ranges: equal ratios, with few digits") {
  CHECK(values_of("learning_rate = 1e-4..1e-2 log 7", "learning_rate") ==
        Words{"1e-04", "0.000215", "0.000464", "0.001", "0.00215", "0.00464", "0.01"});
  CHECK(values_of("base = 2..1024 log 10", "base") ==
        Words{"2", "4", "8", "16", "32", "64", "128", "256", "512", "1024"});
  CHECK(values_of("learning_rate = 0.12345..0.2 log 2", "learning_rate") == Words{"0.12345", "0.2"});
}

TEST_CASE("experiment ranges: log_point is monotonic and has 3 digits") {
  double last = 0;
  for (int i = 0; i <= 200; ++i) {
    const double x = log_point(3e-4, 3e-2, i / 200.0);
    CHECK(x >= last);
    const std::string text = to_text(x);
    CHECK(parse_real(text) == x);
    CHECK(text.size() <= 8);
    last = x;
  }
  CHECK(last == 3e-2);
}

TEST_CASE("experiment ranges: in tuples a part may have several values") {
  const Experiment e = loaded("(score, learning_rate) = (dpa, 0.01..1 log 3) (ea, 0.1)\nseed = 0..1\n");
  CHECK(column(e, "score") == Words{"dpa", "dpa", "dpa", "dpa", "dpa", "dpa", "ea", "ea"});
  CHECK(column(e, "learning_rate") == Words{"0.01", "0.01", "0.1", "0.1", "1", "1", "0.1", "0.1"});
  CHECK(values_of("(base, delay) = (8 16, 4..5)", "base") == Words{"8", "8", "16", "16"});
  CHECK(values_of("(base, delay) = (8 16, 4..5)", "delay") == Words{"4", "5", "4", "5"});
}

TEST_CASE("experiment ranges: errors") {
  CHECK(message_at(2, "\ndelay = 1..9 step 0\n") ==
        "key 'delay': got '1..9 step 0', expected a step above 0 such as 0..100 step 10");
  CHECK(message_at(1, "delay = 1..9 step\n") ==
        "key 'delay': got '1..9 step', expected a step above 0 such as 0..100 step 10");
  CHECK(message_at(1, "delay = 1..9 step 0.5\n") ==
        "key 'delay': got '1..9', expected a step of whole numbers, not 0.5");
  CHECK(message_at(1, "learning_rate = 0.1..1\n") ==
        "key 'learning_rate': got '0.1..1', expected how far apart: such as 0..1 step 0.1 or "
        "1e-4..1e-2 log 7");
  CHECK(message_at(1, "learning_rate = 0.1..1 log\n") ==
        "key 'learning_rate': got '0.1..1', expected how many: such as 1e-4..1e-2 log 7");
  CHECK(message_at(1, "learning_rate = 0.1..1 log 1\n") ==
        "key 'learning_rate': got '0.1..1 log 1', expected at least 2 values, the two ends");
  CHECK(message_at(1, "learning_rate = 0..1 log 3\n") ==
        "key 'learning_rate': got '0..1 log 3', expected a low end above 0 for equal ratios");
  CHECK(message_at(1, "base = 2..4 log 5\n") ==
        "key 'base': got '2', expected each value once (it would run the same twice)");
  CHECK(message_at(1, "learning_rate = 1e-4..1e-2 log 100001\n").ends_with("a range of at most 100000 values"));
  CHECK(message_at(1, "learning_rate = 0..1 step 1e-9\n").ends_with("a range of at most 100000 values"));
  CHECK(message_at(1, "seed = 0..9 log 100001\n").starts_with("key 'seed': got '0..9 log 100001', "));
  CHECK(message_at(1, "(seed, base) = (0..9999, 2..20)\n").ends_with("at most 100000"));
}

TEST_CASE("experiment: quotes keep spaces and # together") {
  const Experiment e = loaded("out = \"my results/# 1\"  # the comment\n");
  CHECK(column(e, "out") == Words{"my results/# 1"});
  const ScratchFile inner("with space.txt", "base = 4\n");
  CHECK(values_of("include \"" + inner.path().string() + "\"  # here", "base") == Words{"4"});
  CHECK(values_of("include " + inner.path().string(), "base") == Words{"4"});
  CHECK(message_at(1, "out = \"no end\n") ==
        "got '\"no end', expected a second \" that ends the words");
}

TEST_CASE("experiment: where gives some runs values of their own") {
  const Experiment e = loaded("base = 8 64\nwhere base = 64: d_model = 64 128\nseed = 0..1\n");
  CHECK(column(e, "base") == Words{"8", "8", "64", "64", "64", "64"});
  CHECK(column(e, "d_model") == Words{"32", "32", "64", "128", "64", "128"});
  CHECK(column(e, "seed") == Words{"0", "1", "0", "0", "1", "1"});
  CHECK(e.varying() == Words{"base", "seed", "d_model"});
  check_again(e);
}

TEST_CASE("experiment: where replaces an axis in its runs, which are not made twice") {
  const Experiment e = loaded("base = 8 16\nd_model = 16 32\nwhere base = 16: d_model = 64\n");
  CHECK(column(e, "base") == Words{"8", "8", "16"});
  CHECK(column(e, "d_model") == Words{"16", "32", "64"});
  check_again(e);
}

TEST_CASE("experiment: where reads defaults, and what auto stands for") {
  CHECK(values_of("where optimizer = adam: (layers, heads) = (2, 1)", "layers") == Words{"2"});
  const Experiment e = loaded("context = auto\ndelay = 4 12\nwhere context = 8: base = 4\n");
  CHECK(column(e, "base") == Words{"4", "8"});
}

TEST_CASE("experiment: only and except leave runs out") {
  const Experiment e = loaded("base = 4 8 16\ndelay = 4 6 8\nonly base = 4 16, delay = 5..8\nexcept base = 16, delay = 8\n");
  CHECK(column(e, "base") == Words{"4", "4", "16"});
  CHECK(column(e, "delay") == Words{"6", "8", "6"});
  CHECK(e.notes().empty());
  check_again(e);
  CHECK(column(loaded("learning_rate = 0.1 0.2 0.3\nonly learning_rate = 0.15..0.3\n"), "learning_rate") ==
        Words{"0.2", "0.3"});
  CHECK(column(loaded("delay = 4 3+7\nexcept delay = 3+7\n"), "delay") == Words{"4"});
}

TEST_CASE("experiment: lines that change nothing are told") {
  const ScratchFile file("main.txt", "base = 8\nonly base = 8\nexcept base = 9\nwhere base = 9: seed = 1\n");
  const auto notes = Experiment::load(file.path()).notes();
  const std::string place = file.path().string() + ":";
  CHECK(notes == Words{place + "4: 'where base = 9' holds in no run",
                       place + "2: 'only base = 8' leaves out no run",
                       place + "3: 'except base = 9' leaves out no run"});
}

TEST_CASE("experiment: errors of conditions") {
  CHECK(message_at(2, "base = 8\nonly base = 9\n") == "'only base = 9' leaves no run");
  CHECK(message_at(1, "only base = 8, 16\n") ==
        "got '16', expected a condition 'key = value ...'; several are joined by a comma, values are "
        "separated by spaces");
  CHECK(message_at(1, "only bas = 8\n") ==
        "key 'bas': got '8', expected a known setting, did you mean 'base'?");
  CHECK(message_at(1, "only base =\n") == "key 'base': got '', expected an integer in 2 .. 1024");
  CHECK(message_at(1, "except score = dap\n").starts_with("key 'score': got 'dap', expected one of "));
  CHECK(message_at(1, "only base = 2..16 log 4\n") ==
        "key 'base': got '4', expected a condition's range without step or log: it means all within");
  CHECK(message_at(1, "only threads = 2\n") ==
        "key 'threads': got '2', expected a setting that results depend on");
  CHECK(message_at(1, "where base = 8\n") ==
        "got 'where base = 8', expected 'where key = value ...: key = value ...'");
  CHECK(message_at(1, "where base = 8: out = here\n") ==
        "key 'out': got 'here', expected a setting that results depend on");
  CHECK(message_at(1, "where base = 8: delay\n").starts_with("got 'delay', expected 'key = value ...'"));
  CHECK(message_at(1, "where = 8\n").starts_with("key 'where': got '8', expected a known setting"));
}

TEST_CASE("experiment: what redefines a key replaces its where, too") {
  const std::string text = "base = 8 64\nwhere base = 64: d_model = 64\n";
  CHECK(column(loaded(text, {{"d_model", {"16"}, "flag --d_model"}}), "d_model") == Words{"16", "16"});
  CHECK(column(loaded(text, {{"seed", {"1"}, "flag --seed"}}), "d_model") == Words{"32", "64"});
  const std::string paired = "base = 8 64\nwhere base = 64: (d_model, heads) = (64, 8)\n";
  CHECK(message_at(2, paired, {{"d_model", {"16"}, "flag --d_model"}}).find("expected 'heads' to be set as well") !=
        std::string::npos);
}

TEST_CASE("experiment: blocks stand one after the other, each with what stands before them") {
  const Experiment e = loaded(
      "base = 4 8\n"
      "score = ea\n"
      "block\n"
      "  optimizer = sgd\n"
      "  learning_rate = 0.1 0.2\n"
      "block\n"
      "  optimizer = adam\n"
      "  score = dpa\n"
      "  only base = 8\n");
  CHECK(column(e, "base") == Words{"4", "4", "8", "8", "8"});
  CHECK(column(e, "score") == Words{"ea", "ea", "ea", "ea", "dpa"});
  CHECK(column(e, "optimizer") == Words{"sgd", "sgd", "sgd", "sgd", "adam"});
  CHECK(e.varying() == Words{"base", "score", "optimizer", "learning_rate"});
  check_again(e);
}

TEST_CASE("experiment: a run of two blocks is made once, a flag reaches all blocks") {
  const std::string text = "block\nbase = 4 8\nblock\nbase = 8 16\n";
  CHECK(column(loaded(text), "base") == Words{"4", "8", "16"});
  const Experiment e = loaded(text, {{"base", {"32"}, "flag --base"}});
  CHECK(column(e, "base") == Words{"32"});
}

TEST_CASE("experiment: an included file may have blocks") {
  const ScratchFile inner("inner.txt", "block\nbase = 4\nblock\nbase = 8\nseed = 5\n");
  const Experiment e = loaded("include " + inner.path().string() + "\ndelay = 3 4\n");
  CHECK(column(e, "base") == Words{"4", "4", "8", "8"});
  CHECK(column(e, "seed") == Words{"0", "0", "5", "5"});
  CHECK(column(e, "delay") == Words{"3", "4", "3", "4"});
}

TEST_CASE("experiment: errors of blocks") {
  CHECK(message_at(3, "base = 8\n\nblock base = 4\n") ==
        "block: got 'base = 4', expected nothing behind it: its definitions stand on lines of their own");
  CHECK(message_at(3, "block\nbase = 8\nbase = 4\n").find("expected each key once") != std::string::npos);
}

TEST_CASE("experiment: other programs' keys") {
  const ScratchFile file("main.txt", "base = 8\nsearch = learning_rate 1e-3..1e-1 log\nstrange = 1\n");
  std::string seen;
  const OtherKeys other = [&](const std::string& key, const std::string& text, const std::string& origin) {
    if (key != "search") return false;
    const Words words = quoted_words(text, origin);
    std::size_t at = 1;
    const auto range = parse_range(words, at, words[0], origin);
    REQUIRE(range.has_value());
    seen = words[0] + " " + range->low + " " + range->high + " " + std::to_string(range->count);
    return true;
  };
  std::string message;
  try {
    Experiment::load(file.path(), {}, other);
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK(message == file.path().string() + ":3: key 'strange': got '1', expected a known setting, did you mean 'stride'?");
  CHECK(seen == "learning_rate 1e-3 1e-1 0");
}
