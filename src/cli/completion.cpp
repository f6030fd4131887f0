// ladder completion, ladder man: for shells and for man, from the tables that parse.
#include <iostream>
#include <map>

#include "base/version.h"
#include "cli/command.h"

namespace ladder::cli {

using Words = std::vector<std::string>;

static Words flags_of(const Command& command) {
  Words words = {"--help"};
  for (const Flag& flag : command.flags) words.push_back("--" + flag.name);
  for (const Setting* setting : all_settings())
    if (command.takes(*setting)) words.push_back("--" + setting->name);
  return words;
}

// What may stand behind a flag, where that is one of some words.
static std::map<std::string, Words> choices() {
  std::map<std::string, Words> words;
  for (const Setting* setting : all_settings()) {
    if (setting->known) words["--" + setting->name] = setting->known();
    if (setting->type == Type::toggle) words["--" + setting->name] = {"on", "off"};
  }
  return words;
}

static std::string bash_script() {
  std::string text =
      "# bash completion of ladder, made by `ladder completion bash`\n"
      "_ladder() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} flags= known= i\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" = 1 ]; then\n"
      "    COMPREPLY=($(compgen -W \"" + join(Registry<Command>::names(), " ") + "\" -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const Command& command : Registry<Command>::all())
    text += "    " + command.name + ") flags=\"" + join(flags_of(command), " ") + "\" ;;\n";
  text +=
      "  esac\n"
      "  if [[ $word == --* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  for ((i = COMP_CWORD - 1; i > 1; --i)); do [[ ${COMP_WORDS[i]} == --* ]] && break; done\n"
      "  case ${COMP_WORDS[i]} in\n";
  for (const auto& [flag, words] : choices())
    text += "    " + flag + ") known=\"" + join(words, " ") + "\" ;;\n";
  return text +
         "  esac\n"
         "  if [ -n \"$known\" ]; then COMPREPLY=($(compgen -W \"$known\" -- \"$word\"))\n"
         "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
         "}\n"
         "complete -o filenames -F _ladder ladder\n";
}

// In single quotes of a shell.
static std::string quoted(const std::string& text) {
  std::string safe = "'";
  for (const char c : text) safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return safe + "'";
}

static std::string zsh_script() {
  std::string text =
      "#compdef ladder\n"
      "# zsh completion of ladder, made by `ladder completion zsh`\n"
      "local -a commands flags known\n"
      "local i\n"
      "if (( CURRENT == 2 )); then\n"
      "  commands=(\n";
  for (const Command& command : Registry<Command>::all()) {
    std::string summary;
    for (const char c : command.summary) summary += c == ':' ? std::string("\\:") : std::string(1, c);
    text += "    " + quoted(command.name + ":" + summary) + "\n";
  }
  text +=
      "  )\n"
      "  _describe command commands\n"
      "  return\n"
      "fi\n"
      "case $words[2] in\n";
  for (const Command& command : Registry<Command>::all())
    text += "  " + command.name + ") flags=(" + join(flags_of(command), " ") + ") ;;\n";
  text +=
      "esac\n"
      "if [[ $words[CURRENT] == --* ]]; then\n"
      "  compadd -- $flags\n"
      "  return\n"
      "fi\n"
      "for (( i = CURRENT - 1; i > 2; --i )); do [[ $words[i] == --* ]] && break; done\n"
      "case $words[i] in\n";
  for (const auto& [flag, words] : choices()) text += "  " + flag + ") known=(" + join(words, " ") + ") ;;\n";
  return text + "esac\nif (( $#known )); then compadd -- $known; else _files; fi\n";
}

// For troff: no line is taken for a request, no dash for a hyphen.
static std::string troff(const std::string& text) {
  std::string safe;
  for (const std::string& line : split(text, '\n')) {
    if (!safe.empty()) safe += "\n";
    if (line.starts_with('.') || line.starts_with('\'')) safe += "\\&";
    for (const char c : line) safe += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  }
  return safe;
}

static std::string item(const std::string& name, const std::string& meaning) {
  return ".TP\n.B " + troff(name) + "\n" + troff(meaning) + "\n";
}

static std::string man_page() {
  std::string text = ".TH LADDER 1 \"\" \"ladder " + version() + "\" \"User Commands\"\n"
                     ".SH NAME\nladder \\- which attention mechanism climbs higher\n"
                     ".SH SYNOPSIS\n.B ladder\nCOMMAND [ARGUMENT]... [\\-\\-FLAG VALUE...]...\n"
                     ".SH DESCRIPTION\nTrains small transformers on sequence tasks of growing complexity, "
                     "once with each attention mechanism, and reports how far up each gets.\n";
  for (const Command& command : Registry<Command>::all()) {
    text += ".SH COMMAND " + troff(command.name + " " + command.positional) + "\n" + troff(command.summary) + "\n";
    if (!command.details.empty()) text += ".PP\n.nf\n" + troff(command.details) + "\n.fi\n";
    for (const Flag& flag : command.flags) text += item("--" + flag.name + " " + flag.value, flag.meaning);
    std::vector<std::string> groups;
    for (const Group group : command.groups) groups.push_back(title_of(group));
    if (!groups.empty()) text += ".PP\nSettings: " + troff(join(groups, ", ")) + ".\n";
  }
  text += ".SH SETTINGS\n";
  for (const Setting* setting : all_settings())
    text += item("--" + setting->name + " (" + setting->preset + ")", setting->meaning + "; " + setting->range());
  return text + ".SH EXIT STATUS\n0 done, 1 failure, 2 wrong usage, 130 or 143 stopped by a signal.\n";
}

static ExitCode run_completion(const Arguments& arguments) {
  const std::string& shell = arguments.positional[0];
  if (shell != "bash" && shell != "zsh")
    throw usage_error("completion: got '" + clipped(shell) + "', expected bash or zsh");
  std::cout << (shell == "bash" ? bash_script() : zsh_script());
  return ExitCode::ok;
}

static const Registered<Command> completion({
    .name = "completion",
    .positional = "SHELL",
    .summary = "prints completions for bash or zsh",
    .details = "  ladder completion bash > ~/.local/share/bash-completion/completions/ladder\n"
               "  ladder completion zsh > a directory of $fpath/_ladder",
    .flags = {},
    .groups = {},
    .run = run_completion,
});

static const Registered<Command> man({
    .name = "man",
    .positional = "",
    .summary = "prints the manual page",
    .details = "  ladder man > ladder.1",
    .flags = {},
    .groups = {},
    .run =
        [](const Arguments&) {
          std::cout << man_page();
          return ExitCode::ok;
        },
});

}  // namespace ladder::cli
