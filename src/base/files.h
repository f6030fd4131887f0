// Files, whole: read at once, replaced at once.
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <utility>
#include <string>
#include <string_view>

#include "ladder/base/error.h"

namespace ladder {

// The file's bytes. Throws a failure that names the path and the reason.
std::string read_file(const std::filesystem::path& path);

enum class Durable { no, yes };  // whether it must outlive a loss of power, which costs a while

// Replaces the file by writing a temporary one beside it and renaming it: a reader sees the old
// content or the new, never a part. Throws a failure.
void write_file(const std::filesystem::path& path, std::string_view content,
                Durable durable = Durable::no);

// The same for an HTML page, but throws a failure rather than replace one that this program has not made: it
// begins otherwise than `html` does before its first style or title.
void write_page(const std::filesystem::path& path, std::string_view html);

// Adds to the end of the file, which is made if need be. Throws a failure.
void append_file(const std::filesystem::path& path, std::string_view content);

// Removes what a write_file that was killed left in the directory.
void remove_partial_files(const std::filesystem::path& directory);

// Moves the directory beside itself, to the first of "NAME.old1", "NAME.old2", ... that is free, and
// returns that. Throws a failure.
std::filesystem::path move_aside(const std::filesystem::path& directory);

// Calls `write` until it does not throw a failure, for `seconds`: a disk may be full for a while. The
// first failure is told at once; throws the last one.
void write_patiently(double seconds, const std::function<void()>& write,
                     const std::function<void(const std::string&)>& tell);

// For write_patience(), telling on `out`, a line a time.
void write_patiently(const std::function<void()>& write, std::ostream& out);

// How long that is: 60 s, or what LADDER_WRITE_PATIENCE says (for tests).
double write_patience();

// "quick" of data/quick and of data/quick/.
std::string last_name(const std::filesystem::path& directory);

// Makes the directory if need be and proves that a file can be written there. Throws a failure.
void require_writable(const std::filesystem::path& directory);

// Throws a failure "cannot WHAT 'PATH': the reason of errno".
[[noreturn]] void throw_cannot(const char* what, const std::filesystem::path& path);

// An open file of the system, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  bool close();  // false, and errno says why, where what was written before could not be kept
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

}  // namespace ladder
