#include "ladder/base/settings.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "ladder/base/plugin.h"

namespace ladder {

const char* title_of(Group group) {
  switch (group) {
    case Group::task: return "task";
    case Group::model: return "model";
    case Group::training: return "training";
    case Group::evaluation: return "evaluation";
    case Group::seed: return "seed";
    case Group::search: return "search (of a climb)";
    case Group::session: return "session (no effect on results)";
  }
  return "";
}

// ---- declarations -------------------------------------------------------------------------------

static Setting declared(Type type, std::string name, std::string preset, std::string meaning,
                        std::string source) {
  Setting setting;
  setting.name = std::move(name), setting.type = type, setting.preset = std::move(preset);
  setting.meaning = std::move(meaning), setting.source = std::move(source);
  return setting;
}

static Setting within(double minimum, double maximum, Setting setting) {
  setting.minimum = minimum, setting.maximum = maximum;
  return setting;
}

Setting Setting::integer(std::string name, std::string preset, double minimum, double maximum,
                         std::string meaning, std::string source) {
  return within(minimum, maximum,
                declared(Type::integer, std::move(name), std::move(preset), std::move(meaning), std::move(source)));
}
Setting Setting::integers(std::string name, std::string preset, double minimum, double maximum,
                          std::string meaning, std::string source) {
  return within(minimum, maximum,
                declared(Type::integers, std::move(name), std::move(preset), std::move(meaning), std::move(source)));
}
Setting Setting::real(std::string name, std::string preset, double minimum, double maximum,
                      std::string meaning, std::string source) {
  return within(minimum, maximum,
                declared(Type::real, std::move(name), std::move(preset), std::move(meaning), std::move(source)));
}
Setting Setting::choice(std::string name, std::string preset, std::vector<std::string> known,
                        std::string meaning, std::string source) {
  Setting setting =
      declared(Type::choice, std::move(name), std::move(preset), std::move(meaning), std::move(source));
  setting.known = [known = std::move(known)] { return known; };
  return setting;
}
Setting Setting::toggle(std::string name, std::string preset, std::string meaning,
                        std::string source) {
  return declared(Type::toggle, std::move(name), std::move(preset), std::move(meaning), std::move(source));
}
Setting Setting::words(std::string name, std::string preset, std::string meaning,
                       std::string source) {
  return declared(Type::text, std::move(name), std::move(preset), std::move(meaning), std::move(source));
}

Setting Setting::automatically(std::function<std::string(const Settings&)> value,
                               std::function<std::string()> text) && {
  automatic = std::move(value), automatic_meaning = std::move(text);
  return std::move(*this);
}
Setting Setting::automatically(std::function<std::string(const Settings&)> value,
                               std::string text) && {
  return std::move(*this).automatically(std::move(value), [text = std::move(text)] { return text; });
}
Setting Setting::only_if(std::function<bool(const Settings&)> when, std::string text) && {
  condition = std::move(when), condition_meaning = std::move(text);
  return std::move(*this);
}
Setting Setting::formerly(std::string name) && {
  former_name = std::move(name);
  return std::move(*this);
}

// ---- all of them --------------------------------------------------------------------------------

const std::vector<const Setting*>& all_settings() {
  static const std::vector<const Setting*> sorted = [] {
    std::vector<const Setting*> all;
    for (const Setting& setting : Registry<Setting>::all()) all.push_back(&setting);
    const auto key = [](const Setting* s) {
      return std::tie(s->group, s->owner_kind, s->owner, s->place, s->name);
    };
    std::sort(all.begin(), all.end(),
              [&](const Setting* a, const Setting* b) { return key(a) < key(b); });
    return all;
  }();
  return sorted;
}

const Setting* find_setting(std::string_view name) {
  if (const Setting* setting = Registry<Setting>::find(name)) return setting;
  for (const Setting& setting : Registry<Setting>::all())
    if (!setting.former_name.empty() && setting.former_name == name) return &setting;
  return nullptr;
}

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  for (const Setting* setting : all_settings()) names.push_back(setting->name);
  return names;
}

