#include "lab/run_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ostream>

#include "base/checksum.h"

namespace ladder::lab {

namespace fs = std::filesystem;

// ---- a line -------------------------------------------------------------------------------------

static const std::string mark = "ladder1 ";

static constexpr std::string_view plain = "\t\n\r\\", coded = "tnr\\";

static std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto at = plain.find(c);
    if (at == std::string_view::npos) result += c;
    else result.append(1, '\\').append(1, coded[at]);
  }
  return result;
}

static std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto at = text[i] == '\\' && i + 1 < text.size() ? coded.find(text[i + 1]) : std::string_view::npos;
    if (at != std::string_view::npos) ++i;
    result += at == std::string_view::npos ? text[i] : plain[at];
  }
  return result;
}

std::string sealed(const std::string& text) { return mark + checksum(text) + " " + text + "\n"; }

std::string log_line(const RunRow& row, const std::string& version) {
  std::string text = "run=" + std::to_string(row.number);
  const auto add = [&](const std::string& name, const std::string& value) {
    text.append("\t").append(name).append("=").append(escaped(value));
  };
  for (const std::string& name : setting_columns()) add(name, row.settings.text(name));
  const auto cells = result_cells(row.result);
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (!cells[i].empty()) add(result_columns()[i], cells[i]);
  add("version", version);
  add("curve", curve_text(row.result.curve));
  return sealed(text);
}

static LoggedRun parse_line(std::string_view line, const std::string& place) {
  if (!line.starts_with(mark))
    throw failure(place + ": got '" + clipped(line) + "', expected a line that begins with '" + mark +
                  "' (it is damaged, or another version's)");
  const std::string_view sum = line.substr(mark.size(), 8);
  const std::string_view text = line.substr(std::min(line.size(), mark.size() + 9));
  if (sum != checksum(text))
    throw failure(place + ": checksum: got '" + clipped(sum) + "', expected '" + checksum(text) +
                  "': the line is damaged; without it the run would be made again");
  std::map<std::string, std::string> values;
  for (const std::string& part : split(text, '\t')) {
    const auto equals = part.find('=');
    if (equals == std::string::npos)
      throw failure(place + ": got '" + clipped(part) + "', expected name=value");
    if (!values.emplace(part.substr(0, equals), unescaped(part.substr(equals + 1))).second)
      throw failure(place + ": '" + clipped(part.substr(0, equals)) + "' stands there twice");
  }
  const auto value = [&](const std::string& name) -> const std::string* {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : &found->second;
  };
  LoggedRun run{{0, {}, read_result(value, place)}, "", place};
  for (const auto& [name, text_of] : values) {
    const auto& results = result_columns();
    if (name == "run") {
      const auto number = parse_whole(text_of);  // as runs.csv is read
      if (!number) throw failure(place + ": run: got '" + clipped(text_of) + "', expected a whole number from 0");
      run.row.number = static_cast<std::size_t>(*number);
    } else if (name == "version") {
      run.version = text_of;
    } else if (name == "curve") {
      const auto curve = parse_curve(text_of);
      if (!curve) throw failure(place + ": curve: expected 'step:loss:accuracy ...'");
      run.row.result.curve = *curve;
    } else if (std::find(results.begin(), results.end(), name) == results.end()) {
      restore(run.row.settings, name, text_of, place);
    }
  }
  run.row.settings.resolve();
  return run;
}

LogContent parse_log(std::string_view text, const std::string& origin) {
  LogContent content;
  for (std::size_t number = 1; content.sound < text.size(); ++number) {
    const std::string_view rest = text.substr(content.sound);
    const auto end = rest.find('\n');
    const bool last = end == std::string_view::npos || end + 1 == rest.size();
    const bool torn = end == std::string_view::npos || rest.find('\0') < end;
    const std::string place = origin + ":" + std::to_string(number);
    if (last && torn) {
      content.torn = place + ": the last line was not written to its end; it is dropped";
      break;
    }
    content.runs.push_back(parse_line(rest.substr(0, end), place));
    content.sound += end + 1;
  }
  return content;
}

// ---- all of them --------------------------------------------------------------------------------

