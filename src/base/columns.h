// What the columns of a file of results mean, for people and programs: columns.csv, `ladder list columns`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/table.h"

namespace ladder {

struct ColumnText {
  std::string table;    // "runs.csv"
  std::string name;
  std::string type;     // integer, number, flag (0 or 1), word
  std::string unit;     // "steps", ...; empty: none
  std::string meaning;
};

// Describes the columns of a table, in their order, beside the code that fills it.
struct ColumnMeaning {
  std::string name, type, unit, meaning;
};
class RegisteredColumns {
 public:
  RegisteredColumns(const std::string& table, const std::vector<ColumnMeaning>& columns);
};

std::vector<ColumnText> registered_columns();  // of all such tables, in the order of their names
// A table without rows that has these columns. Throws a failure if none are registered.
Table described_table(const std::string& table);

Table columns_table(const std::vector<ColumnText>& columns);
// columns.csv in a directory: `first`, and what is registered of some tables; what it tells of others stays.
void write_columns(const std::filesystem::path& directory, const std::vector<std::string>& tables,
                   std::vector<ColumnText> first = {});

}  // namespace ladder
