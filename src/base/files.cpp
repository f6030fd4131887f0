#include "base/files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "ladder/base/error.h"

namespace ladder {

namespace fs = std::filesystem;

static Error cannot(const char* what, const fs::path& path, const std::string& reason) {
  return failure(std::string("cannot ") + what + " '" + path.string() + "': " + reason);
}

std::string read_file(const fs::path& path) {
  std::error_code ignored;  // a path that cannot even be asked about fails to open, just below
  if (fs::is_directory(path, ignored)) throw cannot("read", path, "it is a directory");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw cannot("read", path, std::strerror(errno));
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_file(const fs::path& path, std::string_view content) {
  fs::path temporary = path;
  temporary += ".partial";
  std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
  if (!stream) throw cannot("write", path, std::strerror(errno));
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
  stream.close();
  if (!stream) throw cannot("write", path, std::strerror(errno));
  std::error_code error;
  fs::rename(temporary, path, error);
  if (error) throw cannot("write", path, error.message());
}

void require_writable(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw cannot("make the directory", directory, error.message());
  const fs::path probe = directory / ".writable";
  write_file(probe, "");
  fs::remove(probe, error);
}

std::string last_name(const std::filesystem::path& directory) {
  return (directory / "").parent_path().filename().string();
}

}  // namespace ladder
