// ladder list: what is registered, from the tables that are used.
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/terminal.h"

#include "cli/command.h"
#include "cli/task_text.h"
#include "ladder/base/plugin.h"
#include "report/report.h"

namespace ladder::cli {

static constexpr std::size_t width = 80;

static std::string title(const std::string& text) {
  return coloured("---- " + text + " ----", Colour::faint, STDOUT_FILENO) + "\n";
}

static std::vector<std::string> setting_names_of(const Plugin& plugin) {
  std::vector<std::string> names;
  for (const Setting& setting : plugin.settings) names.push_back(setting.name);
  names.insert(names.end(), plugin.reads.begin(), plugin.reads.end());
  return names;
}

// A line of its own for what does not fit beside the name.
static std::string indented(const std::string& text) {
  return text.empty() ? "" : "    " + wrapped(text, width - 4, 4) + "\n";
}

static void list_plugins(const Kind& kind) {
  std::cout << title(kind.name + "s");
  for (const Plugin* p : kind.plugins()) {
    const std::string settings = join(setting_names_of(*p), " ");
    std::cout << hanging("  " + p->name, 18, p->rule, width) << "\n"
              << (settings.empty() ? "" : indented("settings: " + settings)) << indented("source: " + p->source);
  }
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
  const Setting* last = nullptr;
  for (const Setting* s : all_settings()) {
    if (!last || last->group != s->group) std::cout << (last ? "\n" : "") << title(title_of(s->group));
    last = s;
    const std::string when = s->applies_when();
    std::cout << "  " << s->name << " = " << wrapped(s->preset, width, 4) << "\n"
              << indented(s->meaning + (when.empty() ? "" : " (with " + when + ")"))
              << indented(s->range() + (s->preset == "auto" && s->automatic_meaning
                                            ? "; auto: " + s->automatic_meaning() : "") +
                          "; source: " + s->source);
  }
}

static void list_columns() {
  std::string last;
  for (const ColumnText& c : report::all_columns()) {
    if (c.table != last) std::cout << (last.empty() ? "" : "\n") << title(c.table);
    last = c.table;
    std::cout << hanging("  " + c.name, 30, c.meaning + " (" + c.type + (c.unit.empty() ? "" : ", " + c.unit) + ")",
                         width) << "\n";
  }
}

static ExitCode run_list(const Arguments& arguments) {
  std::vector<std::string> known;
  for (const Kind& kind : Registry<Kind>::all()) known.push_back(kind.name + "s");
  known.push_back("settings");
  known.push_back("columns");
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
    else if (name == "columns") list_columns();
    else list_plugins(Registry<Kind>::get(name.substr(0, name.size() - 1)));
    if (name == "tasks") list_examples();
  }
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "list",
    .positional = "[KIND]",
    .summary = "lists what there is: scores, tasks, ..., settings, columns",
    .details = "Without KIND all of them.",
    .flags = {},
    .groups = {},
    .run = run_list,
    .often = true,
});

}  // namespace ladder::cli
