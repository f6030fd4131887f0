// ladder list: what is registered, from the tables that are used.
#include <iostream>

#include "cli/command.h"
#include "ladder/nn/optimizer.h"
#include "ladder/nn/score.h"
#include "ladder/tasks/task.h"

namespace ladder::cli {

using namespace nn;
using namespace tasks;

static std::string default_of(const Setting& setting) {
  if (setting.preset != "auto" || !setting.automatic_meaning) return setting.preset;
  return "auto: " + setting.automatic_meaning();
}

static void list_scores() {
  std::vector<std::vector<std::string>> lines = {{"score", "weight of z = query.key", "source"}};
  for (const Score& s : Registry<Score>::all()) lines.push_back({s.name, s.formula, s.source});
  std::cout << aligned(lines);
}

static void list_tasks() {
  std::vector<std::vector<std::string>> lines = {{"task", "rule", "settings", "source"}};
  for (const TaskKind& t : Registry<TaskKind>::all())
    lines.push_back({t.name, t.meaning, join(t.reads, " "), t.source});
  std::cout << aligned(lines);
}

static void list_optimizers() {
  std::vector<std::vector<std::string>> lines = {
      {"optimizer", "update", "learning_rate", "settings", "source"}};
  for (const OptimizerKind& o : Registry<OptimizerKind>::all())
    lines.push_back({o.name, o.formula, to_text(o.learning_rate), join(o.reads, " "), o.source});
  std::cout << aligned(lines);
}

static void list_settings() {
  std::vector<std::vector<std::string>> lines = {{"setting", "default", "range", "meaning", "source"}};
  for (const Setting* s : all_settings())
    lines.push_back({s->name, default_of(*s), s->range(),
                     s->applies_when ? s->meaning + " (with " + s->applies_when() + ")" : s->meaning,
                     s->source});
  std::cout << aligned(lines);
}

static const std::map<std::string, void (*)()>& lists() {
  static const std::map<std::string, void (*)()> all = {{"scores", list_scores},
                                                        {"tasks", list_tasks},
                                                        {"optimizers", list_optimizers},
                                                        {"settings", list_settings}};
  return all;
}

static ExitCode run_list(const Arguments& arguments) {
  if (arguments.positional.empty()) {
    for (const auto& [name, print] : lists()) {
      std::cout << (name == lists().begin()->first ? "" : "\n");
      print();
    }
    return ExitCode::ok;
  }
  const std::string& kind = arguments.positional[0];
  const auto found = lists().find(kind);
  if (found == lists().end()) {
    std::vector<std::string> names;
    for (const auto& [name, print] : lists()) names.push_back(name);
    throw usage_error("cannot list '" + kind + "', expected one of " + join(names, ", ") +
                      did_you_mean(kind, names));
  }
  found->second();
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "list",
    .positional = "[KIND]",
    .summary = "lists what is registered: scores, tasks, optimizers or settings; all without KIND",
    .details = "",
    .flags = {},
    .groups = {},
    .run = run_list,
});

}  // namespace ladder::cli
