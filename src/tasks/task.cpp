#include "ladder/tasks/task.h"

#include "ladder/base/math.h"

namespace ladder::tasks {

static const TaskPlugin& chosen(const Settings& settings) {
  return Registry<TaskPlugin>::get(settings.text("task"));
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

double bits_of(double states) { return math::log2(states); }

static Setting shared(Setting setting) {
  setting.always = false;
  return setting;
}

static const RegisteredKind<TaskPlugin> kind({
    .choice = Setting::choice("", "nt", {}, "what generates the sequences", "ladder recipe"),
    .shared = {shared(Setting::integer("base", "8", 2, 1024, "N, the number of symbols",
                                       "ladder recipe")),
               shared(Setting::integers("delay", "4", 1, 4096,
                                        "tau, how far back the rule looks; 3+7+12: each sequence "
                                        "draws one of them",
                                        "ladder recipe")),
               Setting::integer("context", "24", 1, 8192, "positions that the model reads",
                                "ladder recipe")
                   .automatically(
                       [](const Settings& s) { return std::to_string(chosen(s).automatic_context(s)); },
                       "what the task needs: twice the largest delay, ...")},
    .rule = "rule",
});

}  // namespace ladder::tasks
