#include "lab/results.h"

#include <cmath>

#include "base/table.h"

namespace ladder::lab {

const std::vector<std::string>& result_columns() {
  static const std::vector<std::string> columns = {
      "complexity_bits",  "parameters",            "chance",    "best_possible", "holdout",
      "initial_z",        "steps_done",            "eval_loss", "accuracy",      "sequence_accuracy",
      "rollout_accuracy", "eval_context_accuracy", "solved",    "step_solved",   "seconds",
      "status"};
  return columns;
}

static std::string or_empty(double value) { return std::isnan(value) ? "" : to_text(value); }

static std::vector<std::string> result_cells(const RunResult& r) {
  if (!r.error.empty()) {
    std::vector<std::string> cells(result_columns().size());
    cells.back() = "failed: " + r.error;
    return cells;
  }
  return {to_text(r.complexity_bits),
          std::to_string(r.parameters),
          to_text(r.chance),
          to_text(r.best_possible),
          r.holdout,
          to_text(r.initial_z),
          std::to_string(r.steps_done),
          to_text(r.evaluation.loss),
          to_text(r.evaluation.accuracy),
          to_text(r.evaluation.sequence_accuracy),
          or_empty(r.rollout_accuracy),
          or_empty(r.eval_context_accuracy),
          r.solved() ? "1" : "0",
          r.solved() ? std::to_string(r.step_solved) : "",
          fixed(r.seconds, 3),
          "ok"};
}

static std::vector<std::string> setting_columns() {
  std::vector<std::string> names;
  for (const Setting* setting : all_settings())
    if (setting->group != Group::session) names.push_back(setting->name);
  return names;
}

std::string runs_csv(const std::vector<RunRow>& rows) {
  const auto settings = setting_columns();
  std::vector<std::string> header = {"run"};
  header.insert(header.end(), settings.begin(), settings.end());
  header.insert(header.end(), result_columns().begin(), result_columns().end());
  Table table(header);
  for (const RunRow& row : rows) {
    std::vector<std::string> cells = {std::to_string(row.number)};
    for (const std::string& name : settings) cells.push_back(row.settings.cell(name));
    for (std::string& cell : result_cells(row.result)) cells.push_back(std::move(cell));
    table.add_row(std::move(cells));
  }
  return table.to_csv();
}

std::string curves_csv(const std::vector<RunRow>& rows) {
  Table table({"run", "step", "loss", "accuracy"});
  for (const RunRow& row : rows)
    for (const CurvePoint& point : row.result.curve)
      table.add_row({std::to_string(row.number), std::to_string(point.step), to_text(point.loss),
                     to_text(point.accuracy)});
  return table.to_csv();
}

}  // namespace ladder::lab
