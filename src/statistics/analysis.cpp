#include "statistics/analysis.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "ladder/base/error.h"
#include "ladder/base/text.h"
#include "statistics/comparison.h"
#include "statistics/contestant.h"

namespace ladder::statistics {

using Names = std::vector<std::string>;

Values Cell::accuracies() const {
  Values values;
  for (const Outcome& outcome : runs) values.push_back(outcome.accuracy);
  return values;
}

Values Cell::steps_solved() const {
  Values values;
  for (const Outcome& outcome : runs) values.push_back(outcome.step_solved);
  return values;
}

int Cell::solved() const {
  return static_cast<int>(
      std::count_if(runs.begin(), runs.end(), [](const Outcome& run) { return run.solved; }));
}

double Cell::budget() const {
  double least = std::numeric_limits<double>::infinity();
  for (const Outcome& outcome : runs)
    if (!outcome.solved) least = std::fmin(least, outcome.steps);  // ignores NaN
  return std::isfinite(least) ? least : 0;
}

double Cell::restricted_mean_steps() const {
  if (solved() == 0) return not_defined;
  const double limit = budget() > 0 ? budget() : std::numeric_limits<double>::infinity();
  double latest = 0;
  for (const Outcome& outcome : runs)
    if (outcome.solved) latest = std::max(latest, outcome.step_solved);
  Values steps;
  for (const double step : steps_solved()) steps.push_back(std::min(step, std::isfinite(limit) ? limit : latest));
  return mean(steps);
}

const Comparison* Analysis::comparison(std::size_t rung, std::size_t contestant) const {
  for (const Comparison& comparison : comparisons)
    if (comparison.rung == rung && comparison.contestant == contestant) return &comparison;
  return nullptr;
}

const std::string& Analysis::value(const Rung& rung, const std::string& key) const {
  return rung.values[std::find(rung_keys.begin(), rung_keys.end(), key) - rung_keys.begin()];
}

std::string Analysis::name(const Rung& rung, const Names& keys) const {
  Names parts;
  for (const std::string& key : keys) {
    const std::string& text = value(rung, key);
    if (!text.empty()) parts.push_back(key + " " + text);  // empty: does not apply
  }
  return join(parts, ", ");
}

bool less_in_order(const Names& a, const Names& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), natural_less);
}

bool natural_less(const std::string& a, const std::string& b) {
  const Names words_a = split(a, ' '), words_b = split(b, ' ');
  if (words_a.size() > 1 || words_b.size() > 1) return less_in_order(words_a, words_b);
  const auto x = parse_real(a), y = parse_real(b);
  if (x && y && *x != *y) return *x < *y;
  if (x.has_value() != y.has_value()) return x.has_value();
  const Names parts_a = split(a, '+'), parts_b = split(b, '+');
  if (x || (parts_a.size() == 1 && parts_b.size() == 1)) return a < b;
  if (parts_a.size() != parts_b.size()) return parts_a.size() < parts_b.size();
  return less_in_order(parts_a, parts_b);
}

