#include "base/columns.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/files.h"
#include "ladder/base/error.h"

namespace ladder {

static std::map<std::string, std::vector<ColumnText>>& tables() {
  static std::map<std::string, std::vector<ColumnText>> all;
  return all;
}

RegisteredColumns::RegisteredColumns(const std::string& table, const std::vector<ColumnMeaning>& columns) {
  for (const ColumnMeaning& c : columns)
    tables()[table].push_back({table, c.name, c.type, c.unit, c.meaning});
}

std::vector<ColumnText> registered_columns() {
  std::vector<ColumnText> all;
  for (const auto& [table, columns] : tables()) all.insert(all.end(), columns.begin(), columns.end());
  return all;
}

Table described_table(const std::string& table) {
  const auto found = tables().find(table);
  if (found == tables().end()) throw failure("the columns of " + table + " are not described");
  std::vector<std::string> names;
  for (const ColumnText& column : found->second) names.push_back(column.name);
  return Table(names, table);
}

Table columns_table(const std::vector<ColumnText>& columns) {
  Table table({"table", "column", "type", "unit", "meaning"}, "columns.csv");
  for (const ColumnText& c : columns) table.add_row({c.table, c.name, c.type, c.unit, c.meaning});
  return table;
}

static std::vector<ColumnText> read_columns(const std::filesystem::path& path) {
  const Table table = Table::read(path);
  std::vector<ColumnText> columns;
  for (std::size_t row = 0; row < table.rows(); ++row)
    columns.push_back({table.at(row, "table"), table.at(row, "column"), table.at(row, "type"), table.at(row, "unit"),
                       table.at(row, "meaning")});
  return columns;
}

void write_columns(const std::filesystem::path& directory, const std::vector<std::string>& tables,
                   std::vector<ColumnText> first) {
  for (const ColumnText& column : registered_columns())
    if (std::find(tables.begin(), tables.end(), column.table) != tables.end()) first.push_back(column);
  std::set<std::string> now;
  for (const ColumnText& column : first) now.insert(column.table);
  // Tables keep their places, so that a command made again gives the same bytes.
  std::vector<ColumnText> all;
  std::map<std::string, std::size_t> places;
  const auto add = [&](const ColumnText& column, bool kept) {
    places.try_emplace(column.table, places.size());
    if (kept) all.push_back(column);
  };
  const std::filesystem::path path = directory / "columns.csv";
  if (std::filesystem::exists(path))
    for (const ColumnText& column : read_columns(path)) add(column, !now.contains(column.table));
  for (const ColumnText& column : first) add(column, true);
  std::stable_sort(all.begin(), all.end(), [&](const ColumnText& a, const ColumnText& b) {
    return places[a.table] < places[b.table];
  });
  write_file(path, columns_table(all).to_csv());
}

}  // namespace ladder