static std::string number_range(const Setting& s) {
  const bool whole = s.type != Type::real;
  const auto text = [&](double x) {
    return whole ? to_text(static_cast<std::int64_t>(x)) : to_text(x);
  };
  return text(s.minimum) + " .. " + text(s.maximum);
}

std::string Setting::range() const {
  std::string text;
  switch (type) {
    case Type::integer: text = "an integer in " + number_range(*this); break;
    case Type::integers: text = "integers in " + number_range(*this) + " joined by +"; break;
    case Type::real: text = "a number in " + number_range(*this); break;
    case Type::choice: text = "one of " + join(known(), ", "); break;
    case Type::choices: text = "one or several, joined by +, of " + join(known(), ", "); break;
    case Type::toggle: text = "on or off"; break;
    case Type::text: text = "text"; break;
  }
  return automatic ? text + ", or auto" : text;
}

static bool reads(const Plugin& plugin, const std::string& name) {
  return std::find(plugin.reads.begin(), plugin.reads.end(), name) != plugin.reads.end();
}

std::string Setting::applies_when() const {
  std::string text;
  if (!always)
    for (const Kind& its_kind : Registry<Kind>::all()) {
      std::vector<std::string> names;
      for (const Plugin* plugin : its_kind.plugins())
        if ((its_kind.name == owner_kind && plugin->name == owner) || reads(*plugin, name))
          names.push_back(plugin->name);
      if (names.empty()) continue;
      text += (text.empty() ? "" : " or ") + its_kind.name + " = " + join(names, " or ");
    }
  if (condition_meaning.empty()) return text;
  return text.empty() ? condition_meaning : text + " with " + condition_meaning;
}

static Error bad_value(const std::string& origin, std::string_view name, std::string_view value,
                       const std::string& expected) {
  return usage_error(origin + ": key '" + clipped(name) + "': got '" + clipped(value) +
                     "', expected " + expected);
}

// ---- values -------------------------------------------------------------------------------------

// The value in its canonical form, so that "08" and "8" are one rung; empty if it is not valid.
static std::string canonical(const Setting& setting, std::string_view value) {
  const auto inside = [&](auto x) {  // compared as what it is: 2^53 + 1 is no double
    return x >= static_cast<decltype(x)>(setting.minimum) && x <= static_cast<decltype(x)>(setting.maximum);
  };
  const auto whole = [&](std::string_view word) -> std::string {
    const auto number = parse_integer(word);
    return number && inside(*number) ? to_text(*number) : "";
  };
  if (setting.automatic && value == "auto") return "auto";
  switch (setting.type) {
    case Type::integer: return whole(value);
    case Type::integers: {
      std::vector<std::string> parts = split(value, '+');
      for (std::string& part : parts)
        if ((part = whole(part)).empty()) return "";
      return join(parts, "+");
    }
    case Type::real: {
      const auto number = parse_real(value);
      return number && inside(*number) ? to_text(*number + 0.0) : "";  // -0 is 0
    }
    case Type::choice: {
      const auto known = setting.known();
      return std::find(known.begin(), known.end(), value) != known.end() ? std::string(value) : "";
    }
    case Type::choices: {
      const auto known = setting.known();
      for (const std::string& part : split(value, '+'))
        if (std::find(known.begin(), known.end(), part) == known.end()) return "";
      return std::string(value);
    }
    case Type::toggle: return value == "on" || value == "off" ? std::string(value) : "";
    case Type::text: return std::string(value);
  }
  return "";
}

Settings::Settings() {
  for (const Setting& setting : Registry<Setting>::all())
    values_[setting.name] = {setting.preset, "default", false,
                             setting.automatic && setting.preset == "auto"};
}

void Settings::set(std::string_view name, std::string_view value, const std::string& origin) {
  const Setting* setting = find_setting(name);
  if (!setting)
    throw bad_value(origin, name, value, "a known setting" + did_you_mean(name, setting_names()));
  std::string text = canonical(*setting, value);
  if (text.empty())
    throw bad_value(origin, name, value,
                    setting->range() + (setting->known ? did_you_mean(value, setting->known())
                                                       : std::string()));
  const bool pending = setting->automatic && text == "auto";
  values_[setting->name] = {std::move(text), origin, true, pending};
}

