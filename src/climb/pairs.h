// Two contestants, each at its best: does one climb higher, or solve sooner?
#pragma once

#include <vector>

#include "climb/policy.h"
#include "statistics/statistics.h"

namespace ladder::climb {

enum class Verdict {
  higher,    // the first is shown to solve a rung that the second does not
  lower,
  sooner,    // the first is shown to need fewer steps, as judge_steps says
  later,
  equal,     // frontiers at most a rung apart, and the steps alike
  not_shown  // none of these
};
const char* text_of(Verdict verdict);

struct Pair {
  int a = 0, b = 0;  // contestants
  // At the higher of the two frontiers: fresh seeds that each solved. -1: neither has a frontier.
  int rung = -1, solved_a = 0, solved_b = 0, seeds = 0;
  double p = 1, p_holm = 1;  // Fisher's exact test
  // At the lower of the two frontiers: restricted mean of the first's steps to solve over that of the
  // second's; an unsolved seed counts as the rung's steps. -1: one of them has none.
  int time_rung = -1;
  double ratio = statistics::not_defined;
  statistics::Interval ratio_interval;  // 95 %
  double time_p = 1, time_p_holm = 1;   // sign flip of the seeds' differences
  Verdict verdict = Verdict::not_shown;
};

// Of a contest that has come to its end. Both p of all pairs are one family for Holm's correction.
std::vector<Pair> compare(const Contest& contest, const Ground& ground);

}  // namespace ladder::climb