void FinishedRuns::add(LoggedRun run) {
  const RunKey key = run_key(run.row.settings);
  const auto [found, added] = runs_.try_emplace(key, std::move(run));
  if (added) return;
  LoggedRun& known = found->second;
  if (known.row.result.status == Status::failed) {
    known = std::move(run);
    return;
  }
  if (run.row.result.status == Status::failed) return;
  const std::string differs = difference(run.row.result, known.row.result, true);
  if (!differs.empty()) {
    std::string versions;
    if (run.version != known.version)
      versions = " (made by version " + run.version + " and by " + known.version + ")";
    throw failure(run.place + " is the same run as " + known.place + ", but has " + differs + versions);
  }
}

const LoggedRun* FinishedRuns::find(const RunKey& key) const {
  const auto found = runs_.find(key);
  return found == runs_.end() ? nullptr : &found->second;
}

std::vector<const LoggedRun*> FinishedRuns::all() const {
  std::vector<const LoggedRun*> runs;
  for (const auto& [key, run] : runs_) runs.push_back(&run);
  std::stable_sort(runs.begin(), runs.end(), [](const LoggedRun* a, const LoggedRun* b) {
    return a->row.number < b->row.number;
  });
  return runs;
}

static std::vector<fs::path> log_paths(const fs::path& directory) {
  std::vector<fs::path> paths;
  std::error_code ignored;
  for (fs::directory_iterator entry(directory, ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("runs") && name.ends_with(".log")) paths.push_back(entry->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool has_logs(const fs::path& directory) { return !log_paths(directory).empty(); }

FinishedRuns read_logs(const fs::path& directory, std::ostream& notes) {
  FinishedRuns finished;
  for (const fs::path& path : log_paths(directory)) {
    LogContent content = parse_log(read_file(path), path.string());
    if (!content.torn.empty()) notes << "note: " << content.torn << "\n";
    for (LoggedRun& run : content.runs) finished.add(std::move(run));
  }
  return finished;
}

// ---- writing ------------------------------------------------------------------------------------

RunLog::RunLog(const fs::path& directory, Shard shard) {
  path_ = directory / (shard.count == 1 ? std::string("runs.log")
                                        : "runs-" + std::to_string(shard.index) + "of" +
                                              std::to_string(shard.count) + ".log");
  if (fs::exists(path_)) content_ = read_file(path_);
  content_.resize(parse_log(content_, path_.string()).sound);
  open(0);
}

void RunLog::open(int flags) {
  std::error_code ignored;  // open says what is wrong
  fs::create_directories(path_.parent_path(), ignored);
  file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0666));
  if (!file_) throw_cannot("write", path_);
  if (ftruncate(file_.get(), static_cast<off_t>(content_.size())) != 0) throw_cannot("write", path_);
  // The file's name is forced to the disk as well.
  const Descriptor directory(::open(path_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) fsync(directory.get());
}

bool RunLog::vanished() const {
  struct stat mine = {}, there = {};
  return !file_ || fstat(file_.get(), &mine) != 0 || stat(path_.c_str(), &there) != 0 ||
         mine.st_ino != there.st_ino || mine.st_dev != there.st_dev;
}

void RunLog::write(std::string_view text) {
  ssize_t written;
  do written = ::write(file_.get(), text.data(), text.size());
  while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(text.size()) && fsync(file_.get()) == 0) return;
  if (written >= 0 && written < static_cast<ssize_t>(text.size())) errno = ENOSPC;
  const int reason = errno;
  // A part of a line must not stay before the next one.
  (void)!ftruncate(file_.get(), static_cast<off_t>(content_.size()));
  errno = reason;
  throw_cannot("write", path_);
}

void RunLog::append(const RunRow& row, const std::string& version) {
  // Made again only where there is none: what stands there now may be another process's.
  if (vanished()) {
    file_ = Descriptor();
    const std::string all = std::exchange(content_, "");
    try {
      open(O_EXCL);
      write(all);
    } catch (const Error&) {
      if (file_) unlink(path_.c_str());
      content_ = all;
      file_ = Descriptor();
      throw;
    }
    content_ = all;
  } else if (ftruncate(file_.get(), static_cast<off_t>(content_.size())) != 0) {
    throw_cannot("write", path_);  // a part of a line that could not be taken away last time
  }
  const std::string line = log_line(row, version);
  write(line);
  content_ += line;
}

}  // namespace ladder::lab
