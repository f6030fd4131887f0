#include "lab/progress.h"

#include <doctest/doctest.h>

#include <sstream>

using namespace ladder;
using namespace ladder::lab;

static Settings settings_of(const char* score, const char* d_model, const char* seed) {
  Settings s;
  s.set("score", score, "test"), s.set("d_model", d_model, "test"), s.set("seed", seed, "test");
  s.resolve();
  return s;
}

TEST_CASE("progress: a run takes as long as like runs took") {
  Speeds speeds;
  CHECK_FALSE(speeds.measured());
  CHECK(speeds.seconds(settings_of("ea", "32", "0")) > 0);  // guessed
  speeds.add(settings_of("ea", "32", "0"), 4);
  speeds.add(settings_of("ea", "32", "1"), 6);
  speeds.add(settings_of("dpa", "32", "0"), 50);
  CHECK(speeds.measured());
  CHECK(speeds.seconds(settings_of("ea", "32", "7")) == doctest::Approx(5));
  CHECK(speeds.seconds(settings_of("dpa", "32", "7")) == doctest::Approx(50));
  // Not seen: as its score's, by the work.
  CHECK(speeds.seconds(settings_of("ea", "64", "7")) > 5);
  CHECK(speeds.seconds(settings_of("ea", "64", "7")) < 50);
}

TEST_CASE("progress: what is left is shared by the threads, but for the longest run") {
  CHECK(seconds_left({4, 4, 4, 4}, 2) == doctest::Approx(8));
  CHECK(seconds_left({20, 1, 1}, 4) == doctest::Approx(20));
  CHECK(seconds_left({}, 2) == 0);
}

TEST_CASE("progress: without a terminal, a line first and a line a run") {
  std::ostringstream out;
  RunRow row{3, settings_of("ea", "32", "0"), {}};
  row.result.evaluation.accuracy = 0.5;
  row.result.seconds = 2;
  Progress progress(out, false, {}, 5, 3, {&row.settings, &row.settings}, 2);
  progress.say_start("data/here");
  CHECK(out.str().starts_with("2 runs to make in data/here, 2 threads, guessed to take up to "));
  out.str("");
  progress.begin(row);
  progress.at_step(row, 1000);
  progress.end(row, {"score"});
  CHECK(out.str().starts_with("4/5 runs, "));
  CHECK(out.str().ends_with(" left; score ea, accuracy 0.500\n"));
}
