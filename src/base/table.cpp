#include "base/table.h"

#include <algorithm>

#include "base/files.h"
#include "ladder/base/text.h"

namespace ladder {

namespace {

// Reads one record after the other; knows the line for messages.
class Reader {
 public:
  Reader(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {
    while (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);  // spreadsheets add this mark
  }

  bool done() const { return at_ >= text_.size(); }
  Error error(const std::string& message) const {
    return failure(origin_ + ":" + std::to_string(record_line_) + ": " + message);
  }

  std::vector<std::string> record() {
    record_line_ = line_;
    std::vector<std::string> cells;
    do cells.push_back(cell());
    while (take(','));
    take('\r');
    if (!done() && !take('\n')) throw error("text after a closing quote");
    ++line_;
    return cells;
  }

 private:
  bool take(char wanted) {
    if (done() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  std::string cell() {
    if (take('"')) return quoted();
    const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
    std::string cell(text_.substr(at_, end - at_));
    at_ = end;
    return cell;
  }

  std::string quoted() {
    std::string cell;
    while (true) {
      if (done()) throw error("a quote is opened and never closed");
      const char character = text_[at_++];
      if (character == '"' && !take('"')) return cell;
      line_ += character == '\n';
      cell += character;
    }
  }

  std::string_view text_;
  std::string origin_;
  std::size_t at_ = 0, line_ = 1, record_line_ = 1;
};

std::string csv_cell(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char character : cell) quoted += character == '"' ? "\"\"" : std::string(1, character);
  return quoted + '"';
}

std::string csv_line(const std::vector<std::string>& cells) {
  // A line with nothing on it would read as no row at all.
  if (cells.size() == 1 && cells[0].empty()) return "\"\"\n";
  std::vector<std::string> quoted;
  for (const std::string& cell : cells) quoted.push_back(csv_cell(cell));
  return join(quoted, ",") + "\n";
}

}  // namespace

Table::Table(std::vector<std::string> columns, std::string origin)
    : columns_(std::move(columns)), origin_(std::move(origin)) {
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (std::find(columns_.begin(), columns_.begin() + i, columns_[i]) != columns_.begin() + i)
      throw failure(origin_ + ":1: column '" + clipped(columns_[i]) + "' occurs twice");
}

Table Table::parse(std::string_view text, const std::string& origin) {
  Reader reader(text, origin);
  if (reader.done()) throw failure(origin + ":1: expected a line of column names, got nothing");
  Table table(reader.record(), origin);
  while (!reader.done()) {
    std::vector<std::string> cells = reader.record();
    if (cells.size() != table.columns_.size())
      throw reader.error("expected " + std::to_string(table.columns_.size()) + " cells, got " +
                         std::to_string(cells.size()));
    table.rows_.push_back(std::move(cells));
  }
  return table;
}

Table Table::read(const std::filesystem::path& path) {
  return parse(read_file(path), path.string());
}

std::string Table::to_csv() const {
  std::string text = csv_line(columns_);
  for (const auto& row : rows_) text += csv_line(row);
  return text;
}

bool Table::has(std::string_view column) const {
  return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
}

std::size_t Table::place(std::string_view column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found == columns_.end())
    throw failure(origin_ + ": no column '" + clipped(column) + "'" +
                  did_you_mean(column, columns_));
  return static_cast<std::size_t>(found - columns_.begin());
}

const std::string& Table::at(std::size_t row, std::string_view column) const {
  return rows_[row][place(column)];
}

Error Table::unexpected(std::size_t row, std::string_view column, const std::string& expected) const {
  return failure(origin_ + ": row " + std::to_string(row + 1) + ": column '" + std::string(column) + "': got '" +
                 clipped(at(row, column)) + "', expected " + expected);
}

double Table::number(std::size_t row, std::string_view column) const {
  const auto value = parse_real(at(row, column));
  if (!value) throw unexpected(row, column, "a finite number");
  return *value;
}

int Table::integer(std::size_t row, std::string_view column) const {
  const auto value = parse_whole(at(row, column));
  if (!value) throw unexpected(row, column, "a whole number from 0");
  return *value;
}

void Table::set(std::size_t row, std::string_view column, std::string value) {
  rows_[row][place(column)] = std::move(value);
}

void Table::rename(std::string_view column, const std::string& name) {
  if (!has(name)) std::replace(columns_.begin(), columns_.end(), std::string(column), name);
}

void Table::add_row(std::vector<std::string> cells) {
  if (cells.size() != columns_.size())
    throw failure(origin_ + ": a row of " + std::to_string(cells.size()) + " cells for " +
                  std::to_string(columns_.size()) + " columns");
  rows_.push_back(std::move(cells));
}

static std::vector<std::string> united_columns(const std::vector<Table>& tables) {
  std::vector<std::string> united;
  for (const Table& table : tables) {
    std::size_t next = 0;  // the place behind the left neighbour
    for (const std::string& column : table.columns()) {
      auto found = std::find(united.begin(), united.end(), column);
      if (found == united.end()) found = united.insert(united.begin() + next, column);
      next = static_cast<std::size_t>(found - united.begin()) + 1;
    }
  }
  return united;
}

Table concatenate(const std::vector<Table>& tables) {
  std::vector<std::string> origins;
  for (const Table& table : tables) origins.push_back(table.origin());
  Table all(united_columns(tables), join(origins, " + "));
  for (const Table& table : tables)
    for (std::size_t row = 0; row < table.rows(); ++row) {
      std::vector<std::string> cells;
      for (const std::string& column : all.columns())
        cells.push_back(table.has(column) ? table.at(row, column) : "");
      all.add_row(std::move(cells));
    }
  return all;
}

}  // namespace ladder
