#include "climb/pairs.h"

#include <algorithm>
#include <cstdlib>

#include "statistics/judge.h"

namespace ladder::climb {

using namespace statistics;

const char* text_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::higher: return "higher";
    case Verdict::lower: return "lower";
    case Verdict::sooner: return "sooner";
    case Verdict::later: return "later";
    case Verdict::equal: return "equal";
    case Verdict::not_shown: return "no difference shown";
  }
  return "";
}

static void compare_reach(Pair& pair, const Climber& a, const Climber& b) {
  pair.rung = std::max(a.frontier(), b.frontier());
  if (pair.rung < 0) return;
  const Confirmation& of_a = a.confirmations().at(pair.rung);
  const Confirmation& of_b = b.confirmations().at(pair.rung);
  pair.seeds = static_cast<int>(of_a.solved_at.size());
  pair.solved_a = of_a.solved(), pair.solved_b = of_b.solved();
  pair.p = fisher_p(pair.solved_a, pair.seeds, pair.solved_b, pair.seeds);
}

static void compare_times(Pair& pair, const Climber& a, const Climber& b, const Ground& ground) {
  pair.time_rung = std::min(a.frontier(), b.frontier());
  if (pair.time_rung < 0) return;
  const int steps = ground.steps(pair.time_rung);
  const Values x = a.confirmations().at(pair.time_rung).times(steps);
  const Values y = b.confirmations().at(pair.time_rung).times(steps);
  pair.ratio = mean(x) / mean(y);
  pair.ratio_interval = ratio_interval(x, y);
  Values differences;
  for (std::size_t i = 0; i < x.size(); ++i) differences.push_back(x[i] - y[i]);
  pair.time_p = sign_flip_p(differences);
}

static Verdict judge(const Pair& pair, const Climber& a, const Climber& b) {
  if (pair.p_holm < significance && a.frontier() != b.frontier())
    return a.frontier() > b.frontier() ? Verdict::higher : Verdict::lower;
  const Call steps = judge_steps(pair.ratio_interval, pair.time_p_holm);
  if (steps == Call::more) return Verdict::sooner;
  if (steps == Call::less) return Verdict::later;
  return steps == Call::alike && std::abs(a.frontier() - b.frontier()) <= 1 ? Verdict::equal : Verdict::not_shown;
}

std::vector<Pair> compare(const Contest& contest, const Ground& ground) {
  const auto& climbers = contest.climbers();
  std::vector<Pair> pairs;
  Values p;
  for (const auto& [a, b] : contest.pairs()) {
    Pair pair;
    pair.a = a, pair.b = b;
    compare_reach(pair, climbers[a], climbers[b]);
    compare_times(pair, climbers[a], climbers[b], ground);
    p.push_back(pair.p), p.push_back(pair.time_p);
    pairs.push_back(pair);
  }
  const Values adjusted = holm(p);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i].p_holm = adjusted[2 * i], pairs[i].time_p_holm = adjusted[2 * i + 1];
    pairs[i].verdict = judge(pairs[i], climbers[pairs[i].a], climbers[pairs[i].b]);
  }
  return pairs;
}

}  // namespace ladder::climb
