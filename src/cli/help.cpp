// ladder help, and the help of every command: from the tables that parse.
#include <iostream>

#include "base/terminal.h"
#include "cli/command.h"
#include "ladder/base/plugin.h"

namespace ladder::cli {

static constexpr std::size_t width = 80;

static std::string synopsis(const Command& command) {
  std::string text = "ladder " + command.name;
  if (!command.positional.empty()) text += " " + command.positional;
  for (const Flag& flag : command.flags)
    text += " [--" + flag.name + (flag.value.empty() ? "" : " " + flag.value) + "]";
  if (!command.groups.empty()) text += " [--SETTING VALUE]...";
  return wrapped(text, width, 8);
}

// "  NAME      what it is", the meaning broken into lines of its own column.
static std::string entry(const std::string& name, std::size_t column, const std::string& meaning) {
  return hanging("  " + name, column + 2, meaning, width) + "\n";
}

static std::string commands(bool all) {
  std::string text;
  for (const Command& command : Registry<Command>::all())
    if (all || command.often)
      text += entry(command.name, 11, command.summary);
  return text;
}

std::string general_help(bool all) {
  std::string text =
      "ladder: which attention mechanism climbs higher? It trains small transformers on\n"
      "sequence tasks of growing complexity and reports how far up each gets.\n\n" +
      commands(all);
  if (!all)
    return text + "\nTry: ladder sweep experiments/quick.txt     (about a minute)\n"
                  "ladder COMMAND --help tells more, ladder --help all the other commands.\n";
  text += "\nPlug-ins (see: ladder list KIND):\n";
  for (const Kind& kind : Registry<Kind>::all())
    text += entry(kind.name + "s", 11, join(Registry<Setting>::get(kind.name).known(), ", "));
  return text +
         "\nladder help COMMAND tells more, ladder help COMMAND all its settings.\n"
         "Exit status: 0 done, 1 failure, 2 wrong usage, 130 or 143 stopped by a signal.\n";
}

static std::string described(const Setting& setting) {
  std::string text = setting.meaning + "; " + setting.range() + "; default " + setting.preset;
  if (setting.preset == "auto" && setting.automatic_meaning)
    text += " (" + setting.automatic_meaning() + ")";
  return text;
}

std::string command_help(const Command& command, bool all) {
  std::string text = "usage: " + synopsis(command) + "\n\n" + wrapped(command.summary, width, 0) + "\n";
  if (!command.details.empty()) text += "\n" + command.details + "\n";
  if (!command.flags.empty()) text += "\nFlags:\n";
  for (const Flag& flag : command.flags)
    text += entry("--" + flag.name + (flag.value.empty() ? "" : " " + flag.value), 23, flag.meaning);
  if (command.groups.empty()) return text;
  if (!all) {
    std::vector<std::string> names;
    for (const Setting* setting : all_settings())
      if (command.takes(*setting)) names.push_back("--" + setting->name);
    return text + "\nSettings (ladder help " + command.name + " all tells what they mean):\n  " +
           wrapped(join(names, " "), width - 2, 2) + "\n";
  }
  const Setting* last = nullptr;
  for (const Setting* setting : all_settings()) {
    if (!command.takes(*setting)) continue;
    if (!last || last->group != setting->group)
      text += std::string("\nSettings, ") + title_of(setting->group) + ":\n";
    last = setting;
    text += entry("--" + setting->name, 22, described(*setting));
  }
  return text;
}

static ExitCode run_help(const Arguments& arguments) {
  auto words = arguments.positional;
  const bool all = !words.empty() && words.back() == "all";
  if (all) words.pop_back();
  if (words.size() > 1)
    throw usage_error("help: got '" + clipped(words[1]) + "', expected one command, or all behind it");
  std::cout << (words.empty() ? general_help(all) : command_help(Registry<Command>::get(words[0]), all));
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "help",
    .positional = "[COMMAND] [all]",
    .summary = "explains the program or a command",
    .details = "",
    .flags = {},
    .groups = {},
    .run = run_help,
    .often = true,
});

}  // namespace ladder::cli
