#include <iostream>

#include "cli/command.h"

namespace ladder::cli {

static const Registered<Command> registered({
    .name = "help",
    .positional = "[COMMAND]",
    .summary = "explains the program or a command",
    .details = "",
    .flags = {},
    .groups = {},
    .run =
        [](const Arguments& arguments) {
          std::cout << (arguments.positional.empty()
                            ? general_help()
                            : command_help(Registry<Command>::get(arguments.positional[0])));
          return ExitCode::ok;
        },
});

}  // namespace ladder::cli
