#include "cli/provenance.h"

#include "base/version.h"

namespace ladder::cli {

static std::string quoted(const std::string& word) {
  const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=+,:@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string command_line(const std::string& command, const Arguments& arguments) {
  std::string text = "ladder " + command;
  for (const std::string& word : arguments.words) text.append(" ").append(quoted(word));
  return text;
}

std::string provenance(const std::string& command, const Arguments& arguments, int threads,
                       const std::string& started, double seconds) {
  return "command  " + command_line(command, arguments) + "\nversion  " + version() + "\nmachine  " +
         machine() + "\nthreads  " + std::to_string(threads) + "\nstarted  " + started +
         "\nseconds  " + fixed(seconds, 0) + "\n";
}

}  // namespace ladder::cli
