// What the columns of a file of results mean, for people and programs: columns.csv, `ladder list columns`.
#pragma once

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

inline Table columns_table(const std::vector<ColumnText>& columns) {
  Table table({"table", "column", "type", "unit", "meaning"}, "columns.csv");
  for (const ColumnText& c : columns) table.add_row({c.table, c.name, c.type, c.unit, c.meaning});
  return table;
}

}  // namespace ladder
