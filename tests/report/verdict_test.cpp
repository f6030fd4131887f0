// The claims, judged by results whose verdict is known.
#include "report/verdict.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "../plot/markup_check.h"
#include "../scratch.h"
#include "base/files.h"
#include "ladder/base/error.h"
#include "ladder/base/text.h"
#include "report/report_parts.h"
#include "statistics/judge.h"

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
double equal(int delay, int seed, bool ea) { return 0.5 + 0.01 * delay + 0.008 * ((seed + ea) % 2); }
double worse(int, int seed, bool ea) { return ea ? 0.5 : 0.995 + 0.0005 * (seed % 2); }

}  // namespace

TEST_CASE("verdict: a score that is better, ever more, and alone at the top") {
  const Verdicts v = judged(runs(8, growing));
  REQUIRE(v.size() == 4);
  CHECK(v[0].words == "ea is at least as accurate as dpa");
  CHECK(v[0].where == "sweep");
  CHECK(v[0].verdict == "holds over these rungs: more accurate");
  // 1 - (0.9 - 0.02 · mean delay 12 + 0.002 · mean seed 3.5)
  CHECK(v[0].evidence.starts_with("ea − dpa = +0.333 [+0.32"));
  CHECK(v[0].evidence.ends_with("; p 0.008, 5 rungs × 8 seeds; better at 5, worse at 0, both solved at 0"));
  CHECK(v[1].verdict == "holds on telling rungs");
  CHECK(v[1].evidence.starts_with("rank correlation +1.00"));
  CHECK(v[2].words == "ea solves rungs that dpa does not");
  CHECK(v[2].verdict == "holds within these steps");
  CHECK(v[2].evidence == "solved by more seeds: ea at 5, dpa at 0 of 5 rungs; highest rung of most "
                         "seeds: ea 40.0 bits, dpa none");
  CHECK(v[3].words == "ea solves sooner than dpa");
  CHECK(v[3].verdict == "sooner");
  CHECK(v[3].evidence.starts_with("steps ea / dpa = 0.50 [0.50, 0.50]; over 5 rungs"));
}

TEST_CASE("verdict: what does not hold is said") {
  CHECK(judged(runs(8, shrinking))[1].verdict == "does not hold: shrinks");
  const Verdicts none = judged(runs(8, equal));
  CHECK(none[0].verdict == "holds over these rungs: as accurate");  // within 0.01
  CHECK(none[1].verdict == "no trend shown");
  CHECK(none[2].verdict == "no difference shown");
  CHECK(none[3].verdict == "neither solves any rung");
  const Verdicts reversed = judged(runs(8, worse));
  CHECK(reversed[0].verdict == "does not hold over these rungs: less accurate");
  CHECK(reversed[2].verdict == "does not hold: the other way round");
  CHECK(reversed[3].verdict == "later");
  CHECK(judged(runs(1, growing))[0].evidence.starts_with("ea − dpa = +0.340; p 1.000, 5 rungs × 1 seed;"));
  for (const Verdict& v : judged(runs(5, growing))) CHECK(v.verdict == "too few seeds (5, 6 needed)");
}

TEST_CASE("verdict: optimizers are judged apart") {
  const Verdicts v = judged(runs(8, growing, "sgd") + runs(8, worse, "adam", 1000));
  REQUIRE(v.size() == 8);
  CHECK(v[0].where == "sweep, adam");
  CHECK(v[0].verdict == "does not hold over these rungs: less accurate");
  CHECK(v[2].evidence.ends_with("ea none, dpa 40.0 bits"));
  CHECK(v[4].where == "sweep, sgd");
  CHECK(v[4].verdict == "holds over these rungs: more accurate");
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
                          "abs_cosine_suppressed,antiparallel_share,antiparallel_if_uniform\n"
                          "a,ea window,all,1,0,0.1,0.2,0.1\nb,ea,all,1,1,0.1,0.2,0.1\n", "geometry.csv"));
  REQUIRE(geometry.size() == 2);
  CHECK(geometry[0].where == "geo, ea");
  CHECK(geometry[1].where == "geo, ea window");
}

