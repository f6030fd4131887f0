#include <doctest/doctest.h>

#include <string>

#include "ladder/base/error.h"
#include "base/columns.h"
#include "base/files.h"
#include "base/table.h"
#include "../contains.h"
#include "../scratch.h"

using namespace ladder;

template <class Action>
static std::string message(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("a table reads quotes, CRLF and a missing last line end") {
  const Table table = Table::parse("a,b\r\n\"1,5\",\"say \"\"x\"\"\"\r\n\"two\nlines\",", "t.csv");
  REQUIRE(table.rows() == 2);
  CHECK(table.at(0, "a") == "1,5");
  CHECK(table.at(0, "b") == "say \"x\"");
  CHECK(table.at(1, "a") == "two\nlines");
  CHECK(table.at(1, "b").empty());
}

TEST_CASE("what is written reads back") {
  Table table({"x", "odd, \"name\""});
  table.add_row({"a,b", "c\"d"});
  table.add_row({"", "line\nbreak"});
  const Table again = Table::parse(table.to_csv(), "again");
  CHECK(again.columns() == table.columns());
  REQUIRE(again.rows() == 2);
  CHECK(again.row(0) == table.row(0));
  CHECK(again.row(1) == table.row(1));
  Table narrow({"x"});
  narrow.add_row({""});
  CHECK(Table::parse(narrow.to_csv(), "narrow").rows() == 1);
}

TEST_CASE("errors name the file and the line") {
  CHECK(contains(message([] { Table::parse("a,b\n1,2\n3\n", "t.csv"); }), "t.csv:3: expected 2"));
  // A cell that spans lines counts them all.
  CHECK(contains(message([] { Table::parse("a,b\n\"1\n2\",2\n3\n", "t.csv"); }), "t.csv:4:"));
  CHECK(contains(message([] { Table::parse("a\n\"open\n", "t.csv"); }), "t.csv:2: a quote"));
  CHECK(contains(message([] { Table::parse("a\n\"x\"y\n", "t.csv"); }), "t.csv:2: text after"));
  CHECK(contains(message([] { Table::parse("a,b,a\n", "t.csv"); }), "'a' occurs twice"));
  CHECK(contains(message([] { Table::parse("", "t.csv"); }), "t.csv:1:"));
  CHECK(contains(message([] { Table::read("/nonexistent/runs.csv"); }), "/nonexistent/runs.csv"));
}

TEST_CASE("columns.csv keeps what it tells of other tables, each in its place") {
  const Scratch scratch;
  const auto columns = [&] {
    const Table table = Table::read(scratch / "columns.csv");
    std::string names;
    for (std::size_t row = 0; row < table.rows(); ++row) names += table.at(row, "table") + ":" + table.at(row, "column") + " ";
    return names;
  };
  write_columns(scratch.path(), {}, {{"a", "x", "word", "", ""}, {"a", "y", "word", "", ""}, {"b", "x", "word", "", ""}});
  CHECK(columns() == "a:x a:y b:x ");
  write_columns(scratch.path(), {}, {{"c", "x", "word", "", ""}, {"a", "z", "word", "", ""}});
  CHECK(columns() == "a:z b:x c:x ");
  write_file(scratch / "columns.csv", "mine\n1\n");
  CHECK(contains(message([&] { write_columns(scratch.path(), {}, {}); }), "columns.csv"));
  CHECK(read_file(scratch / "columns.csv") == "mine\n1\n");
}

TEST_CASE("columns are asked for by name") {
  const Table table = Table::parse("accuracy,loss\n0.5,nan\n", "t.csv");
  CHECK(table.number(0, "accuracy") == 0.5);
  const std::string missing = message([&] { table.at(0, "acuracy"); });
  CHECK(contains(missing, "t.csv"));
  CHECK(contains(missing, "did you mean 'accuracy'"));
  CHECK(contains(message([&] { table.number(0, "loss"); }), "column 'loss': got 'nan'"));
}

TEST_CASE("a cell that is no whole number from 0 is told with its row, whatever it is") {
  for (const std::string wrong : {"1e300", "nan", "inf", "-1", "1.5", "2147483648", "", " 1", "0x1"}) {
    CAPTURE(wrong);
    Table table({"run"}, "t.csv");
    table.add_row({"2147483647"}), table.add_row({wrong});
    CHECK(table.integer(0, "run") == 2147483647);
    CHECK(message([&] { table.integer(1, "run"); }) ==
          "t.csv: row 2: column 'run': got '" + wrong + "', expected a whole number from 0");
  }
}

TEST_CASE("tables are put together by the names of their columns") {
  const Table first = Table::parse("run,base,seed\n0,8,1\n", "first");
  const Table second = Table::parse("run,cue,base,seed\n0,on,4,2\n", "second");
  const Table both = concatenate({first, second});
  CHECK(both.columns() == std::vector<std::string>{"run", "cue", "base", "seed"});
  CHECK(both.row(0) == std::vector<std::string>{"0", "", "8", "1"});
  CHECK(both.row(1) == std::vector<std::string>{"0", "on", "4", "2"});
  CHECK(both.origin() == "first + second");
}
