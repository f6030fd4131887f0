// ladder cycles: the exact attractors of the NT rule.
#include "tasks/cycles.h"

#include <iostream>

#include "cli/command.h"
#include "ladder/base/math.h"

namespace ladder::cli {

using namespace tasks;

// base and delay only: a flag of its own would be a second name for a setting.
static int given(const Arguments& arguments, const std::string& key) {
  const auto& text = arguments.flags.contains(key) ? arguments.flags.at(key) : Registry<Setting>::get(key).preset;
  Settings settings;
  settings.set(key, text, "flag --" + key);
  const auto values = settings.integers(key);
  if (values.size() != 1) throw settings.invalid(key, "one value");
  return values[0];
}

static ExitCode run_cycles(const Arguments& arguments) {
  const int base = given(arguments, "base"), delay = given(arguments, "delay");
  const Cycles cycles = find_cycles(base, delay);
  std::cout << "x[t] = (x[t-1] + x[t-" << delay << "]) mod " << base << ": " << cycles.states
            << " states, " << fixed(delay * math::log2(base), 2) << " bits\n";
  if (cycles.transient) std::cout << cycles.transient << " states lie on no cycle\n";
  std::cout << pad_left("length", 12) << pad_left("cycles", 12) << "\n";
  for (const auto& [length, count] : cycles.count)
    std::cout << pad_left(std::to_string(length), 12) << pad_left(std::to_string(count), 12) << "\n";
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "cycles",
    .positional = "",
    .summary = "lists the attractors of the NT rule: cycle lengths and how many of each",
    .details = "All base^delay states are walked, at most " + std::to_string(most_states) +
               " of them.\n  ladder cycles --base 4 --delay 5",
    .flags = {{"base", "N", "number of symbols"}, {"delay", "N", "how far back the rule looks"}},
    .groups = {},
    .run = run_cycles,
});

}  // namespace ladder::cli
