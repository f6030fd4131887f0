#include "base/columns.h"

#include <algorithm>
#include <iterator>
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
  const std::filesystem::path path = directory / "columns.csv";
  std::vector<ColumnText> all;
  std::set<std::string> told;  // tables
  // Each table once, where its first column stands, so that a command made again gives the same bytes.
  const auto tell = [&](const std::string& table, const std::vector<ColumnText>& columns) {
    if (!told.insert(table).second) return;
    std::copy_if(columns.begin(), columns.end(), std::back_inserter(all),
                 [&](const ColumnText& column) { return column.table == table; });
  };
  const auto is_new = [&](const std::string& table) {
    return std::any_of(first.begin(), first.end(), [&](const ColumnText& column) { return column.table == table; });
  };
  if (std::filesystem::exists(path)) {
    const std::vector<ColumnText> there = read_columns(path);
    for (const ColumnText& column : there) tell(column.table, is_new(column.table) ? first : there);
  }
  for (const ColumnText& column : first) tell(column.table, first);
  write_file(path, columns_table(all).to_csv());
}

}  // namespace ladder
