#include "base/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/version.h"
#include "ladder/base/text.h"

namespace ladder {

namespace fs = std::filesystem;

static Descriptor opened(const fs::path& path) {
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file) throw_cannot("lock", path);
  return file;
}

static bool flocked(const Descriptor& file, int operation) {
  while (flock(file.get(), operation) != 0)
    if (errno != EINTR) return false;
  return true;
}

static std::string myself() {
  char host[256] = "unknown";
  gethostname(host, sizeof host - 1);
  return "process " + std::to_string(getpid()) + " on " + host + " since " + utc_now();
}

std::string Lock::holder(const fs::path& path) {
  // To write: NFS gives an exclusive lock on nothing else.
  const Descriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file || flocked(file, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK) return "";  // let go at once
  const std::string holder(trim(read_file(path)));
  return holder.empty() ? "another process" : clipped(holder);
}

Lock::Lock(const fs::path& path, Kind kind) : file_(opened(path)) {
  if (!flocked(file_, (kind == Kind::shared ? LOCK_SH : LOCK_EX) | LOCK_NB)) {
    if (errno != EWOULDBLOCK) throw_cannot("lock", path);
    const std::string holder(trim(read_file(path)));
    throw failure("'" + path.parent_path().string() + "' is in use by " +
                  (holder.empty() ? "another process" : clipped(holder)));
  }
  // Who came last stands in the file; of several that share it, any will do.
  const std::string text = myself() + "\n";
  if (ftruncate(file_.get(), 0) != 0 ||
      pwrite(file_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return;  // a full disk: the lock holds all the same
}

Lock Lock::wait(const fs::path& path) {
  Descriptor file = opened(path);
  if (!flocked(file, LOCK_EX)) throw_cannot("lock", path);
  return Lock(std::move(file));
}

}  // namespace ladder
