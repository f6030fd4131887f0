// ladder list: what is registered, from the tables that are used.
#include <algorithm>
#include <iostream>

#include "cli/command.h"
#include "cli/task_text.h"
#include "ladder/base/plugin.h"

namespace ladder::cli {

static std::string default_of(const Setting& setting) {
  if (setting.preset != "auto" || !setting.automatic_meaning) return setting.preset;
  return "auto: " + setting.automatic_meaning();
}

static std::vector<std::string> setting_names_of(const Plugin& plugin) {
  std::vector<std::string> names;
  for (const Setting& setting : plugin.settings) names.push_back(setting.name);
  names.insert(names.end(), plugin.reads.begin(), plugin.reads.end());
  return names;
}

static void list_plugins(const Kind& kind) {
  std::vector<std::vector<std::string>> lines = {{kind.name, kind.rule, "settings", "source"}};
  for (const Plugin* p : kind.plugins())
    lines.push_back({p->name, p->rule, join(setting_names_of(*p), " "), p->source});
  std::cout << aligned(lines);
}

// What each task looks like with its default settings.
static void list_examples() {
  for (const tasks::TaskPlugin& plugin : Registry<tasks::TaskPlugin>::all()) {
    Settings s;
    s.set("task", plugin.name, plugin.name);
    s.resolve();
    const auto task = tasks::make_task(s);
    tasks::Sequence sequence;
    task->draw(0, tasks::Split::training, 0, sequence);
    std::cout << "\n" << plugin.name << ": " << described(*task) << "\n" << pictured(*task, sequence);
  }
}

static void list_settings() {
  std::vector<std::vector<std::string>> lines = {{"setting", "default", "range", "meaning", "source"}};
  for (const Setting* s : all_settings()) {
    const std::string when = s->applies_when();
    lines.push_back({s->name, default_of(*s), s->range(),
                     when.empty() ? s->meaning : s->meaning + " (with " + when + ")", s->source});
  }
  std::cout << aligned(lines);
}

static ExitCode run_list(const Arguments& arguments) {
  std::vector<std::string> known;
  for (const Kind& kind : Registry<Kind>::all()) known.push_back(kind.name + "s");
  known.push_back("settings");
  const auto wanted = [&](const std::string& name) {
    return arguments.positional.empty() || arguments.positional[0] == name;
  };
  if (!std::any_of(known.begin(), known.end(), wanted))
    throw usage_error("cannot list '" + arguments.positional[0] + "', expected one of " +
                      join(known, ", ") + did_you_mean(arguments.positional[0], known));
  const char* between = "";
  for (const std::string& name : known) {
    if (!wanted(name)) continue;
    std::cout << between;
    between = "\n";
    if (name == "settings") list_settings();
    else list_plugins(Registry<Kind>::get(name.substr(0, name.size() - 1)));
    if (name == "tasks") list_examples();
  }
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "list",
    .positional = "[KIND]",
    .summary = "lists what there is: scores, patterns, mixers, tasks, optimizers, settings",
    .details = "Without KIND all of them.",
    .flags = {},
    .groups = {},
    .run = run_list,
});

}  // namespace ladder::cli
