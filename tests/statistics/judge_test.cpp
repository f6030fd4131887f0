// What numbers may be called, and may not.
#include "statistics/judge.h"

#include <doctest/doctest.h>

#include <cmath>

#include "ladder/base/text.h"

using namespace ladder;
using namespace ladder::statistics;

namespace {

struct Run {
  double accuracy;
  int step_solved = 0;  // 0: unsolved
  std::string status = "ok";
};
using Runs = Run (*)(int rung, int seed, bool ea);

// Rungs of chance 0.25 and the best possible 0.9, a budget of 1000 steps.
Analysis analysed(Runs run_of, int seeds = 8, int rungs = 5) {
  std::string text =
      "run,delay,score,steps,seed,complexity_bits,chance,best_possible,steps_done,accuracy,rollout_accuracy,solved,"
      "step_solved,status\n";
  int number = 0;
  for (int rung = 0; rung < rungs; ++rung)
    for (const bool ea : {false, true})
      for (int seed = 0; seed < seeds; ++seed) {
        const Run run = run_of(rung, seed, ea);
        const bool ok = run.status == "ok", solved = run.step_solved > 0;
        text += join({std::to_string(number++), std::to_string(rung), ea ? "ea" : "dpa", "1000",
                      std::to_string(seed), std::to_string(2 * rung), ok ? "0.25" : "", ok ? "0.9" : "",
                      ok ? std::to_string(solved ? run.step_solved : 1000) : "", ok ? to_text(run.accuracy) : "",
                      "", solved ? "1" : "0", solved ? std::to_string(run.step_solved) : "", run.status + "\n"}, ",");
      }
  return analyse(Table::parse(text, "runs.csv"));
}

const Margin& margin_of(const Analysis& analysis) { return analysis.margins[1]; }

}  // namespace

TEST_CASE("judge: a difference where nothing has been learned is none") {
  // +0.02 in every seed, 3 % of the way from chance to the best possible.
  const Analysis analysis = analysed([](int, int seed, bool ea) { return Run{0.25 + 0.02 * ea + 0.0001 * seed}; });
  CHECK(margin_of(analysis).p < significance);
  CHECK(judge_accuracy(margin_of(analysis)) == Call::nothing_learned);
  CHECK(judge_trend(margin_of(analysis)) == Call::nothing_learned);
  CHECK(judge_time(margin_of(analysis)) == Call::nothing_learned);
  CHECK(judge_reach(analysis, margin_of(analysis)).call == Call::nothing_learned);
  for (const Comparison& c : analysis.comparisons) {
    CHECK(c.verdict == "nothing learned");
    CHECK(c.time_verdict == "none solved");
  }
}

TEST_CASE("judge: a difference below the smallest effect of interest is none") {
  const auto with = [](double gain) {
    static double by;
    by = gain;
    return analysed([](int, int seed, bool ea) { return Run{0.5 + by * ea + 0.001 * seed}; });
  };
  CHECK(judge_accuracy(margin_of(with(0.009))) == Call::alike);
  CHECK(with(0.009).comparisons[0].verdict == "no difference shown");
  CHECK(judge_accuracy(margin_of(with(0.02))) == Call::more);
  CHECK(judge_accuracy(margin_of(with(-0.02))) == Call::less);
}

TEST_CASE("judge: where both solve, accuracy is made by stopping, and time is compared") {
  const Analysis analysis = analysed([](int, int seed, bool ea) {
    return ea ? Run{0.87, 300 + 10 * seed} : Run{0.9, 600 + 10 * seed};
  });
  CHECK(margin_of(analysis).difference == 0);
  CHECK(judge_accuracy(margin_of(analysis)) == Call::alike);
  CHECK(judge_time(margin_of(analysis)) == Call::more);
  CHECK(margin_of(analysis).ratio == doctest::Approx(335.0 / 635));
  for (const Comparison& c : analysis.comparisons) {
    CHECK(c.verdict == "both solved");
    CHECK(c.ratio == doctest::Approx(335.0 / 635));
  }
}

TEST_CASE("judge: time is restricted to the budget") {
  const Analysis analysis = analysed([](int, int seed, bool ea) {
    return ea ? Run{0.9, 500} : seed < 4 ? Run{0.5} : Run{0.9, 800};
  });
  CHECK(margin_of(analysis).ratio == doctest::Approx(500 / 900.0));
  CHECK(analysis.rungs[0].cells[0].restricted_mean_steps() == 900);
  CHECK(judge_time(margin_of(analysis)) == Call::more);
  const Analysis none = analysed([](int, int, bool) { return Run{0.5}; });
  CHECK(judge_time(margin_of(none)) == Call::none_solved);
  CHECK(std::isnan(none.rungs[0].cells[0].restricted_mean_steps()));
}

TEST_CASE("judge: failed runs are unsolved and at chance, and what they do to the verdict can be seen") {
  // ea diverges in half of the seeds, and is the better one in the others.
  const Analysis analysis = analysed([](int, int seed, bool ea) {
    return !ea ? Run{0.5 + 0.001 * seed} : seed % 2 ? Run{0, 0, "diverged"} : Run{0.72, 0};
  });
  CHECK(analysis.failed == 20);
  CHECK(analysis.rungs[0].cells[1].runs.size() == 8);
  CHECK(analysis.rungs[0].cells[1].runs[1].accuracy == 0.25);
  CHECK(margin_of(analysis).seeds == 8);
  CHECK(judge_accuracy(margin_of(analysis)) == Call::not_shown);
  const Analysis without = without_failed(analysis);
  CHECK(without.rungs[0].cells[1].runs.size() == 4);
  CHECK(margin_of(without).seeds == 4);
  CHECK(judge_accuracy(margin_of(without)) == Call::too_few_seeds);
  CHECK(margin_of(without).difference > 0.2);
}

TEST_CASE("judge: what is shown over these rungs is not shown over others unless the rungs agree") {
  const auto with = [](double gain_of_odd_rungs) {
    static double gain;
    gain = gain_of_odd_rungs;
    return analysed([](int rung, int seed, bool ea) {
      return Run{0.5 + (rung % 2 ? gain : 0.2) * ea + 0.001 * (seed % 3)};
    }, 8, 6);
  };
  const Analysis agreeing = with(0.1), torn = with(-0.1), few = analysed(
      [](int, int seed, bool ea) { return Run{0.5 + 0.2 * ea + 0.001 * (seed % 3)}; }, 8, 5);
  for (const Analysis* analysis : {&agreeing, &torn, &few}) CHECK(judge_accuracy(margin_of(*analysis)) == Call::more);
  CHECK(holds_beyond_these_rungs(margin_of(agreeing)));
  CHECK_FALSE(holds_beyond_these_rungs(margin_of(torn)));
  CHECK_FALSE(holds_beyond_these_rungs(margin_of(few)));  // five rungs are too few
}

TEST_CASE("judge: six seeds are needed") {
  const Analysis analysis = analysed([](int, int seed, bool ea) { return Run{0.5 + 0.2 * ea + 0.01 * seed}; }, 5);
  CHECK(judge_accuracy(margin_of(analysis)) == Call::too_few_seeds);
  CHECK(judge_time(margin_of(analysis)) == Call::too_few_seeds);
  CHECK(judge_trend(margin_of(analysis)) == Call::too_few_seeds);
  CHECK(judge_reach(analysis, margin_of(analysis)).call == Call::too_few_seeds);
  CHECK(std::isnan(margin_of(analysis).interval.low));
}
