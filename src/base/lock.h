// A lock between processes: the system frees it when its holder ends, however that ends.
#pragma once

#include <filesystem>
#include <string>

#include "base/files.h"

namespace ladder {

class Lock {
 public:
  enum class Kind { shared, exclusive };

  // Throws a failure that says who holds the lock and since when, if it cannot be had. `path` is a
  // file that is made for it.
  Lock(const std::filesystem::path& path, Kind kind);
  // Waits for it, exclusive.
  static Lock wait(const std::filesystem::path& path);
  // Who holds it, for people; empty: nobody.
  static std::string holder(const std::filesystem::path& path);

 private:
  explicit Lock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

}  // namespace ladder
