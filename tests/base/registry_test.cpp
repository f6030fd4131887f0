// Names that two files share by accident.
#include "ladder/base/plugin.h"

#include <doctest/doctest.h>

#include "../contains.h"

namespace ladder {
namespace {

struct Fruit {
  static constexpr const char* kind = "fruit";
  std::string name;
  int weight;
};

// What begin-of-program checks say after `action`, which registers; the faults are forgotten again.
template <class Action>
std::string said_at_start(Action action) {
  const auto before = registration_faults();
  action();
  std::string said;
  try {
    require_registrations();
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::failure);
    said = error.what();
  }
  registration_faults() = before;
  return said;
}

TEST_CASE("registry: nothing in this program is registered twice") {
  CHECK(said_at_start([] {}) == "");
}

TEST_CASE("registry: two items of one name are an error at start that names both files") {
  const std::string said = said_at_start([] {
    Registered<Fruit>({"apple", 1}, "src/apple.cpp"), Registered<Fruit>({"pear", 2}, "src/pear.cpp");
    Registered<Fruit>({"apple", 3}, "src/copy.cpp");
  });
  CHECK(said == "this program was not put together right: fruit 'apple' is registered twice: "
                "src/apple.cpp and src/copy.cpp");
  CHECK(Registry<Fruit>::names() == std::vector<std::string>{"apple", "pear"});
  CHECK(Registry<Fruit>::get("apple").weight == 1);
}

TEST_CASE("registry: a setting that two plug-ins declare is an error at start that names both files") {
  const std::string said = said_at_start([] {
    RegisteredSettings(Group::session, "copy", {Setting::integer("window", "4", 1, 9, "m", "s")}, "src/copy.cpp");
  });
  CHECK(contains(said, "setting 'window' is registered twice: src/nn/patterns/window.cpp and src/copy.cpp"));
}

TEST_CASE("registry: items are sorted by name, whatever the order of registration") {
  const auto names = Registry<Kind>::names();
  CHECK(std::is_sorted(names.begin(), names.end()));
}

}  // namespace
}  // namespace ladder
