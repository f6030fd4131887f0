// ladder sample: what the tasks look like.
#include <iostream>

#include "cli/command.h"
#include "cli/task_text.h"

namespace ladder::cli {

using namespace tasks;

static ExitCode run_sample(const Arguments& arguments) {
  const Settings s = single_run(arguments);
  std::int64_t count = 5;
  if (arguments.has("count")) {
    const auto given = parse_integer(arguments.flags.at("count"));
    if (!given || *given < 1 || *given > 1'000'000)
      throw usage_error("flag --count: got '" + arguments.flags.at("count") + "', expected an integer in 1 .. 1000000");
    count = *given;
  }
  const Split split = arguments.has("held-out") ? Split::evaluation : Split::training;
  const auto task = make_task(s);
  std::cout << "# " << described(*task) << "\n";
  Sequence sequence;
  for (std::int64_t i = 0; i < count; ++i) {
    task->draw(static_cast<std::uint64_t>(s.big_integer("seed")), split, i, sequence);
    std::cout << (i ? "\n" : "") << pictured(*task, sequence);
  }
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "sample",
    .positional = "",
    .summary = "prints sequences of a task, and what is to be said there",
    .details = "  ladder sample --base 4 --delay 3+5",
    .flags = {{"count", "N", "how many sequences (default 5)"},
              {"held-out", "", "from the evaluation split rather than the training split"}},
    .groups = {Group::task, Group::seed},
    .run = run_sample,
    .often = true,
});

}  // namespace ladder::cli
