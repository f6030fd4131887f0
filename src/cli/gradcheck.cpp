// ladder gradcheck: every operation's gradient against finite differences, in double.
#include "ladder/tensor/gradcheck.h"

#include <cstdio>
#include <iostream>

#include "cli/command.h"
#include "ladder/nn/attention.h"

namespace ladder::cli {

using namespace tensor;
using namespace nn;

static constexpr double tolerance = 1e-6;

static ExitCode run_gradcheck(const Arguments&) {
  std::vector<GradientCase> cases = Registry<GradientCase>::all();
  for (const Score& score : Registry<Score>::all())
    for (GradientCase& c : attention_gradient_cases(score)) cases.push_back(std::move(c));
  int wrong = 0;
  for (const GradientCase& c : cases) {
    const GradientError error = check_gradient(c);
    const bool ok = error.relative <= tolerance;
    char text[32];
    std::snprintf(text, sizeof text, "%.1e", error.relative);
    std::cout << pad_right(c.name, 28) << (ok ? "ok    " : "WRONG ") << text << " relative, "
              << error.elements << " derivatives\n";
    wrong += !ok;
  }
  std::cout << cases.size() - wrong << " of " << cases.size() << " gradients within "
            << to_text(tolerance) << "\n";
  return wrong ? ExitCode::failure : ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "gradcheck",
    .positional = "",
    .summary = "checks the gradient of every operation and score against finite differences",
    .details = "",
    .flags = {},
    .groups = {},
    .run = run_gradcheck,
});

}  // namespace ladder::cli
