#include "cli/command.h"

#include <algorithm>
#include <iostream>

#include "ladder/base/plugin.h"

namespace ladder::cli {

static bool takes(const Command& command, const Setting& setting) {
  return std::find(command.groups.begin(), command.groups.end(), setting.group) != command.groups.end();
}

// ---- parsing ------------------------------------------------------------------------------------

static Error not_understood(const Command& command, const std::string& what) {
  return usage_error(what + " (see: ladder help " + command.name + ")");
}

// Every --name that the command takes.
static std::vector<std::string> known_flags(const Command& command) {
  std::vector<std::string> names;
  for (const Flag& flag : command.flags) names.push_back(flag.name);
  for (const Setting* setting : all_settings())
    if (takes(command, *setting)) names.push_back(setting->name);
  return names;
}

static void check_count(const Command& command, std::size_t count) {
  const auto words = split_words(command.positional);
  std::size_t least = 0, most = 0;
  for (const std::string& word : words) {
    if (word.front() != '[') ++least;
    most = word.find("...") != std::string::npos ? std::size_t(-1) : most + (most != std::size_t(-1));
  }
  const std::string usage = "ladder " + command.name + " " + command.positional;
  if (count < least) throw not_understood(command, "missing argument: usage: " + usage);
  if (count > most) throw not_understood(command, "too many arguments: usage: " + usage);
}

Arguments parse_arguments(const Command& command, const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size();) {
    const std::string& word = words[i++];
    if (!word.starts_with("--") || word == "--") {
      if (word.starts_with("-") && word.size() > 1)
        throw not_understood(command, "unknown flag '" + clipped(word) + "', flags begin with --");
      arguments.positional.push_back(word);
      continue;
    }
    std::string name = word.substr(2);
    std::vector<std::string> values;
    const auto equals = name.find('=');
    if (equals != std::string::npos) {
      values = {name.substr(equals + 1)};
      name.resize(equals);
    }
    const std::string origin = "flag --" + name;
    const auto flag = std::find_if(command.flags.begin(), command.flags.end(),
                                   [&](const Flag& f) { return f.name == name; });
    const Setting* setting = find_setting(name);
    const bool is_flag = flag != command.flags.end();
    // A value is whatever does not begin with --; a setting takes several (an axis).
    const bool several = is_flag && flag->value.ends_with("...");
    while (equals == std::string::npos && i < words.size() && !words[i].starts_with("--")) {
      if (is_flag && !several && (flag->value.empty() || !values.empty())) break;
      values.push_back(words[i++]);
    }
    if (!is_flag && setting && setting->type != Type::text)
      values = split_words(join(values, " "));  // one word may hold several: --base "8 16"
    if (is_flag) {
      if (arguments.has(name)) throw not_understood(command, origin + " is given twice");
      if (several && values.size() > 1) values = {join(values, " ")};
      if (values.size() != (flag->value.empty() ? 0 : 1))
        throw not_understood(command, origin + (flag->value.empty() ? " takes no value" : " needs a value: " + flag->value));
      arguments.flags[name] = values.empty() ? "" : values[0];
    } else if (setting && takes(command, *setting)) {
      if (values.empty()) throw not_understood(command, origin + " needs a value: " + setting->range());
      arguments.settings.push_back({name, values, origin});
    } else {
      throw not_understood(command, "command line: key '" + clipped(name) + "': got '" + clipped(join(values, " ")) +
                                        "', expected a flag of " + command.name +
                                        did_you_mean(name, known_flags(command)));
    }
  }
  check_count(command, arguments.positional.size());
  return arguments;
}

Experiment single_experiment(const Arguments& arguments, const std::string& file) {
  Experiment experiment = file.empty() ? Experiment::from_flags(arguments.settings)
                                       : Experiment::load(file, arguments.settings);
  if (experiment.size() != 1)
    throw usage_error("these settings describe " + std::to_string(experiment.size()) +
                      " runs (several values of " + join(experiment.varying(), ", ") +
                      "), expected one; `ladder sweep` makes several");
  return experiment;
}

Settings single_run(const Arguments& arguments, const std::string& file) {
  Settings settings = single_experiment(arguments, file).expand()[0];
  for (const std::string& note : settings.without_effect()) std::cerr << "note: " << note << "\n";
  return settings;
}

// ---- help ---------------------------------------------------------------------------------------

static std::string synopsis(const Command& command) {
  std::string text = "ladder " + command.name;
  if (!command.positional.empty()) text += " " + command.positional;
  for (const Flag& flag : command.flags)
    text += " [--" + flag.name + (flag.value.empty() ? "" : " " + flag.value) + "]";
  if (!command.groups.empty()) text += " [--SETTING VALUE]...";
  return text;
}

std::string general_help() {
  std::string text =
      "ladder: which attention mechanism climbs higher?\n"
      "Trains small transformers on sequence tasks of growing complexity, once with each contestant,\n"
      "and reports how far up each gets.\n\nCommands:\n";
  for (const Command& command : Registry<Command>::all())
    text += "  " + pad_right(command.name, 11) + command.summary + "\n";
  text += "\nPlug-ins (see: ladder list KIND):\n";
  for (const Kind& kind : Registry<Kind>::all())
    text += "  " + pad_right(kind.name + "s", 11) +
            join(Registry<Setting>::get(kind.name).known(), ", ") + "\n";
  text += "\nladder help COMMAND tells more. Exit status: 0 done, 1 failure, 2 wrong usage, 130 or 143 stopped by a signal.\n";
  return text;
}

std::string command_help(const Command& command) {
  std::string text = "usage: " + synopsis(command) + "\n\n" + command.summary + "\n";
  if (!command.details.empty()) text += "\n" + command.details + "\n";
  if (!command.flags.empty()) {
    text += "\nFlags:\n";
    for (const Flag& flag : command.flags)
      text += "  " + pad_right("--" + flag.name + (flag.value.empty() ? "" : " " + flag.value), 22) +
              flag.meaning + "\n";
  }
  const Setting* last = nullptr;
  for (const Setting* setting : all_settings()) {
    if (!takes(command, *setting)) continue;
    if (!last || last->group != setting->group)
      text += std::string("\nSettings, ") + title_of(setting->group) + ":\n";
    last = setting;
    text += "  " + pad_right("--" + setting->name, 22) + setting->meaning + "\n" +
            std::string(24, ' ') + setting->range() + "; default " + setting->preset;
    if (setting->preset == "auto" && setting->automatic_meaning)
      text += " (" + setting->automatic_meaning() + ")";
    text += "\n";
  }
  return text;
}

void replace_settings(Settings& settings, const std::vector<Override>& flags) {
  for (const Override& given : flags) {
    if (given.words.size() != 1)
      throw usage_error(given.origin + ": got " + std::to_string(given.words.size()) +
                        " values, expected one");
    settings.set(given.key, given.words[0], given.origin);
  }
}

}  // namespace ladder::cli
