// ladder gradcheck: every operation against its plain computation, in values and gradients.
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "cli/command.h"
#include "nn/cases.h"

namespace ladder::cli {

using namespace tensor;

static std::string short_number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1e", x);
  return text;
}

static ExitCode run_gradcheck(const Arguments&) {
  std::vector<std::vector<std::string>> lines = {
      {"case", "", "gradient", "double", "float", "derivatives", "at kinks", ""}};
  std::size_t wrong = 0;
  const std::vector<OperationCase> cases = nn::all_cases();
  for (const OperationCase& c : cases) {
    const CaseErrors e = check(c);
    const std::string fault = verdict(e, c);
    lines.push_back({c.name, fault.empty() ? "ok" : "WRONG", short_number(e.gradient),
                     c.plain ? short_number(e.in_double) : "", short_number(e.in_float),
                     std::to_string(e.derivatives), std::to_string(e.left_out), fault});
    wrong += !fault.empty();
  }
  std::cout << aligned(lines, {false, false, true, true, true, true, true, false}) << "\n"
            << "Relative errors: of the gradient in double against numeric derivatives, and of the results in\n"
               "double and in float, all of the plain computation; without one (no error in double), of the\n"
               "operation in double. At kinks a numeric derivative is uncertain and not compared.\n"
            << cases.size() - wrong << " of " << cases.size() << " cases within " << to_text(gradient_tolerance)
            << ", " << to_text(double_tolerance) << ", and in float " << to_text(OperationCase().tolerance)
            << " (whole mixers 10 times that)\n";
  return wrong ? ExitCode::failure : ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "gradcheck",
    .positional = "",
    .summary = "checks every operation, score, pattern and mixer against its plain computation",
    .details =
        "The results, in double and float, are compared with the formula written plainly in double, the\n"
        "gradients with numeric derivatives of that.",
    .flags = {},
    .groups = {},
    .run = run_gradcheck,
});

}  // namespace ladder::cli
