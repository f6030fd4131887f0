// How often are two contestants that do not differ told apart? Simulated sweeps, judged as real ones.
#include <doctest/doctest.h>

#include <string>

#include "ladder/base/text.h"
#include "simulated.h"
#include "statistics/analysis.h"
#include "statistics/judge.h"

using namespace ladder;
using namespace ladder::statistics;

namespace {

// Of a rung of the ladder: how often a run solves it, and about when; else the accuracy it ends with.
struct Difficulty {
  double solved, steps, accuracy, spread;
};
using Ladder = std::vector<Difficulty>;
// Some at the ceiling, one at chance; and one where every rung could tell.
const Ladder mixed = {
    {1, 200, 0, 0}, {1, 400, 0, 0}, {0.9, 600, 0.7, 0.2}, {0.5, 800, 0.6, 0.2}, {0, 0, 0.5, 0.15}, {0, 0, 0.25, 0.003}};
const Ladder telling(6, {0.3, 900, 0.6, 0.15});
constexpr int budget = 1000;

const std::string heading =
    "run,delay,score,seed,complexity_bits,chance,steps_done,accuracy,rollout_accuracy,solved,step_solved,status\n";

// `ahead`: of ea, which then solves more often and sooner; 0: both are the same.
Analysis sweep(Dice& dice, const Ladder& ladder, int seeds, double ahead) {
  std::string rows = heading;
  int number = 0;
  for (int rung = 0; rung < static_cast<int>(ladder.size()); ++rung)
    for (const char* score : {"dpa", "ea"})
      for (int seed = 0; seed < seeds; ++seed) {
        const Difficulty& d = ladder[static_cast<std::size_t>(rung)];
        const double lead = score[0] == 'e' ? ahead : 0;
        const double time = d.steps * std::exp(0.4 * dice.normal() - lead);
        const bool solved = dice.happens(std::min(1.0, d.solved * (1 + lead))) && time <= budget;
        const int step = 20 * (static_cast<int>(time) / 20 + 1);  // as it is evaluated
        // What is solved stops, a little beyond the threshold.
        const double accuracy = solved ? 0.99 + 0.01 * dice.uniform()
                                       : std::min(0.989, std::max(0.2, d.accuracy + d.spread * dice.normal()));
        rows += join({std::to_string(number++), std::to_string(rung), score, std::to_string(seed),
                      std::to_string(2 * rung), "0.25", std::to_string(solved ? step : budget), to_text(accuracy),
                      "0.5", solved ? "1" : "0", solved ? std::to_string(step) : "", "ok\n"}, ",");
      }
  return analyse(Table::parse(rows, "simulated"));
}

struct Claims {
  int rungs = 0, over_rungs = 0, either = 0, trend = 0, reach = 0;  // sweeps with one
};

bool claimed(Call call) { return call == Call::more || call == Call::less || call == Call::both_ways; }

Claims count_claims(int sweeps, const Ladder& ladder, int seeds, double ahead) {
  Dice dice("error rates");
  Claims claims;
  for (int i = 0; i < sweeps; ++i) {
    const Analysis analysis = sweep(dice, ladder, seeds, ahead);
    bool any = false;
    for (const Comparison& c : analysis.comparisons)
      any |= c.shown() || c.time_verdict == "sooner" || c.time_verdict == "later";
    const Margin& margin = analysis.margins[1];
    claims.rungs += any;
    const bool over_rungs = claimed(judge_accuracy(margin)) || claimed(judge_time(margin));
    claims.over_rungs += over_rungs;
    claims.either += any || over_rungs;
    claims.trend += claimed(judge_trend(margin));
    claims.reach += claimed(judge_reach(analysis, margin).call);
  }
  return claims;
}

}  // namespace

TEST_CASE("error rates: contestants that do not differ are told apart in 5 % of sweeps at most") {
  constexpr int sweeps = 1000;
  const int allowed = most_by_chance(sweeps, 0.05);
  CHECK(allowed < 0.08 * sweeps);
  for (const auto& one :
       {std::pair(&mixed, 6), std::pair(&mixed, 12), std::pair(&telling, 6), std::pair(&telling, 12)}) {
    const auto* ladder = one.first;
    const int seeds = one.second;
    const Claims claims = count_claims(sweeps, *ladder, seeds, 0);
    INFO("ladder " << std::string(ladder == &mixed ? "mixed" : "telling") << ", " << seeds << " seeds, " << sweeps
                   << " sweeps: at a rung " << claims.rungs << ", over the rungs " << claims.over_rungs
                   << ", either " << claims.either << ", trend " << claims.trend << ", reach " << claims.reach
                   << "; allowed " << allowed);
    CHECK(claims.rungs <= allowed);
    CHECK(claims.over_rungs <= allowed);
    if (ladder == &mixed) CHECK(claims.either <= allowed);  // two families: each has its 5 %
    CHECK(claims.trend <= allowed);
    CHECK(claims.reach <= allowed);
  }
}

TEST_CASE("error rates: contestants that do differ are told apart") {
  constexpr int sweeps = 50;
  const Claims claims = count_claims(sweeps, mixed, 12, 0.8);
  CHECK(claims.rungs > 0.9 * sweeps);
  CHECK(claims.over_rungs > 0.9 * sweeps);
}