namespace {

// Six models of each score and, if asked for, the same untrained: `opposite` is the attention to cos < -0.5,
// where uniform rows give 0.1, `cosine` the mean |cos| of what is suppressed.
struct Measured {
  double opposite, cosine;
};

Verdict judged_geometry(Measured ea, Measured untrained, Measured dpa, int models = 6, bool beside = true) {
  std::string text = "checkpoint,score,head,abs_cosine_suppressed,antiparallel_share,antiparallel_if_uniform\n";
  const auto add = [&](const std::string& checkpoint, const char* score, Measured m, int i) {
    for (const char* head : {"0", "all"})
      text += join({checkpoint, score, head, to_text(m.cosine + 0.001 * i), to_text(m.opposite + 0.002 * i), "0.1\n"}, ",");
  };
  for (int i = 0; i < models; ++i) {
    const std::string number = std::to_string(i);
    add("ea-" + number, "ea", ea, i);
    if (beside) add("ea-" + number + "-initial", "ea", untrained, i);
    add("dpa-" + number, "dpa", dpa, i);
  }
  const Verdicts v = judge_geometry("geo", Table::parse(text, "geometry.csv"));
  REQUIRE(v.size() == 1);  // dpa is what is compared with
  CHECK(v[0].where == "geo, ea");
  return v[0];
}

}  // namespace

TEST_CASE("verdict: geometry is judged against the same model untrained, and against dpa") {
  const Measured turned{0.4, 0.1}, as_before{0.2, 0.3}, rival{0.1, 0.6};
  const Verdict holds = judged_geometry(turned, as_before, rival);
  CHECK(holds.verdict == "holds");
  CHECK(holds.evidence.starts_with("attention to cos < −0.5 beyond uniform rows: +0.20 [+0.20, +0.20] against untrained, "
                                   "+0.30 [+0.30, +0.30] against dpa; mean |cos| of suppressed pairs: -0.20"));
  // What the untrained model does already, training has not made.
  CHECK(judged_geometry(turned, turned, rival).verdict == "does not hold: not both unlike untrained and unlike dpa");
  CHECK(judged_geometry(turned, as_before, turned).verdict == "does not hold: not both unlike untrained and unlike dpa");
  CHECK(judged_geometry(turned, {0.2, 0.1}, rival).verdict == "holds in part, by one of two measures");
  CHECK(judged_geometry(turned, as_before, rival, 5).verdict == "too few seeds (5, 6 needed)");
  CHECK(judged_geometry(turned, as_before, rival, 6, false).verdict == "cannot be judged: no untrained model beside");
}

TEST_CASE("verdict: the same data are called the same in findings and verdicts") {
  for (const Accuracy accuracy : {growing, shrinking, equal, worse}) {
    const Table table = Table::parse(heading + runs(8, accuracy), "runs.csv");
    const Analysis analysis = analyse(table);
    const std::string trend = judge_sweep("s", analysis)[1].verdict;
    std::string findings;
    for (const std::string& finding : find(analysis)) findings += finding + "\n";
    CHECK(contains(findings, "grows with complexity") == (trend == "holds on telling rungs"));
    CHECK(contains(findings, "shrinks with complexity") == (trend == "does not hold: shrinks"));
    CHECK(contains(findings, "shows no trend") == (trend == "no trend shown"));
  }
}

TEST_CASE("verdict: failed runs are counted, and leaving them out is told") {
  std::string rows = runs(8, growing);
  // ea, seed 0, delay 4: failed.
  const std::string one = "\n8,4,ea,sgd,0,8,0.25,1000,1,0.5,1,500,ok\n";
  REQUIRE(contains(rows, one));
  rows.replace(rows.find(one), one.size(), "\n8,4,ea,sgd,0,8,0.25,,,,0,,failed\n");
  const Verdicts v = judged(rows);
  CHECK(v[0].evidence.starts_with("ea − dpa = +0.314"));  // 0.333 less 0.75 / (5 · 8)
  CHECK(contains(v[0].evidence, "; without the 1 failed run: holds over these rungs: more accurate, ea − dpa = +0.3"));
}

