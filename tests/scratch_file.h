// A file that goes away with the test.
#pragma once

#include <filesystem>
#include <string>

#include "base/files.h"

class ScratchFile {
 public:
  ScratchFile(const std::string& name, const std::string& content)
      : folder_(std::filesystem::temp_directory_path() /
                ("ladder_scratch_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)))) {
    std::filesystem::create_directories(folder_);
    ladder::write_file(path_ = folder_ / name, content);
  }
  ScratchFile(const ScratchFile&) = delete;
  ~ScratchFile() { std::filesystem::remove_all(folder_); }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path folder_, path_;
};
