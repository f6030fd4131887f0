// The paper's claims (Gros, arXiv:2407.18601), judged by results: each verdict is what the interval
// or the count beside it shows, and nothing beyond.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/table.h"
#include "statistics/analysis.h"

namespace ladder::report {

using namespace statistics;

enum class Claim { accuracy, trend, reach, cost, geometry };  // in the order of the table

struct Verdict {
  Claim claim;
  std::string words;  // the claim, with the names of the contestants
  std::string where, verdict, evidence;
};
using Verdicts = std::vector<Verdict>;

// A sweep's runs. `where` is the sweep's name, with the optimizer where several were used: the
// recipe that decides most is never averaged over.
//   accuracy  the margin over all rungs
//   trend     its rank correlation with complexity, on the rungs that can show a difference; no
//             verdict unless there are at least 4 such rungs
//   reach     rungs of which one contestant solves a larger share of the seeds, the Wilson
//             intervals apart
Verdicts judge_sweep(const std::string& name, const Analysis& analysis);

// bench.csv: every ratio of whole training steps to the first contestant's, and of memory, within 2 %.
Verdicts judge_cost(const std::string& name, const Table& bench);

// geometry.csv of trained models: how many suppress by orthogonality and match by both signs.
Verdicts judge_geometry(const std::string& name, const Table& geometry);

// Whatever a directory holds of runs.csv, bench.csv and geometry.csv. Throws a failure if none.
Verdicts judge(const std::filesystem::path& directory);

// A Markdown table: the claims in the order of the paper, each with all that speaks to it.
std::string verdict_table(const Verdicts& verdicts);

}  // namespace ladder::report
