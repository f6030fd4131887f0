#include "ladder/base/settings.h"

#include <algorithm>

namespace ladder {

RegisteredSettings::RegisteredSettings(std::initializer_list<Setting> settings) {
  static int sequence = 0;
  for (Setting setting : settings) {
    setting.sequence = sequence++;
    Registry<Setting>::add(std::move(setting));
  }
}

std::vector<const Setting*> all_settings() {
  std::vector<const Setting*> result;
  for (const Setting& setting : Registry<Setting>::all()) result.push_back(&setting);
  std::sort(result.begin(), result.end(), [](const Setting* a, const Setting* b) {
    return std::pair(a->group, a->sequence) < std::pair(b->group, b->sequence);
  });
  return result;
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
    case Type::choice: text = "one of " + join(choices(), ", "); break;
    case Type::toggle: text = "on or off"; break;
    case Type::text: text = "text"; break;
  }
  return automatic ? text + ", or auto" : text;
}

static Error bad_value(const std::string& origin, std::string_view name, std::string_view value,
                       const std::string& expected) {
  return usage_error(origin + ": key '" + clipped(name) + "': got '" + clipped(value) +
                     "', expected " + expected);
}

// The value in its canonical form, so that "08" and "8" are one rung; empty if it is not valid.
static std::string canonical(const Setting& setting, std::string_view value) {
  const auto inside = [&](double x) { return x >= setting.minimum && x <= setting.maximum; };
  const auto whole = [&](std::string_view word) -> std::string {
    const auto number = parse_integer(word);
    return number && inside(static_cast<double>(*number)) ? to_text(*number) : "";
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
      return number && inside(*number) ? to_text(*number) : "";
    }
    case Type::choice: {
      const auto known = setting.choices();
      return std::find(known.begin(), known.end(), value) != known.end() ? std::string(value) : "";
    }
    case Type::toggle: return value == "on" || value == "off" ? std::string(value) : "";
    case Type::text: return std::string(value);
  }
  return "";
}

Settings::Settings() {
  for (const Setting& setting : Registry<Setting>::all())
    values_[setting.name] = {setting.preset, "default", false};
}

void Settings::set(std::string_view name, std::string_view value, const std::string& origin) {
  const Setting* setting = Registry<Setting>::find(name);
  if (!setting)
    throw bad_value(origin, name, value, "a known setting" + did_you_mean(name, setting_names()));
  std::string text = canonical(*setting, value);
  if (text.empty())
    throw bad_value(origin, name, value,
                    setting->range() + (setting->type == Type::choice
                                            ? did_you_mean(value, setting->choices())
                                            : std::string()));
  values_[setting->name] = {std::move(text), origin, true};
}

void Settings::resolve() {
  for (const Setting* setting : all_settings())
    if (Value& value = values_[setting->name]; setting->automatic && value.text == "auto")
      value.text = setting->automatic(*this);
}

const Settings::Value& Settings::value(std::string_view name) const {
  const auto found = values_.find(name);
  // A programming error, not a user's: the code reads a setting that nobody registered.
  if (found == values_.end()) throw failure("setting '" + std::string(name) + "' is not registered");
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
bool Settings::given(std::string_view name) const { return value(name).given; }

std::vector<std::string> Settings::without_effect() const {
  std::vector<std::string> notes;
  for (const Setting* setting : all_settings()) {
    const Value& v = value(setting->name);
    if (v.given && setting->applies && !setting->applies(*this))
      notes.push_back(v.origin + ": key '" + setting->name + "' has no effect: it needs " +
                      setting->applies_when());
  }
  return notes;
}

Error Settings::invalid(std::string_view name, const std::string& expected) const {
  return bad_value(value(name).origin, name, value(name).text, expected);
}

}  // namespace ladder
