#include "base/files.h"

#include <fcntl.h>
#include <unistd.h>
#include <ostream>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/signals.h"
#include "ladder/base/text.h"

namespace ladder {

namespace fs = std::filesystem;

static const char* const partial = ".partial";

static Error cannot(const char* what, const fs::path& path, const std::string& reason) {
  return failure(std::string("cannot ") + what + " '" + path.string() + "': " + reason);
}

void throw_cannot(const char* what, const fs::path& path) {
  throw cannot(what, path, std::strerror(errno));
}

Descriptor::~Descriptor() { close(); }

bool Descriptor::close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0 || errno == EINTR; }

std::string read_file(const fs::path& path) {
  std::error_code ignored;  // a path that cannot even be asked about fails to open, just below
  if (fs::is_directory(path, ignored)) throw cannot("read", path, "it is a directory");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw_cannot("read", path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

static void write_whole(int file, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_cannot("write", path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

void write_file(const fs::path& path, std::string_view content, Durable durable) {
  // The process's own name, as several may write here at once.
  fs::path temporary = path;
  temporary += std::string(".").append(std::to_string(getpid())).append(partial);
  try {
    Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file) throw_cannot("write", path);
    write_whole(file.get(), content, path);
    if (durable == Durable::yes && fsync(file.get()) != 0) throw_cannot("write", path);
    if (!file.close()) throw_cannot("write", path);  // NFS and quotas tell it only now
    std::error_code error;
    fs::rename(temporary, path, error);
    if (error) throw cannot("write", path, error.message());
  } catch (const Error&) {
    unlink(temporary.c_str());
    throw;
  }
}

void write_page(const fs::path& path, std::string_view html) {
  const std::string_view head = html.substr(0, std::min(html.find("<style>"), html.find("<title>")));
  if (fs::exists(path) && !read_file(path).starts_with(head))
    throw failure("'" + path.string() + "' is there and not of this program: move it away, or give another directory");
  write_file(path, html);
}

void append_file(const fs::path& path, std::string_view content) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!file) throw_cannot("write", path);
  const off_t size = lseek(file.get(), 0, SEEK_END);
  try {
    write_whole(file.get(), content, path);
    if (!file.close()) throw_cannot("write", path);
  } catch (const Error&) {  // a part must not stay: who tries again appends all of it
    (void)!truncate(path.c_str(), size);
    throw;
  }
}

void remove_partial_files(const fs::path& directory) {
  std::error_code ignored;
  for (fs::directory_iterator entry(directory, ignored), end; entry != end; entry.increment(ignored))
    if (entry->path().extension() == partial) fs::remove(entry->path(), ignored);
}

fs::path move_aside(const fs::path& directory) {
  const fs::path whole = (directory / "").parent_path();  // without a slash at its end
  for (int number = 1;; ++number) {
    fs::path aside = whole;
    aside += ".old" + std::to_string(number);
    std::error_code error;
    if (fs::exists(aside, error)) continue;
    fs::rename(whole, aside, error);
    if (error) throw cannot("move aside", directory, error.message());
    return aside;
  }
}

void write_patiently(const std::function<void()>& write, std::ostream& out) {
  write_patiently(write_patience(), write, [&](const std::string& what) { out << what << std::endl; });
}

double write_patience() {
  const char* given = std::getenv("LADDER_WRITE_PATIENCE");
  return given ? parse_real(given).value_or(60) : 60;
}

void write_patiently(double seconds, const std::function<void()>& write,
                     const std::function<void(const std::string&)>& tell) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (bool first = true;; first = false) {
    try {
      write();
      return;
    } catch (const Error& error) {
      if (Clock::now() >= end || (!first && stop_signal())) throw;
      if (first)
        tell(std::string(error.what()) + "; trying again for " + fixed(seconds, 0) + " s");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
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
