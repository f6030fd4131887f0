// Settings: every choice a run depends on, by name. A setting is registered once, in the file that
// reads it, and that entry yields the parser, the flag, the key in experiment files, the help, the
// listing, the CSV column and the checkpoint's metadata.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ladder/base/registry.h"

namespace ladder {

class Settings;

// The order of listings and of CSV columns. Settings of group `session` (threads, out) do not
// change results, hence do not appear in them.
enum class Group { task, model, training, evaluation, seed, session };
enum class Type { integer, integers /* 3+7+12 */, real, choice, toggle /* on, off */, text };

struct Setting {
  static constexpr const char* kind = "setting";

  std::string name;
  Group group;
  Type type;
  std::string preset;  // the default, as a user would type it; may be "auto"
  std::string meaning;
  std::string source;  // who chose the default, or where it comes from

  double minimum = 0, maximum = 0;                   // integer, integers, real; inclusive
  std::function<std::vector<std::string>()> choices = nullptr;  // choice
  // What "auto" stands for, given the other settings; without it "auto" is not accepted.
  std::function<std::string(const Settings&)> automatic = nullptr;
  std::function<std::string()> automatic_meaning = nullptr;  // for people
  // Whether the setting has an effect beside the others; without it: always.
  std::function<bool(const Settings&)> applies = nullptr;
  std::function<std::string()> applies_when = nullptr;  // for people: "optimizer = sgd"

  int sequence = 0;  // order of registration, filled in

  std::string range() const;  // "1 .. 64", "on, off", ... for people
};

struct RegisteredSettings {
  RegisteredSettings(std::initializer_list<Setting> settings);
};

// All settings, grouped, in the order of listings.
std::vector<const Setting*> all_settings();
std::vector<std::string> setting_names();

class Settings {
 public:
  Settings();  // all presets

  // Checks and stores a value. `origin` says where it was typed ("experiments/quick.txt:5",
  // "command line") and leads every message about it. Throws a usage error for an unknown key or a
  // value that is malformed or out of range.
  void set(std::string_view name, std::string_view value, const std::string& origin);

  // Replaces every "auto" by what it stands for.
  void resolve();

  int integer(std::string_view name) const;
  std::int64_t big_integer(std::string_view name) const;
  std::vector<int> integers(std::string_view name) const;
  double real(std::string_view name) const;
  bool toggle(std::string_view name) const;
  const std::string& text(std::string_view name) const;

  // Whether it was set by a user rather than left at its preset.
  bool given(std::string_view name) const;
  // "on its own line" style notes for settings that were given but have no effect here.
  std::vector<std::string> without_effect() const;

  // A usage error about a value that is well-formed but does not fit with the others:
  // origin: key 'heads': got '5', expected a divisor of d_model = 32
  Error invalid(std::string_view name, const std::string& expected) const;

 private:
  struct Value {
    std::string text, origin;
    bool given = false;
  };
  const Value& value(std::string_view name) const;

  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace ladder
