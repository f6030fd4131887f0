#include "ladder/base/plugin.h"

namespace ladder {

void require_registrations() {
  std::vector<std::string> faults = registration_faults();
  for (const Kind& kind : Registry<Kind>::all())
    for (const Plugin* plugin : kind.plugins())
      for (const std::string& name : plugin->reads)
        if (!Registry<Setting>::find(name))
          faults.push_back(kind.name + " '" + plugin->name + "' reads the setting '" + name +
                           "', which does not exist");
  std::sort(faults.begin(), faults.end());  // the linker's order means nothing
  if (!faults.empty()) throw failure("this program was not put together right: " + join(faults, "; "));
}

const Plugin* Kind::find(std::string_view name) const {
  for (const Plugin* plugin : plugins())
    if (plugin->name == name) return plugin;
  return nullptr;
}

std::vector<const Plugin*> chosen_plugins(const Settings& settings) {
  std::vector<const Plugin*> result;
  for (const Kind& kind : Registry<Kind>::all())
    if (settings.applies(kind.name))
      for (const std::string& name : settings.list(kind.name))
        if (const Plugin* plugin = kind.find(name)) result.push_back(plugin);
  return result;
}

namespace detail {

static void register_setting(Setting setting, Group group, const std::string& kind,
                             const std::string& owner, int place, const std::string& file) {
  setting.group = group, setting.owner_kind = kind, setting.owner = owner, setting.place = place;
  Registry<Setting>::add(std::move(setting), file);
}

void register_kind(Kind kind, Group group, Setting choice, std::vector<Setting> shared,
                   const char* file) {
  register_setting(std::move(choice), group, kind.name, "", 0, file);
  int place = 1;
  for (Setting& setting : shared)
    register_setting(std::move(setting), group, kind.name, "", place++, file);
  Registry<Kind>::add(std::move(kind), file);
}

void register_plugin(const Plugin& plugin, const char* kind, Group group, const std::string& file) {
  int place = 0;
  for (Setting setting : plugin.settings) {
    setting.always = false;
    register_setting(std::move(setting), group, kind, plugin.name, place++, file);
  }
}

}  // namespace detail

RegisteredSettings::RegisteredSettings(Group group, const std::string& owner,
                                       std::vector<Setting> settings, const char* file) {
  int place = 0;
  for (Setting& setting : settings)
    detail::register_setting(std::move(setting), group, "", owner, place++, file);
}

}  // namespace ladder
