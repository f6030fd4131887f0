// The claims, judged by results whose verdict is known.
#include "report/verdict.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/files.h"
#include "ladder/base/error.h"
#include "ladder/base/text.h"

using namespace ladder;
using namespace ladder::report;

namespace {

using Accuracy = double (*)(int delay, int seed, bool ea);

// Delays 4, 8 .. 20 of base 4; solved from 0.99 on.
std::string runs(int seeds, Accuracy accuracy, const std::string& optimizer = "sgd", int first = 0) {
  std::string text;
  for (int delay = 4; delay <= 20; delay += 4)
    for (const bool ea : {false, true})
      for (int seed = 0; seed < seeds; ++seed) {
        const double reached = accuracy(delay, seed, ea);
        const bool solved = reached >= 0.99;
        text += join({std::to_string(first++), std::to_string(delay), ea ? "ea" : "dpa", optimizer,
                      std::to_string(seed), std::to_string(2 * delay), "0.25", "1000",
                      to_text(reached), "0.5", solved ? "1" : "0", solved ? "500" : "", "ok\n"}, ",");
      }
  return text;
}

const std::string heading =
    "run,delay,score,optimizer,seed,complexity_bits,chance,steps_done,accuracy,rollout_accuracy,"
    "solved,step_solved,status\n";

Verdicts judged(const std::string& rows) {
  return judge_sweep("sweep", analyse(Table::parse(heading + rows, "runs.csv")));
}

double growing(int delay, int seed, bool ea) { return ea ? 1 : 0.9 - 0.02 * delay + 0.002 * seed; }
double shrinking(int delay, int seed, bool ea) { return ea ? 0.9 : 0.3 + 0.02 * delay + 0.001 * seed; }
double equal(int delay, int seed, bool ea) { return 0.5 + 0.01 * delay + 0.01 * ((seed + ea) % 2); }
double worse(int, int seed, bool ea) { return ea ? 0.5 : 0.995 + 0.0005 * (seed % 2); }

}  // namespace

TEST_CASE("verdict: a score that is better, ever more, and alone at the top") {
  const Verdicts v = judged(runs(8, growing));
  REQUIRE(v.size() == 3);
  CHECK(v[0].words == "ea is at least as accurate as dpa");
  CHECK(v[0].where == "sweep");
  CHECK(v[0].verdict == "holds: more accurate");
  // 1 - (0.9 - 0.02 · mean delay 12 + 0.002 · mean seed 3.5)
  CHECK(v[0].evidence.starts_with("ea − dpa = +0.333 [+0.33"));
  CHECK(v[0].evidence.ends_with(", p 0.008, 5 rungs × 8 seeds; better at 5, worse at 0 (Holm)"));
  CHECK(v[1].verdict == "holds on telling rungs");
  CHECK(v[1].evidence.starts_with("rank correlation +1.00"));
  CHECK(v[2].words == "ea solves rungs that dpa does not");
  CHECK(v[2].verdict == "holds");
  CHECK(v[2].evidence == "solved by more seeds: ea at 5, dpa at 0 of 5 rungs; highest rung of most "
                         "seeds: ea 40.0 bits, dpa none");
}

TEST_CASE("verdict: what does not hold is said") {
  CHECK(judged(runs(8, shrinking))[1].verdict == "does not hold: shrinks");
  const Verdicts none = judged(runs(8, equal));
  CHECK(none[0].verdict == "no difference shown");
  CHECK(none[1].verdict == "no trend shown");
  CHECK(none[2].verdict == "no difference shown");
  const Verdicts reversed = judged(runs(8, worse));
  CHECK(reversed[0].verdict == "does not hold: less accurate");
  CHECK(reversed[2].verdict == "does not hold: the other way round");
  CHECK(judged(runs(1, growing))[0].evidence.starts_with("ea − dpa = +0.340, p 1.000, 5 rungs × 1 seed;"));
  for (const Verdict& v : judged(runs(5, growing))) CHECK(v.verdict == "too few seeds (5, 6 needed)");
}

TEST_CASE("verdict: optimizers are judged apart") {
  const Verdicts v = judged(runs(8, growing, "sgd") + runs(8, worse, "adam", 1000));
  REQUIRE(v.size() == 6);
  CHECK(v[0].where == "sweep, adam");
  CHECK(v[0].verdict == "does not hold: less accurate");
  CHECK(v[2].evidence.ends_with("ea none, dpa 40.0 bits"));
  CHECK(v[3].where == "sweep, sgd");
  CHECK(v[3].verdict == "holds: more accurate");
}