TEST_CASE("verdict: a climb is judged by its pairs") {
  const std::string climb_head = "contestant,rung,seeds_solved,seeds\n", pair_head =
      "contestant,against,rung,seeds_solved,against_seeds_solved,seeds,fisher_p_holm,time_rung,steps_ratio,ratio_low,"
      "ratio_high,time_p_holm,verdict\n";
  const Table climb = Table::parse(climb_head + "dpa,base 8,12,12\nea,base 5,11,12\nlinear,,,\n", "climb.csv");
  const Verdicts v = judge_climb(
      "climb", climb, Table::parse(pair_head + "ea,dpa,base 8,2,12,12,0.001,base 5,0.5,0.4,0.6,0.002,lower\n"
                                               "linear,dpa,base 8,0,12,12,0.001,,,,,,lower\n"
                                               "dpa,ea,base 8,12,2,12,0.001,base 5,2,1.2,3,0.002,higher\n", "pairs.csv"));
  REQUIRE(v.size() == 9);
  CHECK(v[0].where == "climb, each at its best recipe");
  CHECK(v[0].verdict == "does not hold: climbs less high");
  CHECK(v[0].evidence == "highest rung: ea base 5 (11/12), dpa base 8 (12/12); at base 8: ea 2/12, dpa 12/12, p 0.001 "
                         "(Fisher, Holm)");
  CHECK(v[1].verdict == "does not hold: the other way round");
  CHECK(v[2].verdict == "sooner");
  CHECK(v[2].evidence == "steps ea / dpa = 0.50 [0.40, 0.60], p 0.002 (Holm); at base 5");
  CHECK(v[5].verdict == "no rung that both solve");
  CHECK(v[7].verdict == "holds: climbs higher");
  CHECK(v[8].verdict == "no difference shown");  // 1.2 is within a factor 1.25
  // What the climb calls equal is the same here.
  const Table two = Table::parse(climb_head + "dpa,base 8,12,12\nea,base 8,12,12\n", "climb.csv");
  for (const double nudge : {-0.01, 0.01}) {
    const std::string low = to_text(statistics::equal_ratio + nudge);
    const Table pair = Table::parse(pair_head + "ea,dpa,base 8,12,12,12,1,base 8,2," + low + ",3,0.002,later\n", "pairs.csv");
    CHECK(judge_climb("climb", two, pair)[2].verdict == (nudge > 0 ? "later" : "no difference shown"));
  }
  const Verdicts unfinished = judge_climb("climb", climb, Table::parse(pair_head, "pairs.csv"));
  REQUIRE(unfinished.size() == 1);
  CHECK(unfinished[0].verdict.starts_with("not finished"));
  CHECK(contains(unfinished[0].evidence, "linear none"));
  const Table one = Table::parse(climb_head + "dpa,base 8,12,12\n", "climb.csv");
  CHECK(judge_climb("climb", one, Table::parse(pair_head, "pairs.csv"))[0].verdict ==
        "cannot be judged: one contestant");
}

