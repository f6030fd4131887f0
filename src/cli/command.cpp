#include "cli/command.h"

#include <algorithm>
#include <iostream>

namespace ladder::cli {

bool Command::takes(const Setting& setting) const {
  return std::find(groups.begin(), groups.end(), setting.group) != groups.end() &&
         std::find(without.begin(), without.end(), setting.name) == without.end();
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
    if (command.takes(*setting)) names.push_back(setting->name);
  return names;
}

// One word may hold several values: --base "8 16", --base 8,16.
static std::vector<std::string> words_in(const std::vector<std::string>& values) {
  std::string text = join(values, " ");
  std::replace(text.begin(), text.end(), ',', ' ');
  return split_words(text);
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

// The name as the tables have it: d-model is d_model, dry_run is dry-run.
static std::string known_name(const Command& command, const std::string& name) {
  std::string lines = name, dashes = name;
  std::replace(lines.begin(), lines.end(), '-', '_');
  std::replace(dashes.begin(), dashes.end(), '_', '-');
  for (const Flag& flag : command.flags)
    if (flag.name == dashes) return dashes;
  const Setting* setting = find_setting(lines);
  return setting ? setting->name : name;
}

// A setting that exists, but not for this command.
static std::string without_use(const Command& command, const std::string& name) {
  const Setting* setting = find_setting(name);
  return setting && !command.takes(*setting)
             ? "; the setting " + name + " has no effect on " + command.name
             : "";
}

// What would do nothing, or the opposite, beside another flag is not taken silently.
static void check_together(const Command& command, const Arguments& arguments) {
  const auto typed = [&](const std::string& name) {
    return arguments.has(name) || std::any_of(arguments.settings.begin(), arguments.settings.end(),
                                              [&](const Override& given) { return given.key == name; });
  };
  for (const Flag& flag : command.flags)
    for (const std::string& name : flag.without)
      if (arguments.has(flag.name) && typed(name))
        throw not_understood(command, "flag --" + flag.name + ": got --" + name + " as well, expected one of them");
}

Arguments parse_arguments(const Command& command, const std::vector<std::string>& words) {
  Arguments arguments;
  arguments.words = words;
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
    const std::string typed = name, origin = "flag --" + typed;
    name = known_name(command, name);
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
      values = words_in(values);
    if (is_flag) {
      if (arguments.has(name)) throw not_understood(command, origin + " is given twice");
      if (several && values.size() > 1) values = {join(values, " ")};
      const bool filled = values.size() == 1 && !trim(values[0]).empty();
      if (flag->value.empty() ? !values.empty() : !filled)
        throw not_understood(command,
                             origin + (flag->value.empty() ? " takes no value" : " needs a value: " + flag->value));
      arguments.flags[name] = values.empty() ? "" : values[0];
    } else if (setting && command.takes(*setting)) {
      if (values.empty()) throw not_understood(command, origin + " needs a value: " + setting->range());
      arguments.settings.push_back({name, values, origin});
    } else {
      throw not_understood(command, "command line: key '" + clipped(typed) + "': got '" + clipped(join(values, " ")) +
                                        "', expected a flag of " + command.name +
                                        (without_use(command, name).empty()
                                             ? did_you_mean(name, known_flags(command))
                                             : without_use(command, name)));
    }
  }
  check_count(command, arguments.positional.size());
  check_together(command, arguments);
  return arguments;
}

int whole_number(const Arguments& arguments, const std::string& flag, int preset, int most) {
  const auto given = arguments.flags.find(flag);
  if (given == arguments.flags.end()) return preset;
  const auto number = parse_integer(given->second);
  if (!number || *number < 1 || *number > most)
    throw usage_error("flag --" + flag + ": got '" + clipped(given->second) + "', expected an integer in 1 .. " +
                      std::to_string(most));
  return static_cast<int>(*number);
}

Experiment single_experiment(const Arguments& arguments, const std::string& file) {
  Experiment experiment = file.empty() ? Experiment::from_flags(arguments.settings)
                                       : Experiment::load(file, arguments.settings);
  for (const std::string& note : experiment.notes()) std::cerr << "note: " << note << "\n";
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

void replace_settings(Settings& settings, const std::vector<Override>& flags) {
  for (const Override& given : flags) {
    if (given.words.size() != 1)
      throw usage_error(given.origin + ": got " + std::to_string(given.words.size()) +
                        " values, expected one");
    settings.set(given.key, given.words[0], given.origin);
  }
}

}  // namespace ladder::cli
