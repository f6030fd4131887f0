// ladder verify: this program against independent reference cases.
#include "train/verify.h"

#include <cstdio>
#include <iostream>

#include "cli/command.h"

namespace ladder::cli {

using namespace train;

static std::string scientific(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2e", value);
  return text;
}

static ExitCode run_verify(const Arguments& arguments) {
  bool all_ok = true;
  for (const std::string& path : arguments.positional) {
    const auto groups = verify(path);
    std::cout << path << "\n";
    for (const GroupError& g : groups) {
      std::cout << "  " << pad_right(g.group, 10) << (g.ok() ? "ok    " : "WRONG ") << "difference "
                << scientific(g.difference) << " of " << scientific(g.tolerance) << " allowed  ("
                << g.worst << ")\n";
      all_ok &= g.ok();
    }
  }
  if (!all_ok) std::cerr << "some groups are beyond their tolerance\n";
  return all_ok ? ExitCode::ok : ExitCode::failure;
}

static const Registered<Command> registered({
    .name = "verify",
    .positional = "FILE...",
    .summary = "computes reference cases and prints the worst error of each group of tensors",
    .details = "The form of a case and its tolerances: tests/fixtures/README.md.\n"
               "  ladder verify tests/fixtures/*.safetensors",
    .flags = {},
    .groups = {},
    .run = run_verify,
});

}  // namespace ladder::cli
