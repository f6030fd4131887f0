#include "lab/results.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace ladder::lab {

// ---- settings -----------------------------------------------------------------------------------

static bool changes_results(const Setting& setting, const Settings& settings) {
  return setting.changes_results() && settings.applies(setting.name);
}

// A number as it would be printed: a preset is kept as it was typed, 1e-8.
static std::string value_text(const Setting& setting, const Settings& settings) {
  const std::string& text = settings.text(setting.name);
  const auto number = setting.type == Type::real ? parse_real(text) : std::nullopt;
  return number ? to_text(*number) : text;
}

RunKey run_key(const Settings& settings) {
  RunKey key;
  for (const Setting* setting : all_settings())
    if (changes_results(*setting, settings))
      key.append(setting->name).append("=").append(value_text(*setting, settings)).append("\t");
  return key;
}

void restore(Settings& settings, const std::string& name, const std::string& text,
             const std::string& origin) {
  const Setting* setting = find_setting(name);
  if (setting && setting->type == Type::toggle && (text == "0" || text == "1"))
    return restore(settings, name, text == "1" ? "on" : "off", origin);
  if (!setting || text != setting->preset) settings.set(name, text, origin);
}

std::string flag_in_file(const std::string& name, const std::string& text) {
  const Setting* setting = find_setting(name);
  if (!setting || setting->type != Type::toggle) return text;
  return text == "on" ? "1" : text == "off" ? "0" : text;
}

Table as_of_today(Table runs) {
  for (const Setting* setting : all_settings())
    if (!setting->former_name.empty()) runs.rename(setting->former_name, setting->name);
  for (const std::string& column : runs.columns()) {
    const Setting* setting = find_setting(column);
    if (!setting || setting->type != Type::toggle) continue;
    for (std::size_t row = 0; row < runs.rows(); ++row) {
      const std::string& text = runs.at(row, column);
      if (text == "1" || text == "0") runs.set(row, column, text == "1" ? "on" : "off");
    }
  }
  return runs;
}

std::string difference(const Settings& a, const Settings& b) {
  std::vector<std::string> differences;
  for (const Setting* setting : all_settings()) {
    if (!setting->changes_results()) continue;
    const auto text = [&](const Settings& s) {
      return changes_results(*setting, s) ? value_text(*setting, s) : std::string("without effect");
    };
    const std::string x = text(a), y = text(b);
    if (x != y) differences.push_back(setting->name + " " + x + ", not " + y);
  }
  return join(differences, "; ");
}

void WithoutEffect::add(const Settings& resolved) {
  if (any_ && notes_.empty()) return;
  const std::vector<std::string> given = resolved.without_effect();
  std::set<std::string> now(given.begin(), given.end());
  if (std::exchange(any_, true)) std::erase_if(now, [&](const auto& note) { return !notes_.contains(note); });
  notes_ = std::move(now);
}

std::vector<std::string> setting_columns() {
  std::vector<std::string> names;
  for (const Setting* setting : all_settings())
    if (setting->changes_results()) names.push_back(setting->name);
  return names;
}

// ---- what was measured --------------------------------------------------------------------------

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

// A column of results: as text, and back. `set` says whether the text can be.
struct Field {
  const char* name;
  const char* unit;
  const char* meaning;
  const char* expected;
  std::string (*text)(const RunResult&);
  bool (*set)(RunResult&, const std::string&);
};

std::string real_text(double value) { return std::isnan(value) ? "" : to_text(value); }

bool set_real(double& to, const std::string& text, double low, double high) {
  const auto value = parse_real(text);
  if (!value || *value < low || *value > high) return false;
  to = *value;
  return true;
}

template <class Whole>
bool set_whole(Whole& to, const std::string& text) {
  const auto value = parse_whole(text);
  if (!value) return false;
  to = static_cast<Whole>(*value);
  return true;
}

const char* word_of(Status status) {
  switch (status) {
    case Status::ok: return "ok";
    case Status::diverged: return "diverged";
    case Status::failed: return "failed";
    case Status::stopped: return "stopped";
  }
  return "";
}

