// A directory that goes away with the test.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>

class Scratch {
 public:
  Scratch()
      : path_(std::filesystem::temp_directory_path() /
              ("ladder_scratch_" + std::to_string(getpid()) + "_" +
               std::to_string(reinterpret_cast<std::uintptr_t>(this)))) {
    std::filesystem::create_directories(path_);
  }
  Scratch(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path_); }

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};
