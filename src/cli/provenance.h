// What made results, for whoever finds them later.
#pragma once

#include <string>

#include "cli/command.h"

namespace ladder::cli {

// The command as it was typed, quoted so that it can be pasted into a shell.
std::string command_line(const std::string& command, const Arguments& arguments);

// command, version, machine, threads, started, seconds: a line each, as provenance.txt has them.
std::string provenance(const std::string& command, const Arguments& arguments, int threads,
                       const std::string& started, double seconds);

}  // namespace ladder::cli
