#include "base/terminal.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <sstream>

#include "ladder/base/text.h"

using namespace ladder;

TEST_CASE("terminal: text is cut by characters, not bytes") {
  CHECK(cut("abcdef", 6) == "abcdef");
  CHECK(cut("abcdef", 4) == "abc…");
  CHECK(cut("ea − dpa", 5) == "ea −…");
  CHECK(cut("abc", 0) == "");
}

TEST_CASE("terminal: text is broken between words") {
  CHECK(wrapped("one two three", 7, 2) == "one two\n  three");
  CHECK(wrapped("alonelongword b", 4, 1) == "alonelongword\n b");
  CHECK(hanging("  --x", 8, "first second", 16) == "  --x   first\n        second");
  CHECK(hanging("  --alongname", 8, "w", 40) == "  --alongname w");
}

TEST_CASE("terminal: a table folds, with its first columns in every part") {
  const std::vector<std::vector<std::string>> rows = {{"k", "first", "second"}, {"1", "aaaaa", "bbbbbb"}};
  CHECK(folded(rows, {}, 1, 0) == aligned(rows));
  CHECK(folded(rows, {}, 1, 16) == aligned(rows));
  CHECK(folded(rows, {}, 1, 12) == "k  first\n1  aaaaa\n\nk  second\n1  bbbbbb\n");
  CHECK(folded(rows, {}, 3, 4) == aligned(rows));
}

TEST_CASE("terminal: durations") {
  CHECK(duration_text(0.4) == "0 s");
  CHECK(duration_text(187) == "3 min 7 s");
  CHECK(duration_text(7800) == "2 h 10 min");
}

TEST_CASE("terminal: where there is none, lines are plain and the live line says nothing") {
  std::ostringstream out;
  LiveLine line(out, STDERR_FILENO, false);
  line.show("bar");
  line.say("a line");
  line.clear();
  CHECK(out.str() == "a line\n");
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  CHECK(terminal_width(pipe_ends[1]) == 0);
  CHECK(coloured("x", Colour::bad, pipe_ends[1]) == "x");
  close(pipe_ends[0]), close(pipe_ends[1]);
}