namespace {

Names cells_of(const Table& table, std::size_t row, const Names& columns) {
  Names cells;
  for (const std::string& column : columns) cells.push_back(table.at(row, column));
  return cells;
}

bool ok(const Table& runs, std::size_t row) { return runs.at(row, "status") == "ok"; }

// Whether rows that agree in `sources` agree in `target`.
bool determined(const Table& runs, const std::string& target, const Names& sources, bool only_ok) {
  std::map<Names, std::string> known;
  for (std::size_t row = 0; row < runs.rows(); ++row) {
    if (only_ok && !ok(runs, row)) continue;
    const std::string& value = runs.at(row, target);
    if (known.emplace(cells_of(runs, row, sources), value).first->second != value) return false;
  }
  return true;
}

Names with(Names names, const std::string& name) {
  names.push_back(name);
  return names;
}

// The runs with a column `contestant` more.
Table with_contestants(const Table& runs) {
  if (!runs.has("mixer") && !runs.has("contestant")) runs.place("score");  // for its message
  const Names names = contestants(runs);
  if (runs.has("contestant")) return runs;
  Table table(with(runs.columns(), "contestant"), runs.origin());
  for (std::size_t row = 0; row < runs.rows(); ++row)
    table.add_row(with(runs.row(row), names[row]));
  return table;
}

// Whether a setting applies to some contestants and not to the others, wherever they ran.
bool partial(const Table& runs, const std::string& column) {
  std::map<std::string, std::set<bool>> applies;
  for (std::size_t row = 0; row < runs.rows(); ++row)
    applies[runs.at(row, "contestant")].insert(!runs.at(row, column).empty());
  const auto never = [](const auto& one) { return !one.second.contains(true); };
  const auto always_or_never = [](const auto& one) { return one.second.size() == 1; };
  return std::any_of(applies.begin(), applies.end(), never) &&
         std::all_of(applies.begin(), applies.end(), always_or_never);
}

void say_in_contestants(Table& runs, const std::string& column) {
  for (std::size_t row = 0; row < runs.rows(); ++row) {
    const std::string& value = runs.at(row, column);
    if (value.empty()) continue;
    Names words = split(runs.at(row, "contestant"), ' ');
    if (std::find(words.begin(), words.end(), column) == words.end()) words.push_back(column);
    runs.set(row, "contestant", join(with(words, value), " "));
  }
}

// Whether all contestants have these settings at the same values together, each as often.
bool alike(const Table& runs, const Names& columns) {
  std::map<std::string, std::multiset<Names>> values;
  for (std::size_t row = 0; row < runs.rows(); ++row)
    values[runs.at(row, "contestant")].insert(cells_of(runs, row, columns));
  return std::all_of(values.begin(), values.end(),
                     [&](const auto& one) { return one.second == values.begin()->second; });
}

// The settings that vary, in the order of columns, so that what depends on others (context on delay, a
// learning rate on the optimizer) comes after them; but first those that all contestants have alike,
// which tell the rungs apart where each contestant has its own recipe.
Names settings_of(const Table& runs) {
  Names common, own;
  for (const std::string& column : runs.columns()) {
    if (column == first_result_column) break;
    if (column == "run" || column == "seed" || names_contestant(column)) continue;
    if (determined(runs, column, {}, false)) continue;
    (alike(runs, with(common, column)) ? common : own).push_back(column);
  }
  common.insert(common.end(), own.begin(), own.end());
  return common;
}

// Sorts the varying settings into keys of rungs, followers of those, and properties of the contestant.
void find_keys(Table& runs, Analysis& analysis) {
  for (const std::string& column : settings_of(runs)) {
    if (determined(runs, column, {"contestant"}, false)) analysis.contestant_keys.push_back(column);
    else if (determined(runs, column, analysis.rung_keys, false))
      analysis.followers.push_back(column);
    else if (determined(runs, column, with(analysis.rung_keys, "contestant"), false))
      analysis.contestant_keys.push_back(column);
    else if (partial(runs, column)) say_in_contestants(runs, column);
    else analysis.rung_keys.push_back(column);
  }
  for (Names* keys : {&analysis.rung_keys, &analysis.followers, &analysis.contestant_keys})
    std::sort(keys->begin(), keys->end(), [&](const std::string& a, const std::string& b) {
      return runs.place(a) < runs.place(b);
    });
}

// The keys without which the complexity would not be known, the rightmost left out first.
void split_keys(const Table& runs, Analysis& analysis) {
  Names needed = analysis.rung_keys;
  for (std::size_t i = needed.size(); i-- > 0;) {
    Names fewer = needed;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (determined(runs, "complexity_bits", fewer, true)) needed = fewer;
  }
  analysis.complexity_keys = needed;
  for (const std::string& key : analysis.rung_keys)
    if (std::find(needed.begin(), needed.end(), key) == needed.end())
      analysis.ladder_keys.push_back(key);
}

void find_contestants(const Table& runs, const std::string& baseline, Analysis& analysis) {
  std::set<std::string, decltype(&natural_less)> names(&natural_less);
  for (std::size_t row = 0; row < runs.rows(); ++row) names.insert(runs.at(row, "contestant"));
  std::string first = baseline;
  if (first.empty()) first = names.contains("dpa") ? "dpa" : *names.begin();
  if (!names.contains(first)) {
    const Names known(names.begin(), names.end());
    throw usage_error("no runs of the baseline '" + first + "' in " + runs.origin() +
                      ", expected one of " + join(known, ", ") + did_you_mean(first, known));
  }
  names.erase(first);
  analysis.contestants = {first};
  analysis.contestants.insert(analysis.contestants.end(), names.begin(), names.end());

  for (const std::string& contestant : analysis.contestants) {
    Names values;
    for (const std::string& key : analysis.contestant_keys) {
      std::set<std::string, decltype(&natural_less)> seen(&natural_less);
      for (std::size_t row = 0; row < runs.rows(); ++row)
        if (runs.at(row, "contestant") == contestant) seen.insert(runs.at(row, key));
      values.push_back(join(Names(seen.begin(), seen.end()), "|"));
    }
    analysis.contestant_values.push_back(std::move(values));
  }
}

Outcome outcome(const Table& runs, std::size_t row) {
  const auto number = [&](const char* column) {
    return runs.has(column) ? parse_real(runs.at(row, column)).value_or(not_defined) : not_defined;
  };
  const bool failed = !ok(runs, row), solved = !failed && runs.at(row, "solved") == "1";
  return {runs.integer(row, "run"),
          row,
          runs.at(row, "seed"),
          failed ? number("accuracy") : runs.number(row, "accuracy"),
          number("rollout_accuracy"),
          solved,
          solved ? runs.number(row, "step_solved") : std::numeric_limits<double>::infinity(),
          failed ? number("steps") : runs.number(row, "steps_done"),
          failed};
}

// A run that failed and was done again counts as done; one that was done twice counts once.
void add_run(const Table& runs, std::size_t row, Cell& cell, Analysis& analysis) {
  const Outcome added = outcome(runs, row);
  const auto known = std::find_if(cell.runs.begin(), cell.runs.end(),
                                  [&](const Outcome& run) { return run.seed == added.seed; });
  if (known == cell.runs.end()) cell.runs.push_back(added);
  else if (known->failed) *known = added;
  else if (!added.failed) ++analysis.repeated;
}

// A failed run that does not tell its accuracy was at chance; where nothing tells what that is, it is
// counted, and no more.
void settle(Rung& rung, Cell& cell, Analysis& analysis) {
  for (Outcome& run : cell.runs) {
    cell.failed += run.failed;
    if (run.failed && !std::isfinite(run.accuracy)) run.accuracy = rung.chance;
  }
  analysis.failed += cell.failed;
  std::erase_if(cell.runs, [](const Outcome& run) { return std::isnan(run.accuracy); });
  std::sort(cell.runs.begin(), cell.runs.end(),
            [](const Outcome& a, const Outcome& b) { return natural_less(a.seed, b.seed); });
}

void fill_rungs(const Table& runs, Analysis& analysis) {
  const auto number = [&](std::size_t row, const char* column) {
    return parse_real(runs.at(row, column)).value_or(not_defined);
  };
  const bool tells_best = runs.has("best_possible");  // tables of older versions do not
  std::map<Names, Rung> rungs;
  for (std::size_t row = 0; row < runs.rows(); ++row) {
    const Names values = cells_of(runs, row, analysis.rung_keys);
    auto [found, added] = rungs.try_emplace(values);
    Rung& rung = found->second;
    if (added) rung.cells.resize(analysis.contestants.size()), rung.values = values;
    if (added || std::isnan(rung.complexity_bits)) {
      rung.complexity_bits = number(row, "complexity_bits");
      rung.chance = number(row, "chance");
      if (tells_best) rung.best_possible = parse_real(runs.at(row, "best_possible")).value_or(1);
    }
    const auto& names = analysis.contestants;
    const auto contestant = static_cast<std::size_t>(
        std::find(names.begin(), names.end(), runs.at(row, "contestant")) - names.begin());
    add_run(runs, row, rung.cells[contestant], analysis);
  }
  for (auto& [values, rung] : rungs) {
    for (Cell& cell : rung.cells) settle(rung, cell, analysis);
    analysis.rungs.push_back(std::move(rung));
  }
  std::sort(analysis.rungs.begin(), analysis.rungs.end(), [](const Rung& a, const Rung& b) {
    // NaN, a complexity that no run tells, comes last.
    const double x = std::isnan(a.complexity_bits) ? INFINITY : a.complexity_bits;
    const double y = std::isnan(b.complexity_bits) ? INFINITY : b.complexity_bits;
    return x != y ? x < y : less_in_order(a.values, b.values);
  });
}

}  // namespace

Analysis analyse(const Table& table, const std::string& baseline) {
  if (table.rows() == 0) throw failure(table.origin() + ": no runs");
  for (const char* column : {"run", "seed", "complexity_bits", "chance", "accuracy",
                             "rollout_accuracy", "solved", "step_solved", "steps_done", "status"})
    table.place(column);

  Analysis analysis;
  analysis.runs = static_cast<int>(table.rows());
  Table runs = with_contestants(table);
  find_keys(runs, analysis);
  split_keys(runs, analysis);
  find_contestants(runs, baseline, analysis);
  fill_rungs(runs, analysis);
  analysis.has_ladder = !analysis.complexity_keys.empty();
  compare(analysis);
  take_margins(analysis);
  take_marginals(analysis);
  return analysis;
}

Analysis without_failed(Analysis analysis) {
  for (Rung& rung : analysis.rungs)
    for (Cell& cell : rung.cells) {
      std::erase_if(cell.runs, [](const Outcome& run) { return run.failed; });
      cell.failed = 0;
    }
  analysis.comparisons.clear(), analysis.margins.clear(), analysis.marginals.clear();
  compare(analysis);
  take_margins(analysis);
  take_marginals(analysis);
  return analysis;
}

}  // namespace ladder::statistics
