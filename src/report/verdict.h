// The paper's claims (Gros, arXiv:2407.18601), judged by results: each verdict is what
// statistics/judge.h makes of the interval or the count beside it, and nothing beyond.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/table.h"
#include "statistics/analysis.h"

namespace ladder::report {

using namespace statistics;

enum class Claim { accuracy, trend, reach, time, cost, geometry };  // in the order of the table

struct Verdict {
  Claim claim;
  std::string words;  // the claim, with the names of the contestants
  std::string where, verdict, evidence;
};
using Verdicts = std::vector<Verdict>;

std::string words_of(Claim claim, const std::string& contestant, const std::string& baseline);
// What the paper says, word by word, and what judging it here can and cannot mean.
std::string note_of(Claim claim);

// A sweep's runs. `where` is the sweep's name, with the optimizer where several were used: the
// recipe that decides most is never averaged over. All speak of the sweep's rungs, whatever the seed.
//   accuracy  the margin over all rungs; pairs that both have solved differ in time only
//   trend     its rank correlation with complexity, on the rungs that can show a difference; no
//             verdict unless there are at least 4 such rungs
//   reach     rungs of which one contestant solves a larger share of the seeds
//   time      the ratio of restricted mean steps to solve
// Failed runs count as unsolved; where there are any, the evidence says what leaving them out does.
Verdicts judge_sweep(const std::string& name, const Analysis& analysis);

// bench.csv: every ratio of whole training steps to the first contestant's, and of memory, within 2 %.
Verdicts judge_cost(const std::string& name, const Table& bench);

// geometry.csv: a contestant's trained models against the same models untrained, and against those of
// dpa, by the attention to opposite directions and by where it suppresses.
Verdicts judge_geometry(const std::string& name, const Table& geometry);

// climb.csv and pairs.csv: each contestant at its own best recipe, as the climb itself has compared them.
// Throws a failure where the two do not fit: each contestant is compared with the first, or all are with all.
Verdicts judge_climb(const std::string& name, const Table& climb, const Table& pairs);
// The same of a directory. Throws a failure, too, if no pair is there though its climb.html is of a climb
// that is finished.
Verdicts judge_climb(const std::string& name, const std::filesystem::path& directory);
inline constexpr const char* unfinished_climb = "Not finished: what is known so far.";  // in climb.html

// Whatever a directory holds: of a climb what it has found, never its runs, which are those of tuning;
// else of runs.csv; and of bench.csv and geometry.csv. Throws a failure if none.
Verdicts judge(const std::filesystem::path& directory, const std::string& name);

// A Markdown table: the claims in the order of the paper, each with all that speaks to it; below it the
// notes on those that occur.
std::string verdict_table(const Verdicts& verdicts);

}  // namespace ladder::report