bool set_status(RunResult& r, const std::string& text) {
  const std::string old = "failed: ";
  if (text.starts_with(old)) {  // an older file's: reason and status in one
    r.reason = text.substr(old.size());
    r.status = r.reason.starts_with("the loss is not finite") ? Status::diverged : Status::failed;
    return true;
  }
  for (const Status status : {Status::ok, Status::diverged, Status::failed})
    if (text == word_of(status)) {
      r.status = status;
      return true;
    }
  return false;
}

constexpr const char* share = "a number in 0 .. 1";
constexpr const char* positive = "a number from 0";
constexpr const char* whole = "a whole number";

const Field fields[] = {
    {"complexity_bits", "bits", "how much the task asks to remember: tau log2 N of nt",
     positive, [](const RunResult& r) { return real_text(r.complexity_bits); },
     [](RunResult& r, const std::string& t) { return set_real(r.complexity_bits, t, 0, infinite); }},
    {"parameters", "", "numbers that are trained",
     whole,
     [](const RunResult& r) { return r.parameters ? std::to_string(r.parameters) : ""; },
     [](RunResult& r, const std::string& t) { return set_whole(r.parameters, t); }},
    {"state_size", "numbers", "carried from token to token while generating",
     positive, [](const RunResult& r) { return real_text(r.state_size); },
     [](RunResult& r, const std::string& t) { return set_real(r.state_size, t, 0, infinite); }},
    {"chance", "share", "accuracy of a guess",
     share, [](const RunResult& r) { return real_text(r.chance); },
     [](RunResult& r, const std::string& t) { return set_real(r.chance, t, 0, 1); }},
    {"best_possible", "share", "accuracy of the best predictor of what is read",
     share, [](const RunResult& r) { return real_text(r.best_possible); },
     [](RunResult& r, const std::string& t) { return set_real(r.best_possible, t, 0, 1); }},
    {"holdout", "", "whether evaluation's initial conditions are kept from training",
     "text", [](const RunResult& r) { return r.holdout; },
     [](RunResult& r, const std::string& t) { return r.holdout = t, true; }},
    {"initial_z", "", "root mean square of query times key before training",
     positive, [](const RunResult& r) { return real_text(r.initial_z); },
     [](RunResult& r, const std::string& t) { return set_real(r.initial_z, t, 0, infinite); }},
    {"steps_done", "steps", "updates made",
     whole,
     [](const RunResult& r) { return r.steps_done < 0 ? "" : std::to_string(r.steps_done); },
     [](RunResult& r, const std::string& t) { return set_whole(r.steps_done, t); }},
    {"eval_loss", "nats", "mean loss on the evaluation sequences, last measured",
     positive, [](const RunResult& r) { return real_text(r.evaluation.loss); },
     [](RunResult& r, const std::string& t) {
       return set_real(r.evaluation.loss, t, 0, infinite);
     }},
    {"accuracy", "share", "of tokens on the evaluation sequences, last measured",
     share, [](const RunResult& r) { return real_text(r.evaluation.accuracy); },
     [](RunResult& r, const std::string& t) { return set_real(r.evaluation.accuracy, t, 0, 1); }},
    {"sequence_accuracy", "share", "of evaluation sequences without a wrong token",
     share,
     [](const RunResult& r) { return real_text(r.evaluation.sequence_accuracy); },
     [](RunResult& r, const std::string& t) {
       return set_real(r.evaluation.sequence_accuracy, t, 0, 1);
     }},
    {"rollout_accuracy", "share", "of tokens when the model reads its own predictions; empty: no next tokens",
     share, [](const RunResult& r) { return real_text(r.rollout_accuracy); },
     [](RunResult& r, const std::string& t) { return set_real(r.rollout_accuracy, t, 0, 1); }},
    {"eval_context_accuracy", "share", "accuracy at the length eval_context",
     share,
     [](const RunResult& r) { return real_text(r.eval_context_accuracy); },
     [](RunResult& r, const std::string& t) { return set_real(r.eval_context_accuracy, t, 0, 1); }},
    {"solved", "", "1: accuracy reached solve_threshold of the best possible",
     "0 or 1",
     [](const RunResult& r) {
       return std::isnan(r.evaluation.accuracy) ? std::string() : std::string(r.solved() ? "1" : "0");
     },
     [](RunResult&, const std::string& t) { return t == "0" || t == "1"; }},
    {"step_solved", "steps", "the first evaluation that did; empty: none",
     whole,
     [](const RunResult& r) { return r.solved() ? std::to_string(r.step_solved) : ""; },
     [](RunResult& r, const std::string& t) { return set_whole(r.step_solved, t); }},
    {"seconds", "s", "wall time; alone differs from time to time",
     positive,
     [](const RunResult& r) { return std::isnan(r.seconds) ? "" : fixed(r.seconds, 3); },
     [](RunResult& r, const std::string& t) { return set_real(r.seconds, t, 0, infinite); }},
    {"status", "", "ok, diverged or failed",
     "ok, diverged or failed", [](const RunResult& r) { return std::string(word_of(r.status)); },
     set_status},
    {"reason", "", "why the status is not ok",
     "text", [](const RunResult& r) { return r.reason; },
     [](RunResult& r, const std::string& t) { return r.reason = t, true; }},
};

