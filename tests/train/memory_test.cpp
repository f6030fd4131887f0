// What a run takes from the heap grows as its context does, and no faster.
#include <doctest/doctest.h>

#include "../allocation_count.h"
#include "train/run.h"

namespace ladder {

using namespace train;
namespace {

Settings settings_of(int context, const Choices& choices) {
  Settings s;
  for (const auto& [key, value] : choices) s.set(key, value, "test");
  s.set("context", std::to_string(context), "test");
  s.resolve();
  return s;
}

// A run's step, evaluation, rollout and initial_z.
double bytes_of_run(int context, const std::string& score) {
  const Settings s = settings_of(context, {{"score", score}, {"batch", "1"}, {"d_model", "8"}, {"heads", "1"},
                                           {"steps", "1"}, {"eval_sequences", "1"}, {"position", "rope"}});
  const long before = allocated_bytes();
  const RunResult result = run_safely(s);
  CHECK(result.status == Status::ok);
  return static_cast<double>(allocated_bytes() - before);
}

TEST_CASE("memory: linear in the context, initial_z included") {
  for (const char* score : {"ea", "dpa"}) {
    const double some = bytes_of_run(512, score), four_times = bytes_of_run(2048, score);
    CHECK(four_times < 4.5 * some);
  }
}

TEST_CASE("memory: context 8192, batch 2, d_model 64, 4 heads, 1 layer below 150 MB") {
  const Settings s = settings_of(8192, {{"batch", "2"}, {"d_model", "64"}, {"heads", "4"}, {"layers", "1"}});
  CHECK(estimated_memory(s) < 150e6);
  const long before = allocated_bytes();
  Trainer trainer(s);  // a step takes a few kernel buffers more
  const double taken = static_cast<double>(allocated_bytes() - before);
  CHECK(taken < 140e6);
  CHECK(taken < estimated_memory(s));
}

}  // namespace
}  // namespace ladder
