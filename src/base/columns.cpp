#include "base/columns.h"

#include <algorithm>
#include <map>

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

void write_columns(const std::filesystem::path& directory, const std::vector<std::string>& tables,
                   std::vector<ColumnText> first) {
  for (const ColumnText& column : registered_columns())
    if (std::find(tables.begin(), tables.end(), column.table) != tables.end()) first.push_back(column);
  write_file(directory / "columns.csv", columns_table(first).to_csv());
}

}  // namespace ladder
