#include "ladder/base/text.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace ladder;

using Words = std::vector<std::string>;

TEST_CASE("text: trim, split, join, pad") {
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim(" \t ") == "");
  CHECK(split_words("  a\tbc  d ") == Words{"a", "bc", "d"});
  CHECK(split_words("  ") == Words{});
  CHECK(split("a,,b,", ',') == Words{"a", "", "b", ""});
  CHECK(split("", ',') == Words{""});
  CHECK(join({"a", "b", "c"}, ", ") == "a, b, c");
  CHECK(join({}, ", ") == "");
  CHECK(pad_right("ab", 4) == "ab  ");
  CHECK(pad_left("ab", 4) == "  ab");
  CHECK(pad_left("abc", 2) == "abc");
  CHECK(pad_left("−½", 3) == " −½");
}

TEST_CASE("text: aligned columns") {
  CHECK(aligned({}) == "");
  CHECK(aligned({{"rung", "score"}, {"8", "ea − dpa"}, {"16", ""}}, {true}) ==
        "rung  score\n"
        "   8  ea − dpa\n"
        "  16\n");
  CHECK(aligned({{"−1", "b"}, {"10", "c"}}) == "−1  b\n10  c\n");
}

TEST_CASE("text: integers are all of a word or nothing") {
  CHECK(parse_integer("42") == 42);
  CHECK(parse_integer("-7") == -7);
  CHECK(parse_integer("007") == 7);
  CHECK(parse_integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  for (const char* word : {"", " 1", "1 ", "1.0", "1e3", "0x10", "+1", "--1", "1,000", "one",
                           "9223372036854775808"}) {
    CAPTURE(word);
    CHECK_FALSE(parse_integer(word));
  }
}

TEST_CASE("text: reals are finite, and all of a word or nothing") {
  CHECK(parse_real("0.5") == 0.5);
  CHECK(parse_real("-1e-3") == -1e-3);
  CHECK(parse_real("3") == 3.0);
  for (const char* word : {"", "nan", "inf", "-inf", "1e999", "0.5x", " 1", "1,5", "."}) {
    CAPTURE(word);
    CHECK_FALSE(parse_real(word));
  }
}

TEST_CASE("text: numbers print so that they read back") {
  for (const double value : {0.1, 1.0 / 3, 1e-300, 123456789.125, -2.5}) {
    CAPTURE(value);
    CHECK(parse_real(to_text(value)) == value);
  }
  CHECK(to_text(0.1) == "0.1");
  CHECK(to_text(2.0) == "2");
  CHECK(to_text(std::int64_t{-5}) == "-5");
  CHECK(to_text(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(fixed(0.12345, 3) == "0.123");
  CHECK(fixed(1, 2) == "1.00");
  CHECK(fixed(std::nan(""), 2) == "nan");
}

TEST_CASE("text: the nearest candidate is offered only if it can be meant") {
  const Words keys{"base", "batch", "delay", "learning_rate"};
  CHECK(nearest("bas", keys) == "base");
  CHECK(nearest("dealy", keys) == "delay");
  CHECK(nearest("learning", keys) == "learning_rate");
  CHECK(nearest("xyzzyxyzzy", keys) == "");
  CHECK(nearest("base", {}) == "");
  CHECK(did_you_mean("bas", keys) == ", did you mean 'base'?");
  CHECK(did_you_mean("xyzzyxyzzy", keys) == "");
}

TEST_CASE("what others typed is shown clipped, and cannot play with the terminal") {
  CHECK(clipped("plain text") == "plain text");
  CHECK(clipped(std::string(80, 'x')) == std::string(80, 'x'));
  CHECK(clipped(std::string(10'000'000, 'x')) == std::string(80, 'x') + "...");
  CHECK(clipped("a\x1b[31m\n\x7f") == "a\\x1b[31m\\x0a\\x7f");
  CHECK(clipped(std::string("\0", 1)) == "\\x00");
  CHECK(clipped("τ ≥ 1") == "τ ≥ 1");
  CHECK(clipped(std::string(1000, '\x80')).size() < 400);  // no UTF-8 at all
  CHECK(bytes_text(8.2e6) == "8 MB");
  CHECK(bytes_text(1.25e10) == "12.5 GB");
}
