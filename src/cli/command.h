// Subcommands. Each is one file in src/cli/ that registers itself; its entry yields the parser and
// the help.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ladder/base/registry.h"
#include "ladder/base/settings.h"
#include "lab/experiment.h"

namespace ladder::cli {

using namespace lab;

// A flag of one command, beside the settings that it takes.
struct Flag {
  std::string name;     // without the leading --
  std::string value;    // what stands behind it, "N", "N..." (several words); empty: nothing does
  std::string meaning;
  std::vector<std::string> without = {};  // flags and settings that have no effect beside it
};

// The words of a command line, sorted.
struct Arguments {
  std::vector<std::string> words;  // as typed
  std::vector<std::string> positional;
  std::map<std::string, std::string> flags;  // name -> value, or "" for one without
  std::vector<Override> settings;            // --key value ..., in the order given

  bool has(const std::string& flag) const { return flags.contains(flag); }
};

struct Command {
  static constexpr const char* kind = "command";
  std::string name;
  std::string positional;  // "FILE", "[FILE]", "FILE...": how many words it takes
  std::string summary;
  std::string details;           // for `help`
  std::vector<Flag> flags;
  std::vector<Group> groups;     // the groups of settings that it takes as flags
  std::function<ExitCode(const Arguments&)> run;
  std::vector<std::string> without = {};  // settings of these groups that it has no use for
  bool often = false;                     // on the first page of the help

  bool takes(const Setting& setting) const;
};

// Sorts the words after the command's name. Throws a usage error for whatever does not belong.
Arguments parse_arguments(const Command& command, const std::vector<std::string>& words);

// The value of a flag --NAME N, 1 .. most; `preset` without that flag. Throws a usage error.
int whole_number(const Arguments& arguments, const std::string& flag, int preset, int most = 1'000'000);

// The exit code of a command that INT or TERM has stopped.
inline ExitCode stopped_by(int signal) { return static_cast<ExitCode>(128 + signal); }

// Help, generated from the tables that parse. `all`: every command and setting, not the first page.
std::string general_help(bool all);
std::string command_help(const Command& command, bool all);

// What a flag gives replaces the setting. Throws a usage error for a flag with several values.
void replace_settings(Settings& settings, const std::vector<Override>& flags);

// The flags (and an experiment file, if not empty). Throws a usage error if they describe several runs.
Experiment single_experiment(const Arguments& arguments, const std::string& file = "");

// The one run that the flags (and an experiment file, if not empty) describe, resolved. Settings
// without effect are told on stderr. Throws a usage error if they describe several runs.
Settings single_run(const Arguments& arguments, const std::string& file = "");

}  // namespace ladder::cli
