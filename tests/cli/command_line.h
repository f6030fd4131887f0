// The real binary, run in a directory of its own: exit codes and messages. LADDER names it; tests run in the
// program's folder.
#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "../scratch.h"
#include "base/files.h"
#include "base/table.h"
#include "ladder/base/text.h"

namespace ladder::command_line {

namespace fs = std::filesystem;

struct Output {
  int code;
  std::string text;  // standard output and error

  bool has(const std::string& part) const { return text.find(part) != std::string::npos; }
  // Wherever lines were broken.
  bool has_words(const std::string& part) const {
    return join(split_words(text), " ").find(join(split_words(part), " ")) != std::string::npos;
  }
};

// For doctest: what a failed check shows.
inline std::string shown(const Output& out) { return std::to_string(out.code) + ": " + out.text; }

inline std::string quoted(const fs::path& path) {
  return std::string("'").append(path.string()).append("'");
}

inline const fs::path& home() {
  static const fs::path path = fs::current_path();
  return path;
}
inline const std::string quick = quoted(home() / "tests/quick.txt");
inline const fs::path fixture = home() / "tests/fixtures/ea_alibi_relu_sgd.safetensors";

inline fs::path binary() {
  const char* path = std::getenv("LADDER");
  REQUIRE_MESSAGE(path, "LADDER must name the binary");
  return fs::absolute(path);
}

// A directory that goes away with the test, to run in.
class Scratch : public ::Scratch {
 public:
  bool is_empty() const { return fs::is_empty(path()); }

  Output run(const std::string& words) const { return shell(quoted(binary()) + " " + words); }

  Output shell(const std::string& words) const {
    const std::string command = "cd " + quoted(path()) + " && " + words + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    Output out{0, ""};
    char buffer[4096];
    while (const std::size_t n = fread(buffer, 1, sizeof buffer, pipe)) out.text.append(buffer, n);
    const int status = pclose(pipe);
    out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    // A sanitizer's report must not pass for a failure that was expected.
    CHECK_FALSE(out.has("Sanitizer"));
    CHECK_FALSE(out.has("runtime error"));
    return out;
  }
};

inline Output run(const std::string& words) { return Scratch().run(words); }

// Expects the exit code and parts of what is printed.
inline void expect(const Output& out, int code, const std::vector<std::string>& parts) {
  INFO(shown(out));
  CHECK(out.code == code);
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK((out.has(part) || out.has_words(part)));
  }
}
inline void expect(const std::string& words, int code, const std::vector<std::string>& parts) {
  CAPTURE(words);
  expect(run(words), code, parts);
}

// A run of a few milliseconds.
inline const std::string tiny =
    " --base 4 --delay 2 --context 7 --d_model 8 --heads 2 --batch 8 --mlp_ratio 2 --steps 12"
    " --eval_every 6 --eval_sequences 20 ";

inline std::string without_seconds(const fs::path& path) {
  Table runs = Table::read(path);
  for (std::size_t i = 0; i < runs.rows(); ++i) runs.set(i, "seconds", "");
  return runs.to_csv();
}

}  // namespace ladder::command_line
