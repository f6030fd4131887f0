// Includes run one way: a room knows only those that come before it here.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/files.h"
#include "ladder/base/text.h"

namespace ladder {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> rooms = {"base", "plot",  "statistics", "tensor",   "tasks", "nn",
                                        "train", "lab", "geometry",   "report",   "climb", "cli"};

// Its place; main.cpp, in no room, comes last.
std::ptrdiff_t place_of(const std::string& path) {
  const auto slash = path.find('/');
  if (slash == std::string::npos) return static_cast<std::ptrdiff_t>(rooms.size());
  const auto found = std::find(rooms.begin(), rooms.end(), path.substr(0, slash));
  REQUIRE_MESSAGE(found != rooms.end(), path, ": a room without a place in this test's list");
  return found - rooms.begin();
}

void check_includes(const fs::path& top, bool ours_only) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(top)) {
    if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
    const std::string file = fs::relative(entry.path(), top).string(), begin = "#include \"";
    ++files;
    for (const std::string& line : split(read_file(entry.path()), '\n')) {
      if (!line.starts_with(begin)) continue;
      std::string included = line.substr(begin.size(), line.rfind('"') - begin.size());
      const bool in_include = included.starts_with("ladder/");
      CHECK_MESSAGE((in_include || !ours_only), file, " includes ", included, " from src");
      if (in_include) included = included.substr(7);
      if (included.find('/') == std::string::npos) continue;  // a neighbour
      CHECK_MESSAGE(place_of(included) <= place_of(file), file, " includes ", included);
    }
  }
  CHECK(files > 20);
}

TEST_CASE("rooms: includes run one way, and include/ needs nothing else") {
  check_includes("src", false);
  check_includes("include/ladder", true);
}

}  // namespace
}  // namespace ladder
