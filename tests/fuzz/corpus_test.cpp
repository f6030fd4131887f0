// The seeds of the fuzzers, and all that ever made them stop.
#include <doctest/doctest.h>

#include <filesystem>

#include "base/files.h"
#include "fuzz.h"

namespace ladder {
namespace {

namespace fs = std::filesystem;

TEST_CASE("fuzz: every seed and every find is read to its end") {
  int files = 0;
  for (const auto& target : fs::directory_iterator("tests/fuzz"))
    if (target.is_directory())
      for (const auto& entry : fs::directory_iterator(target)) {
        CAPTURE(entry.path().string());
        fuzz(target.path().filename().string(), read_file(entry.path()));
        ++files;
      }
  CHECK(files >= 8);
}

}  // namespace
}  // namespace ladder
