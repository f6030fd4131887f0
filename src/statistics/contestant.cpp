#include "statistics/contestant.h"

#include <algorithm>
#include <map>
#include <set>

#include "ladder/base/error.h"

namespace ladder::statistics {

static std::string cell(const Table& runs, std::size_t row, const char* column) {
  return runs.has(column) ? runs.at(row, column) : std::string();
}

// Attention goes by its score, and by its pattern if that is not the full one.
static std::string plain_name(const Table& runs, std::size_t row) {
  const std::string mixer = cell(runs, row, "mixer"), score = cell(runs, row, "score");
  const std::string pattern = cell(runs, row, "pattern");
  std::string name = mixer.empty() || mixer == "attention" ? score : mixer;
  if (name != score && !score.empty()) name += " " + score;  // a hybrid that has attention layers
  if (!pattern.empty() && pattern != "full") name += " " + pattern;
  return name;
}

Contestants name_contestants(const Table& runs, const std::string& first_result_column) {
  Contestants result{runs, {}};
  for (const char* column : contestant_columns)
    if (runs.has(column)) result.columns.push_back(column);
  if (result.columns.empty()) runs.place("score");  // throws

  std::vector<std::string> plain, names;
  for (std::size_t row = 0; row < runs.rows(); ++row) plain.push_back(plain_name(runs, row));
  names = plain;
  for (const std::string& column : runs.columns()) {
    if (column == first_result_column) break;
    if (std::find(result.columns.begin(), result.columns.end(), column) != result.columns.end()) continue;
    std::map<std::string, std::set<std::string>> values;  // by plain name
    bool absent = false, mixed = false, several = false;
    for (std::size_t row = 0; row < runs.rows(); ++row) values[plain[row]].insert(runs.at(row, column));
    for (const auto& [name, seen] : values) {
      absent |= seen.size() == 1 && seen.contains("");
      mixed |= seen.size() > 1 && seen.contains("");
      several |= seen.size() > 1;
    }
    if (!absent || mixed || !several) continue;
    result.columns.push_back(column);
    for (std::size_t row = 0; row < runs.rows(); ++row) {
      const std::string& value = runs.at(row, column);
      if (value.empty()) continue;
      names[row] += names[row].ends_with(" " + column) ? " " : " " + column + " ";
      names[row] += value;
    }
  }

  std::vector<std::string> columns = runs.columns();
  const auto place = std::find(columns.begin(), columns.end(), first_result_column) - columns.begin();
  columns.insert(columns.begin() + place, "contestant");
  Table named(columns, runs.origin());
  for (std::size_t row = 0; row < runs.rows(); ++row) {
    std::vector<std::string> cells = runs.row(row);
    cells.insert(cells.begin() + place, names[row]);
    named.add_row(std::move(cells));
  }
  result.runs = std::move(named);
  return result;
}

}  // namespace ladder::statistics
