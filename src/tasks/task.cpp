#include "ladder/tasks/task.h"

#include <algorithm>

namespace ladder::tasks {

static const TaskKind& chosen(const Settings& settings) {
  return Registry<TaskKind>::get(settings.text("task"));
}

std::unique_ptr<Task> make_task(const Settings& settings) {
  return chosen(settings).make(settings);
}

int context_reaching(const Settings& settings, int first_target) {
  const int context = settings.integer("context");
  if (context < first_target)
    throw settings.invalid("context", "at least " + std::to_string(first_target) +
                                          ", or nothing is left to predict (auto always fits)");
  return context;
}

static bool several_delays(const Settings& settings) {
  return settings.integers("delay").size() > 1;
}

static bool reads(const TaskKind& task, const std::string& name) {
  return std::find(task.reads.begin(), task.reads.end(), name) != task.reads.end();
}

static bool cue_matters(const Settings& settings) {
  return reads(chosen(settings), "cue") && (several_delays(settings) || settings.toggle("cue"));
}

// "task = copy or nt"
static std::string tasks_that_read(const std::string& name) {
  std::vector<std::string> tasks;
  for (const TaskKind& task : Registry<TaskKind>::all())
    if (reads(task, name)) tasks.push_back(task.name);
  return "task = " + join(tasks, " or ");
}

static const RegisteredSettings settings{
    {.name = "task",
     .group = Group::task,
     .type = Type::choice,
     .preset = "nt",
     .meaning = "what generates the sequences",
     .source = "ladder recipe",
     .choices = Registry<TaskKind>::names},
    {.name = "base",
     .group = Group::task,
     .type = Type::integer,
     .preset = "8",
     .meaning = "N, the number of symbols",
     .source = "ladder recipe",
     .minimum = 2,
     .maximum = 1024,
     .applies = [](const Settings& s) { return reads(chosen(s), "base"); },
     .applies_when = [] { return tasks_that_read("base"); }},
    {.name = "delay",
     .group = Group::task,
     .type = Type::integers,
     .preset = "4",
     .meaning = "tau, how far back the rule looks; 3+7+12: each sequence draws one of them",
     .source = "ladder recipe",
     .minimum = 1,
     .maximum = 4096,
     .applies = [](const Settings& s) { return reads(chosen(s), "delay"); },
     .applies_when = [] { return tasks_that_read("delay"); }},
    {.name = "context",
     .group = Group::task,
     .type = Type::integer,
     .preset = "24",
     .meaning = "positions that the model reads",
     .source = "ladder recipe",
     .minimum = 1,
     .maximum = 8192,
     .automatic =
         [](const Settings& s) { return std::to_string(chosen(s).automatic_context(s)); },
     .automatic_meaning = [] { return "twice the largest delay"; }},
    {.name = "cue",
     .group = Group::task,
     .type = Type::toggle,
     .preset = "auto",
     .meaning = "a token in front that says which delay was drawn",
     .source = "ladder recipe",
     .automatic = [](const Settings& s) { return several_delays(s) ? "on" : "off"; },
     .automatic_meaning = [] { return "on with several delays, off with one"; },
     .applies = cue_matters,
     .applies_when = [] { return tasks_that_read("cue") + " with several delays"; }},
};

}  // namespace ladder::tasks
