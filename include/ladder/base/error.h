// The one exception type of the program. It is thrown anywhere and caught in main only.
#pragma once

#include <stdexcept>
#include <string>

namespace ladder {

// What the process returns: 0 done, 1 it could not be done, 2 it was asked for in a wrong way.
// Or a signal stopped it: 128 and its number, as shells have it.
enum class ExitCode { ok = 0, failure = 1, usage = 2, interrupted = 130, terminated = 143 };

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// What the user typed is wrong: a flag, a file's line, a value.
inline Error usage_error(const std::string& message) { return {ExitCode::usage, message}; }
// What the user typed is right, but it cannot be done: no such file, a full disk, ...
inline Error failure(const std::string& message) { return {ExitCode::failure, message}; }

}  // namespace ladder
