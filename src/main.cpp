// ladder COMMAND ...: finds the command, runs it, and is the only place that catches.
#include <iostream>
#include <new>

#include "base/version.h"
#include "cli/command.h"
#include "ladder/base/plugin.h"

using namespace ladder;
using namespace ladder::cli;

static ExitCode dispatch(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::cerr << general_help();
    return ExitCode::usage;
  }
  if (words[0] == "--version") {
    std::cout << "ladder " << version() << "\n";
    return ExitCode::ok;
  }
  const std::string name = words[0] == "--help" || words[0] == "-h" ? "help" : words[0];
  const Command& command = Registry<Command>::get(name);
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  for (const std::string& word : rest)
    if (word == "--help" || word == "-h") {
      std::cout << command_help(command);
      return ExitCode::ok;
    }
  return command.run(parse_arguments(command, rest));
}

int main(int argc, char** argv) {
  ExitCode code = ExitCode::failure;
  try {
    require_registrations();
    code = dispatch({argv + 1, argv + argc});
    std::cout.flush();
    if (!std::cout) throw failure("cannot write to standard output");
  } catch (const Error& error) {
    std::cerr << "ladder: " << error.what() << "\n";
    code = error.code();
  } catch (const std::bad_alloc&) {
    std::cerr << "ladder: out of memory\n";
  } catch (const std::exception& error) {
    std::cerr << "ladder: " << error.what() << "\n";
  }
  return static_cast<int>(code);
}