// Settings that others' automatic values read are resolved before them: value() comes back here.
void Settings::resolve(const Setting& setting) {
  Value& value = values_[setting.name];
  if (!value.pending) return;
  value.pending = false;
  value.text.clear();  // until it is there: see value()
  value.text = setting.automatic(*this);
}

void Settings::resolve() {
  resolving_ = true;
  for (const Setting* setting : all_settings()) resolve(*setting);
  resolving_ = false;
}

const Settings::Value& Settings::value(std::string_view name) const {
  const auto found = values_.find(name);
  // Programming errors, not a user's: the code reads what nobody registered, or reads it too early.
  if (found == values_.end()) throw failure("setting '" + std::string(name) + "' is not registered");
  if (found->second.pending) {
    if (!resolving_) throw failure("setting '" + std::string(name) + "' is still auto: resolve it first");
    const_cast<Settings*>(this)->resolve(*Registry<Setting>::find(name));
  } else if (resolving_ && found->second.text.empty() && Registry<Setting>::find(name)->automatic) {
    throw failure("setting '" + std::string(name) + "' depends on itself where it is auto");
  }
  return found->second;
}

std::int64_t Settings::big_integer(std::string_view name) const {
  const auto number = parse_integer(value(name).text);
  if (!number) throw invalid(name, "an integer");
  return *number;
}

int Settings::integer(std::string_view name) const { return static_cast<int>(big_integer(name)); }

std::vector<int> Settings::integers(std::string_view name) const {
  std::vector<int> result;
  for (const std::string& part : split(value(name).text, '+'))
    if (const auto number = parse_integer(part)) result.push_back(static_cast<int>(*number));
  return result;
}

double Settings::real(std::string_view name) const {
  const auto number = parse_real(value(name).text);
  if (!number) throw invalid(name, "a number");
  return *number;
}

bool Settings::toggle(std::string_view name) const { return value(name).text == "on"; }
const std::string& Settings::text(std::string_view name) const { return value(name).text; }
std::vector<std::string> Settings::list(std::string_view name) const {
  return split(value(name).text, '+');
}
const std::string& Settings::typed(std::string_view name) const {
  const Setting* setting = find_setting(name);
  if (!setting) throw failure("setting '" + std::string(name) + "' is not registered");
  return values_.find(setting->name)->second.text;
}
bool Settings::given(std::string_view name) const { return value(name).given; }

bool Settings::applies(std::string_view name) const {
  const Setting* setting = Registry<Setting>::find(name);
  if (!setting) throw failure("setting '" + std::string(name) + "' is not registered");
  if (setting->condition && !setting->condition(*this)) return false;
  if (setting->always) return true;
  const bool chooses = setting->name == setting->owner_kind;  // who reads it must not depend on it
  for (const Kind& kind : Registry<Kind>::all()) {
    if (chooses ? !Registry<Setting>::get(kind.name).always : !applies(kind.name)) continue;
    for (const std::string& chosen : list(kind.name)) {
      if (kind.name == setting->owner_kind && chosen == setting->owner) return true;
      if (const Plugin* plugin = kind.find(chosen); plugin && reads(*plugin, setting->name))
        return true;
    }
  }
  return false;
}

std::string Settings::cell(std::string_view name) const {
  return applies(name) ? text(name) : std::string();
}

std::vector<std::string> Settings::without_effect() const {
  std::vector<std::string> notes;
  for (const Setting* setting : all_settings())
    if (std::string note = without_effect(setting->name); !note.empty()) notes.push_back(std::move(note));
  return notes;
}

std::string Settings::without_effect(std::string_view name) const {
  const Value& v = value(name);
  if (!v.given || applies(name)) return "";
  return v.origin + ": key '" + std::string(name) + "' has no effect: it needs " +
         Registry<Setting>::get(name).applies_when();
}

Error Settings::invalid(std::string_view name, const std::string& expected) const {
  const auto found = values_.find(name);
  return bad_value(found->second.origin, name, found->second.text, expected);
}

}  // namespace ladder
