// A file that goes away with the test.
#pragma once

#include "base/files.h"
#include "scratch.h"

class ScratchFile {
 public:
  ScratchFile(const std::string& name, const std::string& content) : path_(folder_ / name) {
    ladder::write_file(path_, content);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  const Scratch folder_;
  const std::filesystem::path path_;
};