// Of a column by what a cell may be.
std::string type_of(const Field& field) {
  const std::string expected = field.expected;
  return expected == whole ? "integer" : expected == "0 or 1" ? "flag"
         : expected == share || expected == positive ? "number" : "word";
}

Error bad_cell(const std::string& origin, const std::string& column, const std::string& got,
               const std::string& expected) {
  return failure(origin + ": column '" + column + "': got '" + clipped(got) + "', expected " +
                 expected);
}

}  // namespace

const std::vector<std::string>& result_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> names;
    for (const Field& field : fields) names.emplace_back(field.name);
    return names;
  }();
  return columns;
}

ColumnText setting_column(const std::string& table, const std::string& name) {
  const Setting& setting = Registry<Setting>::get(name);
  const char* type = setting.type == Type::integer ? "integer" : setting.type == Type::real ? "number"
                     : setting.type == Type::toggle ? "flag" : "word";
  return {table, name, type, "", "setting: " + setting.meaning};
}

std::vector<ColumnText> run_columns() {
  std::vector<ColumnText> columns = {{"runs.csv", "run", "integer", "", "number of the run in its experiment"}};
  for (const std::string& name : setting_columns()) columns.push_back(setting_column("runs.csv", name));
  for (const Field& field : fields)
    columns.push_back({"runs.csv", field.name, type_of(field), field.unit, field.meaning});
  columns.push_back({"curves.csv", "run", "integer", "", "as in runs.csv"});
  columns.push_back({"curves.csv", "step", "integer", "steps", "updates made before this evaluation"});
  for (const char* name : {"eval_loss", "accuracy"})
    for (const Field& field : fields)
      if (field.name == std::string(name))
        columns.push_back({"curves.csv", name, "number", field.unit, std::string("then: ") + field.meaning});
  return columns;
}

std::vector<std::string> result_cells(const RunResult& r) {
  std::vector<std::string> cells;
  for (const Field& field : fields) cells.push_back(field.text(r));
  return cells;
}

RunResult read_result(const std::function<const std::string*(const std::string&)>& cell,
                      const std::string& origin) {
  RunResult r;
  for (const Field& field : fields) {
    const std::string* text = cell(field.name);
    if (text && !text->empty() && !field.set(r, *text))
      throw bad_cell(origin, field.name, *text, field.expected);
  }
  const std::string* solved = cell("solved");
  if (solved && !solved->empty() && (*solved == "1") != r.solved())
    throw bad_cell(origin, "solved", *solved,
                   r.solved() ? "1, as step_solved is given" : "0, as step_solved is empty");
  if (r.status == Status::ok && std::isnan(r.evaluation.accuracy))
    throw bad_cell(origin, "accuracy", "", "a number, as status is ok");
  return r;
}

// ---- tables -------------------------------------------------------------------------------------

static std::string place(const Table& table, std::size_t row) {
  return table.origin() + ": row " + std::to_string(row + 1);
}

// The cell, or nothing where the table has no such column.
static const std::string* cell_of(const Table& table, std::size_t row, const std::string& column) {
  return table.has(column) ? &table.at(row, column) : nullptr;
}

static RunResult result_of(const Table& runs, std::size_t row) {
  return read_result([&](const std::string& column) { return cell_of(runs, row, column); },
                     place(runs, row));
}