TEST_CASE("verdict: of a climb whose tables lack a part nothing is judged") {
  const Scratch scratch;
  const auto& directory = scratch.path();
  const std::string pair_head = "contestant,against,rung,seeds_solved,against_seeds_solved,seeds,fisher_p_holm,"
                                "time_rung,steps_ratio,ratio_low,ratio_high,time_p_holm,verdict\n";
  const std::string numbers = ",base 8,2,12,12,0.001,base 5,0.5,0.4,0.6,0.002,", rest = numbers + "lower\n";
  const std::string three = "dpa,base 8,12,12\nea,base 5,11,12\nlinear,,,\n";
  const auto said = [&](const std::string& contestants, const std::string& pairs) -> std::string {
    write_file(directory / "climb.csv", "contestant,rung,seeds_solved,seeds\n" + contestants);
    write_file(directory / "pairs.csv", pair_head + pairs);
    try {
      return judge(directory, "climb")[0].verdict;
    } catch (const Error& error) {
      CHECK(error.code() == ExitCode::failure);
      return error.what();
    }
  };
  const std::string first = "ea,dpa" + rest + "linear,dpa" + rest, all = first + "linear,ea" + rest;
  for (const std::string& whole : {first, all}) CHECK(said(three, whole).starts_with("does not hold"));
  CHECK(contains(said(three, "ea,dpa" + rest), "pairs.csv: no row compares 'linear' with 'dpa'"));
  CHECK(contains(said(three, "ea,dpa" + rest + "linear,ea" + rest), "no row compares 'linear' with 'dpa'"));
  CHECK(contains(said("dpa,base 8,12,12\nea,base 5,11,12\n", first), "row 2: column 'contestant': got 'linear'"));
  CHECK(contains(said("", first), "climb.csv: no contestant"));
  // Cut within a line.
  CHECK(contains(said(three, "ea,dpa" + rest + "linear,dpa,base"), "pairs.csv:3: expected 13 cells, got 3"));
  CHECK(contains(said(three, "ea,dpa" + rest + "linear,dpa" + numbers + "low"), "column 'verdict': got 'low'"));
  CHECK(contains(said(three, "ea,dpa,base 8,2,12,12,0.001,base 5,0.5,none,0.6,0.002,lower\nlinear,dpa" + rest),
                 "column 'ratio_low': got 'none'"));
  // Whether a climb without pairs is finished, its page knows.
  CHECK(said(three, "").starts_with("not finished"));
  write_file(directory / "climb.html", std::string("<pre>") + unfinished_climb + "</pre>");
  CHECK(said(three, "").starts_with("not finished"));
  write_file(directory / "climb.html", "<pre>ea against dpa: equal</pre>");
  CHECK(contains(said(three, ""), "pairs.csv: no pair, though the climb is finished"));
  CHECK(said("dpa,base 8,12,12\n", "") == "cannot be judged: one contestant");
}

TEST_CASE("verdict: directories are read, the table follows the claims") {
  const Scratch scratch;
  const auto& directory = scratch.path();
  CHECK_THROWS_WITH_AS(judge(directory, "x"), doctest::Contains("to judge by"), Error);
  write_file(directory / "runs.csv", heading + runs(8, growing));
  Verdicts all = judge(directory, "sweep");
  Table broken = Table::parse(heading + runs(8, growing), "runs.csv");
  broken.set(2, "accuracy", "7");
  write_file(directory / "runs.csv", broken.to_csv());
  CHECK_THROWS_WITH_AS(judge(directory, "sweep"), doctest::Contains("runs.csv: row 3: column 'accuracy': got '7'"), Error);
  CHECK(all[0].where == "sweep");
  const Verdicts more = judged(runs(8, equal));
  all.insert(all.end(), more.begin(), more.end());
  const auto lines = split(verdict_table(all), '\n');
  REQUIRE(lines.size() == 18);  // two of heading, four claims of two sweeps, the notes on them, the end
  CHECK(lines[2].starts_with("| ea is at least as accurate as dpa | sweep | holds"));
  CHECK(lines[3].starts_with("|  | sweep | holds over these rungs: as accurate |"));
  CHECK(verdict_table({{Claim::cost, "a|b", "c", "d", "e"}}).starts_with("| claim | in | verdict | evidence |\n"
                                                                             "|---|---|---|---|\n| a\\|b | c | d | e |\n"));
  CHECK(lines[11] == "In the paper's words:");
  CHECK(contains(lines[13], "at least as well as vanilla DPA"));
  CHECK(contains(verdict_table(all), "A budget of steps does not test that alone"));
  // A climb's own results are judged, not the runs of its tuning.
  write_file(directory / "climb.csv", "contestant,rung,seeds_solved,seeds\ndpa,base 8,12,12\nea,,,\n");
  write_file(directory / "pairs.csv", "contestant,against,rung\n");
  CHECK(judge(directory, "x")[0].verdict.starts_with("not finished"));
  CHECK(lines[4].starts_with("| the margin grows with complexity | sweep |"));
}
