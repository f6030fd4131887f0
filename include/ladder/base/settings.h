// Settings: every choice a run depends on, by name. A setting is declared once, beside the code that
// reads it, and that declaration yields the parser, the flag, the key in experiment files, the help,
// the listing, the CSV column and the checkpoint's metadata.
//
// A setting belongs to an owner. One that a plug-in declares applies where the plug-in is chosen
// (see base/plugin.h); all others always do, unless they say otherwise.
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

// The order of listings and of CSV columns. Settings of the groups `search` (which runs a climb makes)
// and `session` (threads, out) do not change what a run gives, hence do not appear in results.
enum class Group { task, model, training, evaluation, seed, search, session };
const char* title_of(Group group);

enum class Type {
  integer,
  integers,  // 3+7+12
  real,
  choice,
  choices,  // attention+linear
  toggle,   // on, off
  text
};

struct Setting {
  static constexpr const char* kind = "setting";

  std::string name;
  Type type;
  std::string preset;  // the default, as a user would type it; may be "auto"
  std::string meaning;
  std::string source;                               // who chose the default, or where it comes from
  double minimum = 0, maximum = 0;                  // integer, integers, real; inclusive
  std::function<std::vector<std::string>()> known;  // choice, choices: the words

  // What "auto" stands for, given the other settings; without it "auto" is not accepted.
  std::function<std::string(const Settings&)> automatic;
  std::function<std::string()> automatic_meaning;  // for people
  // Whether it has an effect beside the others, where its owner is chosen; without it: always.
  std::function<bool(const Settings&)> condition;
  std::string condition_meaning;  // for people: "several delays"
  std::string former_name;        // under which files of older versions know it

  // Filled in by registration. `owner`: the plug-in or the piece of the program that declares it;
  // owner_kind: "score", ... for a plug-in and for what a kind of plug-in shares; else empty.
  Group group = Group::session;
  std::string owner_kind, owner;
  int place = 0;         // in the owner's list
  bool always = true;    // false: only where its owner, or a plug-in that reads it, is chosen

  static Setting integer(std::string name, std::string preset, double minimum, double maximum,
                         std::string meaning, std::string source);
  static Setting integers(std::string name, std::string preset, double minimum, double maximum,
                          std::string meaning, std::string source);
  static Setting real(std::string name, std::string preset, double minimum, double maximum,
                      std::string meaning, std::string source);
  static Setting choice(std::string name, std::string preset, std::vector<std::string> known,
                        std::string meaning, std::string source);
  static Setting toggle(std::string name, std::string preset, std::string meaning,
                        std::string source);
  static Setting words(std::string name, std::string preset, std::string meaning,
                       std::string source);  // of type text

  Setting automatically(std::function<std::string(const Settings&)> value,
                        std::function<std::string()> meaning) &&;
  Setting automatically(std::function<std::string(const Settings&)> value, std::string meaning) &&;
  Setting only_if(std::function<bool(const Settings&)> condition, std::string meaning) &&;
  Setting formerly(std::string name) &&;

  bool changes_results() const { return group != Group::search && group != Group::session; }
  std::string range() const;  // "an integer in 1 .. 64", "on or off", ... for people
  // "optimizer = sgd": where it applies; empty: everywhere.
  std::string applies_when() const;
};

// Registers settings of one owner, in this order. Whatever registers by itself calls it; the
// settings of plug-ins are registered with them.
struct RegisteredSettings {
  RegisteredSettings(Group group, const std::string& owner, std::vector<Setting> settings,
                     const char* file = __builtin_FILE());
};

// All settings, in the order of listings: by group, kind, owner, and place in the owner's list.
const std::vector<const Setting*>& all_settings();
// By name or former name; nullptr if there is none.
const Setting* find_setting(std::string_view name);
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

  // Throw a failure for a setting that nobody registered, and for an "auto" not yet resolved.
  int integer(std::string_view name) const;
  std::int64_t big_integer(std::string_view name) const;
  std::vector<int> integers(std::string_view name) const;
  double real(std::string_view name) const;
  bool toggle(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;  // of type choices

  // Whether it has an effect beside the others. Settings must be resolved.
  bool applies(std::string_view name) const;
  // The value if it applies, otherwise "": what a cell of results holds.
  std::string cell(std::string_view name) const;

  // The value in canonical form before it is resolved: it may be "auto".
  const std::string& typed(std::string_view name) const;
  // Whether it was set by a user rather than left at its preset.
  bool given(std::string_view name) const;
  // Notes on settings that were given but have no effect here; on one of them, empty if it has one.
  std::vector<std::string> without_effect() const;
  std::string without_effect(std::string_view name) const;

  // A usage error about a value that is well-formed but does not fit with the others:
  // origin: key 'heads': got '5', expected a divisor of d_model = 32
  Error invalid(std::string_view name, const std::string& expected) const;

 private:
  struct Value {
    std::string text, origin;
    bool given = false;
    bool pending = false;  // "auto", not resolved
  };
  const Value& value(std::string_view name) const;
  void resolve(const Setting& setting);

  std::map<std::string, Value, std::less<>> values_;
  bool resolving_ = false;
};

}  // namespace ladder