void check_runs(const Table& runs) {
  // What stands between the run's number and the first result are its settings, whoever wrote them.
  std::map<std::vector<std::string>, std::size_t> known;
  const auto settings_end = runs.columns().begin() + static_cast<std::ptrdiff_t>(runs.place(result_columns()[0]));
  const std::size_t count = static_cast<std::size_t>(settings_end - runs.columns().begin());
  for (std::size_t row = 0; row < runs.rows(); ++row) {
    const RunResult result = result_of(runs, row);
    if (result.status != Status::ok) continue;
    const std::vector<std::string> settings(runs.row(row).begin() + 1,
                                            runs.row(row).begin() + static_cast<std::ptrdiff_t>(count));
    const auto [found, added] = known.emplace(settings, row);
    if (added) continue;
    const std::string differs = difference(result, result_of(runs, found->second), false);
    if (!differs.empty())
      throw failure(place(runs, row) + " is the same run as row " +
                    std::to_string(found->second + 1) + ", but " + differs);
  }
}

std::vector<RunRow> read_runs(const Table& runs) {
  std::vector<RunRow> rows;
  for (std::size_t row = 0; row < runs.rows(); ++row) {
    const std::string origin = place(runs, row);
    RunRow read{static_cast<std::size_t>(runs.integer(row, "run")), {}, result_of(runs, row)};
    for (const std::string& name : setting_columns())
      if (const std::string* text = cell_of(runs, row, name); text && !text->empty())
        restore(read.settings, name, *text, origin);
    read.settings.resolve();
    rows.push_back(std::move(read));
  }
  return rows;
}

std::string runs_csv(const std::vector<RunRow>& rows) {
  const auto settings = setting_columns();
  std::vector<std::string> header = {"run"};
  header.insert(header.end(), settings.begin(), settings.end());
  header.insert(header.end(), result_columns().begin(), result_columns().end());
  Table table(header);
  for (const RunRow& row : rows) {
    std::vector<std::string> cells = {std::to_string(row.number)};
    for (const std::string& name : settings)
      cells.push_back(flag_in_file(name, row.settings.cell(name)));
    for (std::string& cell : result_cells(row.result)) cells.push_back(std::move(cell));
    table.add_row(std::move(cells));
  }
  return table.to_csv();
}

std::string curves_csv(const std::vector<RunRow>& rows) {
  Table table({"run", "step", "eval_loss", "accuracy"});
  for (const RunRow& row : rows)
    for (const CurvePoint& point : row.result.curve)
      table.add_row({std::to_string(row.number), std::to_string(point.step), to_text(point.loss),
                     to_text(point.accuracy)});
  return table.to_csv();
}

Table read_runs_table(const std::filesystem::path& path) {
  return as_of_today(Table::read(path));
}

Table read_curves_table(const std::filesystem::path& path) {
  Table curves = Table::read(path);
  curves.rename("loss", "eval_loss");
  return curves;
}

std::vector<std::pair<std::size_t, CurvePoint>> read_curves(const Table& curves) {
  std::vector<std::pair<std::size_t, CurvePoint>> points;
  for (std::size_t row = 0; row < curves.rows(); ++row)
    points.emplace_back(static_cast<std::size_t>(curves.integer(row, "run")),
                        CurvePoint{curves.integer(row, "step"), curves.number(row, "eval_loss"),
                                   curves.number(row, "accuracy")});
  return points;
}

std::string difference(const RunResult& a, const RunResult& b, bool curves) {
  for (const Field& field : fields) {
    const std::string name = field.name, x = field.text(a), y = field.text(b);
    if (name == "seconds" || name == "reason" || x == y) continue;
    return name + " '" + clipped(x) + "', not '" + clipped(y) + "'";
  }
  if (!curves) return "";
  for (std::size_t i = 0; i < std::max(a.curve.size(), b.curve.size()); ++i) {
    const auto text = [i](const RunResult& r) {
      return i < r.curve.size() ? curve_text({r.curve[i]}) : "its end";
    };
    if (text(a) != text(b)) return "curve " + text(a) + ", not " + text(b);
  }
  return "";
}

}  // namespace ladder::lab
