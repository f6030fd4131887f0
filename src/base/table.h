// Tables of text with named columns, as CSV files hold them (RFC 4180: quotes around a cell that
// holds a comma, a quote or a line break; a quote inside is doubled).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ladder/base/error.h"

namespace ladder {

class Table {
 public:
  // `origin` names the table in messages: the file it came from.
  explicit Table(std::vector<std::string> columns = {}, std::string origin = "table");

  // The first line holds the column names. Throws a failure "file:line: ..." for a row with another
  // number of cells than there are columns, an open quote, or a column name that occurs twice.
  static Table parse(std::string_view text, const std::string& origin);
  static Table read(const std::filesystem::path& path);
  std::string to_csv() const;  // lines end in "\n"

  const std::string& origin() const { return origin_; }
  const std::vector<std::string>& columns() const { return columns_; }
  std::size_t rows() const { return rows_.size(); }
  bool has(std::string_view column) const;
  // The column's place. Throws a failure that names the table and the nearest column.
  std::size_t place(std::string_view column) const;

  const std::vector<std::string>& row(std::size_t row) const { return rows_[row]; }
  const std::string& at(std::size_t row, std::string_view column) const;
  // The cell as a finite number. Throws a failure that names the table, the row and the column.
  double number(std::size_t row, std::string_view column) const;
  int integer(std::size_t row, std::string_view column) const;  // the same of a whole number from 0
  // The failure of a cell that is not what was expected.
  Error unexpected(std::size_t row, std::string_view column, const std::string& expected) const;

  void set(std::size_t row, std::string_view column, std::string value);
  void rename(std::string_view column, const std::string& name);  // if only the former is there
  void add_row(std::vector<std::string> cells);  // as many as there are columns

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::string origin_;
};

// One table below the other. Columns are matched by name and ordered as in the first table that has
// them (a new one comes after its left neighbour); a cell that a table does not have is empty.
Table concatenate(const std::vector<Table>& tables);

}  // namespace ladder
