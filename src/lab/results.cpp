#include "ladder/lab/results.h"

#include <algorithm>

namespace ladder {

const std::vector<std::string>& result_columns() {
  static const std::vector<std::string> columns = {
      "complexity_bits", "parameters", "chance",      "holdout",           "initial_z",
      "steps_done",      "eval_loss",  "accuracy",    "sequence_accuracy", "rollout_accuracy",
      "solved",          "step_solved", "seconds",    "status"};
  return columns;
}

static std::vector<std::string> result_cells(const RunResult& r) {
  if (!r.error.empty()) {
    std::vector<std::string> cells(result_columns().size());
    cells.back() = "failed: " + r.error;
    return cells;
  }
  return {to_text(r.complexity_bits),
          std::to_string(r.parameters),
          to_text(r.chance),
          r.holdout,
          to_text(r.initial_z),
          std::to_string(r.steps_done),
          to_text(r.evaluation.loss),
          to_text(r.evaluation.accuracy),
          to_text(r.evaluation.sequence_accuracy),
          to_text(r.rollout_accuracy),
          r.solved() ? "1" : "0",
          r.solved() ? std::to_string(r.step_solved) : "",
          fixed(r.seconds, 3),
          "ok"};
}

// RFC 4180: quotes where a comma, a quote or a line break stands inside.
static std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

static std::string csv_line(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = csv_cell(cell);
  return join(cells, ",") + "\n";
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
  std::string text = csv_line(header);
  for (const RunRow& row : rows) {
    std::vector<std::string> cells = {std::to_string(row.number)};
    for (const std::string& name : settings) cells.push_back(row.settings.text(name));
    for (std::string& cell : result_cells(row.result)) cells.push_back(std::move(cell));
    text += csv_line(cells);
  }
  return text;
}

std::string curves_csv(const std::vector<RunRow>& rows) {
  std::string text = "run,step,loss,accuracy\n";
  for (const RunRow& row : rows)
    for (const CurvePoint& point : row.result.curve)
      text += csv_line({std::to_string(row.number), std::to_string(point.step), to_text(point.loss),
                        to_text(point.accuracy)});
  return text;
}

namespace {

// A column of text that is as wide as its widest cell.
void append_aligned(std::string& text, const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> width(lines[0].size());
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) width[i] = std::max(width[i], line[i].size());
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) row += (i ? "  " : "") + pad_left(line[i], width[i]);
    text += row + "\n";
  }
}

template <class T>
void add_once(std::vector<T>& list, const T& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

}  // namespace

std::string results_table(const std::vector<RunRow>& rows, const std::vector<std::string>& varying) {
  std::vector<std::string> keys, scores;
  for (const std::string& key : varying)
    if (key != "score" && key != "seed") keys.push_back(key);
  std::vector<std::vector<std::string>> rungs;
  const auto rung_of = [&](const RunRow& row) {
    std::vector<std::string> rung;
    for (const std::string& key : keys) rung.push_back(row.settings.text(key));
    return rung;
  };
  for (const RunRow& row : rows) {
    add_once(rungs, rung_of(row));
    add_once(scores, row.settings.text("score"));
  }

  std::vector<std::vector<std::string>> lines(1, keys);
  for (const char* name : {"bits", "chance"}) lines[0].push_back(name);
  for (const std::string& score : scores)
    for (const std::string& name : {score, std::string("solved")}) lines[0].push_back(name);
  for (const auto& rung : rungs) {
    std::vector<std::string> line = rung, cells;
    const RunResult* example = nullptr;
    for (const std::string& score : scores) {
      double sum = 0;
      int count = 0, solved = 0;
      for (const RunRow& row : rows) {
        if (row.settings.text("score") != score || rung_of(row) != rung || !row.result.error.empty())
          continue;
        example = &row.result;
        sum += row.result.evaluation.accuracy;
        solved += row.result.solved();
        ++count;
      }
      cells.push_back(count ? fixed(sum / count, 3) : "-");
      cells.push_back(std::to_string(solved) + "/" + std::to_string(count));
    }
    line.push_back(example ? fixed(example->complexity_bits, 1) : "-");
    line.push_back(example ? fixed(example->chance, 3) : "-");
    line.insert(line.end(), cells.begin(), cells.end());
    lines.push_back(line);
  }
  std::string text = "mean token accuracy, and runs solved / runs, of each score\n\n";
  append_aligned(text, lines);
  return text;
}

}  // namespace ladder
