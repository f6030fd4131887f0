// README's worked examples are those of tests/extend, which are compiled against include/ alone.
#include <doctest/doctest.h>

#include "base/files.h"
#include "contains.h"

namespace ladder {
namespace {

TEST_CASE("README: its C++ compiles as printed: every block stands in a file of tests/extend") {
  const std::string readme = read_file("README.md"), begin = "```cpp\n";
  int blocks = 0;
  for (std::size_t at = readme.find(begin); at != std::string::npos; at = readme.find(begin, at)) {
    at += begin.size();
    const std::string block = readme.substr(at, readme.find("```", at) - at);
    CAPTURE(block);
    bool found = false;
    for (const auto& file : std::filesystem::directory_iterator("tests/extend"))
      found |= contains(read_file(file.path()), block);
    CHECK(found);
    ++blocks;
  }
  CHECK(blocks >= 3);  // a score, a pattern, a task
}

}  // namespace
}  // namespace ladder
