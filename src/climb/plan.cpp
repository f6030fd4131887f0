#include "climb/plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "lab/results.h"
#include "ladder/base/text.h"
#include "train/trainer.h"

namespace ladder::climb {

using lab::Axis;
using lab::Experiment;

static const RegisteredSettings settings(
    Group::search, "climb",
    {Setting::integer("recipes", "24", 1, 10000, "recipes of each contestant at each rung",
                      "this program"),
     Setting::integer("recipe_seed", "0", 0, 9007199254740992.0, "of the recipes' sequence",
                      "this program"),
     Setting::integer("halving", "3", 2, 100,
                      "one in so many recipes goes on to so many times the steps", "this program"),
     Setting::integer("levels", "2", 1, 10, "of halving; the last one has all steps", "this program"),
     Setting::integer("finalists", "4", 1, 1000, "recipes that are tried on all tuning seeds",
                      "this program"),
     Setting::integer("tuning_seeds", "3", 1, 1000,
                      "seeds that recipes are chosen by: from `seed` upwards", "this program"),
     Setting::integer("fresh_seeds", "12", 1, 1000,
                      "seeds that the chosen recipe is judged by: from `seed` + 1000 upwards",
                      "this program"),
     Setting::real("solved_share", "0.75", 0, 1, "of the fresh seeds, from which on a rung is solved",
                   "this program"),
     Setting::toggle("extend", "on", "try recipes beyond the edge where the best one lies", "this program"),
     Setting::choice("against", "first", {"first", "all"},
                     "what each contestant is compared with: the first one, or all", "this program")});

// ---- reading ------------------------------------------------------------------------------------

namespace {

// The lines that an experiment file does not have.
class Lines {
 public:
  explicit Lines(Plan& plan) : plan_(plan) {}

  bool take(const std::string& key, const std::string& text, const std::string& origin) {
    const std::string line = key + " = " + text;
    const auto rest = [&](const std::string& mark) -> std::optional<std::string> {
      if (!line.starts_with(mark)) return std::nullopt;
      return std::string(trim(line.substr(mark.size())));
    };
    if (const auto definition = rest("contestants:")) {
      add(plan_.contestants, *definition, origin);
    } else if (const auto rung = rest("rungs:")) {
      add(plan_.rungs, *rung, origin);
    } else if (const auto search = rest("search:")) {
      plan_.space.add(*search, origin);
      for (const std::string& key : plan_.space.keys()) own(key, origin, "search");
    } else if (const auto first = split_words(line)[0]; first.ends_with(':')) {
      const std::vector<std::string> known = {"contestants:", "rungs:", "search:"};
      throw usage_error(origin + ": got '" + clipped(first) + "', expected " + join(known, ", ") +
                        " or a definition" + did_you_mean(first, known));
    } else {
      return false;
    }
    return true;
  }

  // Keys that vary, and the lines that say so.
  struct Owner {
    std::string origin, part;
  };
  const std::map<std::string, Owner>& owners() const { return owners_; }

 private:
  void add(std::vector<Assignments>& to, const std::string& definition, const std::string& origin) {
    const Axis axis = lab::parse_definition(definition, origin, Experiment::most_runs);
    for (const std::string& key : axis.keys) own(key, origin, &to == &plan_.rungs ? "rungs" : "contestants");
    for (const auto& point : axis.points) {
      Assignments assignments;
      for (std::size_t i = 0; i < axis.keys.size(); ++i) assignments.emplace_back(axis.keys[i], point[i]);
      if (std::find(to.begin(), to.end(), assignments) != to.end())
        throw usage_error(origin + ": got '" + clipped(text_of(assignments)) + "', expected each once");
      to.push_back(std::move(assignments));
    }
  }

  void own(const std::string& key, const std::string& origin, const std::string& part) {
    const Setting* setting = find_setting(key);
    if (setting && (!setting->changes_results() || setting->group == Group::seed))
      throw usage_error(origin + ": key '" + clipped(key) + "': got it under '" + part +
                        "', expected a setting of task, model, training or evaluation");
    if (key == "eval_every" || key == "stop_when_solved" || (key == "steps" && part != "rungs"))
      throw usage_error(origin + ": key '" + key + "': got it under '" + part + "', expected one value for " +
                        (key == "steps" ? "all, or under 'rungs'" : "all"));
    const auto [known, added] = owners_.emplace(key, Owner{origin, part});
    if (!added && known->second.part != part)
      throw usage_error(origin + ": key '" + clipped(key) + "': got it under '" + part +
                        "', expected it under one kind of line; it is under '" + known->second.part +
                        "' in " + known->second.origin);
  }

