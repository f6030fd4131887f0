// README's worked examples are those of tests/extend, which are compiled against include/ alone; its numbers are
// those of the committed data.
#include <doctest/doctest.h>

#include <cstdlib>

#include "base/files.h"
#include "contains.h"
#include "scratch.h"

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

TEST_CASE("README: every number is in the committed data, or is said to be no result") {
  const Scratch scratch;
  for (const std::string option : {"", " --self-test"}) {
    const std::string said = (scratch / "said").string();
    const int status = std::system(("tests/readme_numbers.sh" + option + " >'" + said + "' 2>&1").c_str());
    INFO(read_file(said));
    CHECK(status == 0);
  }
}

}  // namespace
}  // namespace ladder