TEST_CASE("verdict: cost") {
  const std::string head = "part,shape,score,threads,ms,ratio_to_first,memory_mb\npeak,fma,,1,,,\n";
  const auto judged_cost = [&](const std::string& rows) {
    return judge_cost("bench", Table::parse(head + rows, "bench.csv"));
  };
  const Verdicts cheaper = judged_cost(
      "steps,S,dpa,1,2,1,10\nsteps,S,ea,1,1.9,0.95,10\nsteps,L,dpa,1,9,1,20\nsteps,L,ea,1,9,1,19\n"
      "steps,L,ea,2,5,5,40\n");  // two threads do not count
  REQUIRE(cheaper.size() == 1);
  CHECK(cheaper[0].verdict == "holds");
  CHECK(cheaper[0].evidence ==
        "ea / dpa, a whole training step: S 0.95, L 1.00; memory: S 1.00, L 0.95");
  CHECK(judged_cost("steps,S,dpa,1,2,1,10\nsteps,S,ea,1,2.1,1.05,10\n")[0].verdict == "does not hold");
  CHECK(judged_cost("steps,S,dpa,1,2,1,10\nsteps,S,ea,1,2,1,10.5\n")[0].verdict == "does not hold");
}

TEST_CASE("verdict: results of other mixers and patterns are judged by contestant") {
  const Verdicts cost = judge_cost(
      "bench", Table::parse("part,shape,mixer,score,pattern,threads,ratio_to_first,memory_mb\n"
                            "steps,S,attention,dpa,full,1,1,10\nsteps,S,attention,dpa,window,1,0.5,9\n"
                            "steps,S,linear,,,1,0.25,8\n", "bench.csv"));
  REQUIRE(cost.size() == 2);
  CHECK(cost[0].words == "at no additional cost");
  CHECK(cost[0].evidence.starts_with("dpa window / dpa, a whole training step: S 0.50"));
  CHECK(cost[1].evidence.starts_with("linear / dpa, a whole training step: S 0.25"));
  const Verdicts geometry = judge_geometry(
      "geo", Table::parse("checkpoint,contestant,head,by_orthogonality,by_both_signs,"
                          "abs_cosine_suppressed,antiparallel_share\n"
                          "a,ea window,all,1,0,0.1,0.2\nb,ea,all,1,1,0.1,0.2\n", "geometry.csv"));
  REQUIRE(geometry.size() == 2);
  CHECK(geometry[0].where == "geo, ea");
  CHECK(geometry[1].where == "geo, ea window");
}

TEST_CASE("verdict: geometry counts trained models only") {
  const Table geometry = Table::parse(
      "checkpoint,score,head,by_orthogonality,by_both_signs,abs_cosine_suppressed,antiparallel_share\n"
      "a,ea,0,0,0,0.9,0.9\na,ea,all,1,1,0.07,0.32\nb,ea,all,1,0,0.12,0.18\n"
      "a-initial,ea,all,0,0,0.5,0.5\nc,dpa,all,0,0,,0.13\n", "geometry.csv");
  const Verdicts v = judge_geometry("geo", geometry);
  REQUIRE(v.size() == 2);
  CHECK(v[0].where == "geo, dpa");
  CHECK(v[0].evidence == "mean |cos| of suppressed pairs -, attention to cos < −0.5 0.13");
  CHECK(v[1].verdict == "suppress by orthogonality, match by both signs: 2 and 1 of 2 layers");
  CHECK(v[1].evidence ==
        "mean |cos| of suppressed pairs 0.07 … 0.12, attention to cos < −0.5 0.18 … 0.32");
}

TEST_CASE("verdict: directories are read, the table follows the claims") {
  const auto directory = std::filesystem::temp_directory_path() / "ladder_verdict_test";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  CHECK_THROWS_WITH_AS(judge(directory), doctest::Contains("to judge by"), Error);
  write_file(directory / "runs.csv", heading + runs(8, growing));
  Verdicts all = judge(directory / "");
  CHECK(all[0].where == "ladder_verdict_test");
  const Verdicts more = judged(runs(8, equal));
  all.insert(all.end(), more.begin(), more.end());
  const auto lines = split(verdict_table(all), '\n');
  REQUIRE(lines.size() == 9);  // two of heading, three claims of two sweeps, the end
  CHECK(lines[2].starts_with("| ea is at least as accurate as dpa | ladder_verdict_test | holds"));
  CHECK(lines[3].starts_with("|  | sweep | no difference shown |"));
  CHECK(verdict_table({{Claim::cost, "a|b", "c", "d", "e"}}).ends_with("| a\\|b | c | d | e |\n"));
  CHECK(lines[4].starts_with("| the margin grows with complexity | ladder_verdict_test |"));
  std::filesystem::remove_all(directory);
}
