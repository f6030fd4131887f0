// Settings, on the task's ones: base, delay, context, cue.
#include "ladder/base/settings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace ladder;

// The message of the usage error that the action throws; "" if it throws none.
template <class Action>
static std::string usage_message(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code() == ExitCode::usage ? error.what() : "";
  }
  return "";
}

static std::string setting_message(const std::string& name, const std::string& value) {
  return usage_message([&] { Settings().set(name, value, "here:7"); });
}

TEST_CASE("settings: every one is described, and its default is valid") {
  std::set<std::string> names;
  for (const Setting* setting : all_settings()) {
    CAPTURE(setting->name);
    CHECK(names.insert(setting->name).second);
    CHECK(setting->meaning != "");
    CHECK(setting->source != "");
    CHECK(setting->range() != "");
    CHECK(bool(setting->automatic_meaning) == bool(setting->automatic));
    CHECK(setting->condition_meaning.empty() == !setting->condition);
    if (setting->automatic_meaning) CHECK(setting->automatic_meaning() != "");
    if (!setting->always) CHECK(setting->applies_when() != "");  // somebody reads it
    if (setting->type == Type::text) continue;  // an empty default is for the user to replace
    CHECK_NOTHROW(Settings().set(setting->name, setting->preset, "test"));
  }
}

TEST_CASE("settings: groups come in order, and within them the order of their owners' lists") {
  const auto names = setting_names();
  const auto place = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) - names.begin();
  };
  REQUIRE(place("cue") < static_cast<std::ptrdiff_t>(names.size()));
  CHECK(place("task") < place("base"));
  CHECK(place("base") < place("delay"));
  CHECK(place("delay") < place("context"));
  CHECK(place("context") < place("cue"));  // what the kind shares, then what its plug-ins own
  const auto all = all_settings();
  CHECK(std::is_sorted(all.begin(), all.end(),
                       [](const Setting* a, const Setting* b) { return a->group < b->group; }));
}

TEST_CASE("settings: values are kept in canonical form") {
  Settings s;
  CHECK_FALSE(s.given("base"));
  s.set("base", "016", "here");
  s.set("delay", "03+7+12", "here");
  s.set("cue", "off", "here");
  CHECK(s.given("base"));
  CHECK(s.integer("base") == 16);
  CHECK(s.text("base") == "16");
  CHECK(s.text("delay") == "3+7+12");
  CHECK(s.integers("delay") == std::vector<int>{3, 7, 12});
  CHECK_FALSE(s.toggle("cue"));
}

TEST_CASE("settings: errors lead with the place and name key, value and what was expected") {
  CHECK(setting_message("bas", "8") ==
        "here:7: key 'bas': got '8', expected a known setting, did you mean 'base'?");
  CHECK(setting_message("base", "1") ==
        "here:7: key 'base': got '1', expected an integer in 2 .. 1024");
  CHECK(setting_message("delay", "0") ==
        "here:7: key 'delay': got '0', expected integers in 1 .. 4096 joined by +");
  CHECK(setting_message("cue", "yes") ==
        "here:7: key 'cue': got 'yes', expected on or off, or auto");
  CHECK(setting_message("task", "cop") ==
        "here:7: key 'task': got 'cop', expected one of " +
            join(Registry<Setting>::get("task").known(), ", ") + ", did you mean 'copy'?");
  for (const char* value : {"", "8x", "8 ", "8.0", "1025", "-8", "auto", "8+9"}) {
    CAPTURE(value);
    CHECK(setting_message("base", value) != "");
  }
  CHECK(setting_message("seed", "9007199254740992") == "");
  CHECK(setting_message("seed", "9007199254740993") != "");  // as a double it is the former
  for (const char* value : {"", "+", "3+", "3++4", "3+x", "3+0", "3+4097"}) {
    CAPTURE(value);
    CHECK(setting_message("delay", value) != "");
  }
  for (const char* value : {"", "nan", "inf", "0.1x", "-1"}) {
    CAPTURE(value);
    CHECK(setting_message("learning_rate", value) != "");
  }
}

TEST_CASE("settings: auto is replaced by what it stands for") {
  Settings s;
  s.set("context", "auto", "here");
  s.set("delay", "3+15", "here");
  s.resolve();
  CHECK(s.integer("context") == 30);
  CHECK(s.text("cue") == "on");
  s.set("delay", "5", "here");
  CHECK(s.integer("context") == 30);  // resolved once
}

TEST_CASE("settings: nothing that a run depends on is left to be auto") {
  Settings s;
  s.resolve();
  for (const Setting* setting : all_settings()) {
    CAPTURE(setting->name);
    // What a session setting stands for may depend on more than settings.
    if (setting->automatic && setting->changes_results())
      CHECK(s.text(setting->name) != "auto");
  }
}

TEST_CASE("settings: a given value without effect is reported, a default is not") {
  const auto cue_notes = [](Settings s) {
    s.resolve();
    std::vector<std::string> notes;
    for (const std::string& note : s.without_effect())
      if (note.find("'cue'") != std::string::npos) notes.push_back(note);
    return notes;
  };
  Settings s;
  CHECK(cue_notes(s).empty());
  s.set("cue", "off", "here:7");
  const auto notes = cue_notes(s);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0] == "here:7: key 'cue' has no effect: it needs task = nt with several delays");
  s.set("cue", "on", "here:7");  // a task token, even if there is only one task
  CHECK(cue_notes(s).empty());
  s.set("task", "copy", "here:7");
  CHECK(cue_notes(s).size() == 1);
}

TEST_CASE("settings: a value that does not fit with others is reported where it was typed") {
  Settings s;
  s.set("base", "16", "file.txt:3");
  CHECK(std::string(s.invalid("base", "less").what()) ==
        "file.txt:3: key 'base': got '16', expected less");
  CHECK(s.invalid("base", "less").code() == ExitCode::usage);
}

TEST_CASE("settings: reading one that nobody registered is a failure") {
  CHECK_THROWS_WITH_AS(Settings().integer("no_such_setting"),
                       "setting 'no_such_setting' is not registered", Error);
}

TEST_CASE("settings: an auto that is not resolved is a failure, whatever it is read as") {
  Settings s;
  CHECK_THROWS_WITH(s.integer("threads"), "setting 'threads' is still auto: resolve it first");
  CHECK_THROWS_WITH(s.text("threads"), "setting 'threads' is still auto: resolve it first");
  CHECK_THROWS_WITH(s.toggle("threads"), "setting 'threads' is still auto: resolve it first");
  CHECK_THROWS_WITH(s.applies("threads") ? s.cell("threads") : "", "setting 'threads' is still auto: resolve it first");
  CHECK(s.typed("threads") == "auto");
  s.resolve();
  CHECK(s.integer("threads") >= 1);
}