  Plan& plan_;
  std::map<std::string, Owner> owners_;
};

}  // namespace

// The same contestant in other words, or two that a reader could not tell apart.
static void require_different_names(const Plan& plan, const std::string& file) {
  std::set<std::string> names;
  for (int contestant = 0; contestant < std::ssize(plan.contestants); ++contestant)
    if (const std::string name = plan.contestant_name(contestant); !names.insert(name).second)
      throw usage_error(file + ": contestants: got two that are called '" + name + "', expected each once");
}

// What has the same trainings would be compared with itself. `trainings`: of each of `names`.
static void require_different(const std::vector<std::string>& trainings, const std::vector<std::string>& names,
                              const std::string& what, const std::string& file) {
  std::map<std::string, std::string> known;
  for (std::size_t i = 0; i < trainings.size(); ++i)
    if (const auto [other, added] = known.emplace(trainings[i], names[i]); !added)
      throw usage_error(file + ": " + what + ": got '" + other->second + "' and '" + names[i] +
                        "', which are the same trainings, expected settings that have an effect");
}

// Looks at all trainings that the plan may want. A setting without effect in some (the score of a mixer
// that has none) is no fault; in all, it is noted.
static void look_at_trainings(Plan& plan, const std::string& file) {
  std::vector<std::string> of_contestant(plan.contestants.size()), of_rung(plan.rungs.size());
  std::vector<std::string> contestants, rungs;
  lab::WithoutEffect without_effect;
  for (int contestant = 0; contestant < std::ssize(plan.contestants); ++contestant) {
    contestants.push_back(plan.contestant_name(contestant));
    for (int rung = 0; rung < std::ssize(plan.rungs); ++rung) {
      if (contestant == 0) rungs.push_back(plan.rung_name(rung));
      for (int recipe = 0; recipe < std::ssize(plan.recipes); ++recipe) {
        const Settings s = plan.settings({contestant, rung, recipe, 0, 0});
        train::require_consistent(s);
        const std::string key = lab::run_key(s);
        of_contestant[static_cast<std::size_t>(contestant)] += key;
        of_rung[static_cast<std::size_t>(rung)] += key;
        without_effect.add(s);
      }
    }
  }
  require_different(of_contestant, contestants, "contestants", file);
  require_different(of_rung, rungs, "rungs", file);
  plan.notes = without_effect.notes();
}

Plan read_plan(const std::filesystem::path& path, const std::vector<lab::Override>& flags) {
  Plan plan;
  Lines lines(plan);
  const Experiment experiment = Experiment::load(
      path, flags, [&](const std::string& key, const std::string& text, const std::string& origin) {
        return lines.take(key, text, origin);
      });
  const auto needed = [&](bool there, const char* example) {
    if (!there)
      throw usage_error(path.string() + ": got no line '" + example + "', expected at least one");
  };
  needed(!plan.contestants.empty(), "contestants: score = dpa ea");
  needed(!plan.rungs.empty(), "rungs: (base, delay) = (8, 4) (8, 8)");
  needed(!plan.space.empty(), "search: learning_rate = 3e-4..3e-2 log");
  plan.name = experiment.name();
  const lab::Block& only = experiment.blocks().front();
  if (experiment.blocks().size() > 1 || !only.filters.empty())
    throw usage_error(path.string() + ": got 'block', 'only' or 'except', expected none: a climb is one block of rungs");
  for (const Axis& axis : only.axes) {
    if (axis.where)
      throw usage_error(axis.origin + ": got 'where', expected a line that holds in all of a climb");
    for (std::size_t i = 0; i < axis.keys.size(); ++i) {
      const std::string& key = axis.keys[i];
      if (const auto owner = lines.owners().find(key); owner != lines.owners().end())
        throw usage_error(axis.origin + ": key '" + key + "': got a value, expected none: it varies under '" +
                          owner->second.part + "' in " + owner->second.origin);
      if (axis.points.size() > 1)
        throw usage_error(axis.origin + ": key '" + key + "': got several values, expected one, or a line " +
                          "'contestants:', 'rungs:' or 'search:' that has them");
      plan.base.set(key, axis.points[0][i], axis.origin);
      plan.common.emplace_back(key, axis.points[0][i]);
    }
  }
  Settings resolved = plan.base;
  resolved.resolve();
  const auto integer = [&](const char* name) { return resolved.integer(name); };
  plan.rules = {.recipes = integer("recipes"), .halving = integer("halving"), .levels = integer("levels"),
                .finalists = integer("finalists"), .tuning_seeds = integer("tuning_seeds"),
                .fresh_seeds = integer("fresh_seeds"), .solved_share = resolved.real("solved_share")};
  plan.first_seed = static_cast<std::uint64_t>(resolved.big_integer("seed"));
  const auto last_seed = plan.first_seed + static_cast<std::uint64_t>(
      std::max(plan.rules.tuning_seeds, first_fresh_seed + plan.rules.fresh_seeds));
  if (last_seed > static_cast<std::uint64_t>(find_setting("seed")->maximum))
    throw resolved.invalid("seed", "one that leaves room for the fresh seeds above it");
  plan.recipes = plan.space.recipes(plan.rules.recipes,
                                    static_cast<std::uint64_t>(resolved.big_integer("recipe_seed")));
  plan.rules.recipes = static_cast<int>(plan.recipes.size());  // a small space has fewer
  plan.extend = resolved.toggle("extend");
  const bool all = resolved.text("against") == "all";
  const int count = static_cast<int>(plan.contestants.size());
  for (int b = 0; b < count; ++b)
    for (int a = b + 1; a < count; ++a)
      if (all || b == 0) plan.pairs.emplace_back(a, b);
  require_different_names(plan, path.string());
  look_at_trainings(plan, path.string());
  return plan;
}

// ---- the plan -----------------------------------------------------------------------------------

std::string Plan::contestant_name(int contestant) const {
  const Assignments& values = contestants[static_cast<std::size_t>(contestant)];
  std::vector<std::string> words;
  const auto said = [&](const char* name) {
    return std::any_of(values.begin(), values.end(), [&](const auto& one) { return one.first == name; });
  };
  // A pattern is one of some score's.
  if (said("pattern") && !said("score") && !said("mixer")) words.push_back(base.text("score"));
  std::string usual = values.back().second;  // where nothing is unusual: the score, if it is said
  for (const auto& [key, value] : values) {
    if (value != find_setting(key)->preset) words.push_back(value);
    if (key == "score") usual = value;
  }
  if (words.empty()) words.push_back(usual);
  return join(words, " ");
}

std::string Plan::rung_name(int rung) const { return text_of(rungs[static_cast<std::size_t>(rung)]); }

Assignments Plan::recipe(int number) const {
  const int within = static_cast<int>(recipes.size());
  if (number < within) return recipes[static_cast<std::size_t>(number)];
  for (std::size_t which = 0; which < recipes.size(); ++which)
    for (const auto& [further, recipe] : space.beyond(recipes, which))
      if (further == number - within) return recipe;
  throw failure("there is no recipe " + std::to_string(number));
}

std::vector<int> Plan::beyond(int recipe) const {
  std::vector<int> numbers;
  const int within = static_cast<int>(recipes.size());
  if (extend && recipe < within)
    for (const auto& [further, assignments] : space.beyond(recipes, static_cast<std::size_t>(recipe)))
      numbers.push_back(within + further);
  return numbers;
}

std::string Plan::edges_of(int recipe) const {
  if (recipe >= std::ssize(recipes)) return "it lies beyond the ranges";
  return join(space.edges(recipes, static_cast<std::size_t>(recipe)), "; ");
}

Settings Plan::settings(const Trial& trial) const {
  Settings s = base;
  const Assignments of_recipe = recipe(trial.recipe);
  const auto take = [&](const Assignments& part, const char* lines) {
    for (const auto& [key, value] : part) s.set(key, value, lines);
  };
  take(contestants[static_cast<std::size_t>(trial.contestant)], "contestants");
  take(rungs[static_cast<std::size_t>(trial.rung)], "rungs");
  take(of_recipe, "search");
  s.set("seed", std::to_string(first_seed + static_cast<std::uint64_t>(trial.seed)), "climb");
  if (trial.steps > 0) s.set("steps", std::to_string(trial.steps), "climb");
  s.resolve();
  return s;
}

std::filesystem::path Plan::directory() const {
  Settings s = base;
  s.resolve();
  if (s.text("out") != "auto") return s.text("out");
  return std::filesystem::path("data") / name;
}

static std::string lines_of(const char* mark, const std::vector<Assignments>& list) {
  std::string text;
  for (const Assignments& assignments : list) {
    std::vector<std::string> keys, values;
    for (const auto& [key, value] : assignments) keys.push_back(key), values.push_back(value);
    text += std::string(mark) + ": (" + join(keys, ", ") + ") = (" + join(values, ", ") + ")\n";
  }
  return text;
}

std::string Plan::resolved() const {
  std::string text = "# Resolved from " + name + "\n" + lines_of("contestants", contestants) +
                     lines_of("rungs", rungs);
  for (const std::string& definition : space.definitions()) text += "search: " + definition + "\n";
  for (const auto& [key, value] : common)
    if (find_setting(key)->group != Group::session) text += key + " = " + value + "\n";
  return text;
}

}  // namespace ladder::climb
