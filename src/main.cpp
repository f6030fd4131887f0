// ladder COMMAND ...: finds the command, runs it, and is the only place that catches.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <new>

#include "base/version.h"
#include "cli/command.h"
#include "ladder/base/plugin.h"

using namespace ladder;
using namespace ladder::cli;

// ---- memory: who asks for too much is told how much it was --------------------------------------

// Clang's sanitizers bring their own operators.
#if !defined(__has_feature)
#define __has_feature(x) 0
#endif
#if !__has_feature(thread_sanitizer) && !__has_feature(address_sanitizer)

namespace {

class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(std::size_t bytes) {
    std::snprintf(text_, sizeof text_, "out of memory: %.3g GB were asked for",
                  static_cast<double>(bytes) / 1e9);
  }
  const char* what() const noexcept override { return text_; }

 private:
  char text_[64];  // there is no memory for a string
};

void* take(std::size_t bytes, std::size_t alignment) {
  const std::size_t whole = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  void* memory = whole < bytes ? nullptr : std::aligned_alloc(alignment, whole);
  if (!memory) throw OutOfMemory(bytes);
  return memory;
}

}  // namespace

void* operator new(std::size_t n) { return take(n, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(std::size_t n, std::align_val_t a) { return take(n, static_cast<std::size_t>(a)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

#endif

// ---- commands -----------------------------------------------------------------------------------

static ExitCode dispatch(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::cerr << general_help(false);
    return ExitCode::usage;
  }
  if (words[0] == "--version") {
    if (words.size() > 1)
      throw usage_error("flag --version: got '" + clipped(words[1]) + "', expected nothing behind it");
    std::cout << "ladder " << version() << "\n";
    return ExitCode::ok;
  }
  const std::string name = words[0] == "--help" || words[0] == "-h" ? "help" : words[0];
  const Command& command = Registry<Command>::get(name);
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  const bool all = std::find(rest.begin(), rest.end(), "all") != rest.end();
  for (const std::string& word : rest)
    if (word == "--help" || word == "-h") {
      std::cout << command_help(command, all);
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
  } catch (const std::exception& error) {
    std::cerr << "ladder: " << error.what() << "\n";
  }
  return static_cast<int>(code);
}
