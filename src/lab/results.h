// Results as CSV files, which people and other programs read. (evidence/report.h makes the tables.)
#pragma once

#include <string>
#include <vector>

#include "ladder/base/settings.h"
#include "train/run.h"

namespace ladder::lab {

using namespace train;

struct RunRow {
  std::size_t number;  // of the run in its experiment
  Settings settings;
  RunResult result;
};

// The columns after the settings, in order: what a run measured. `eval_loss` is the loss on the
// evaluation sequences (`loss` is the setting); `seconds` alone differs from time to time.
const std::vector<std::string>& result_columns();

// One row a run: run, every setting that results depend on, result_columns().
std::string runs_csv(const std::vector<RunRow>& rows);
// run, step, loss, accuracy: one row an evaluation.
std::string curves_csv(const std::vector<RunRow>& rows);

}  // namespace ladder::lab
