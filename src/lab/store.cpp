#include "lab/store.h"

#include <algorithm>
#include <ostream>
#include <set>

#include "base/checksum.h"
#include "ladder/base/random.h"

namespace ladder::lab {

namespace fs = std::filesystem;

std::vector<Lock> Store::lock() {
  const bool whole = shard_.count == 1;
  std::vector<Lock> locks;
  locks.emplace_back(directory_ / ".lock", whole ? Lock::Kind::exclusive : Lock::Kind::shared);
  if (!whole)
    locks.emplace_back(directory_ / (".lock-" + std::to_string(shard_.index) + "of" +
                                     std::to_string(shard_.count)),
                       Lock::Kind::exclusive);
  return locks;
}

bool holds_climb(const fs::path& directory) {
  const fs::path path = directory / "experiment.txt";
  return fs::exists(path) && ("\n" + read_file(path)).find("\ncontestants:") != std::string::npos;
}

std::string results_in(const fs::path& directory) {
  if (has_logs(directory)) return "a log of runs";
  for (const char* name : {"runs.csv", "curves.csv", "checkpoint.safetensors", "bench.csv"})
    if (fs::exists(directory / name)) return name;
  return "";
}

void move_results_aside(const fs::path& directory, std::ostream& notes) {
  if (results_in(directory).empty()) return;
  const Lock alone(directory / ".lock", Lock::Kind::exclusive);
  notes << "the old results are now in " << move_aside(directory).string() << "\n";
  require_writable(directory);
}

Store::Store(fs::path directory, Shard shard, Old old, std::ostream& notes, Of of)
    : notes_(notes), directory_(std::move(directory)), shard_(shard) {
  require_writable(directory_);
  if (old == Old::move_aside) move_results_aside(directory_, notes);
  locks_ = lock();
  const std::string there = results_in(directory_);
  if (!there.empty() && !has_logs(directory_))
    throw usage_error("'" + directory_.string() + "' has results, but no log of their runs (" + there +
                      ": an older version or another command made it): --fresh moves them aside, another --out "
                      "keeps both");
  if (!there.empty() && fs::exists(directory_ / "experiment.txt") && holds_climb(directory_) != (of == Of::climb))
    throw usage_error("'" + directory_.string() + "' has " + (of == Of::climb ? "runs that are no climb's" : "a climb") +
                      ": --fresh moves them aside, another --out keeps both");
  if (shard_.count == 1) {
    remove_partial_files(directory_);
    remove_partial_files(directory_ / "unfinished");
  }
  finished_ = read_logs(directory_, notes);
  log_.emplace_back(directory_, shard_);
  std::set<std::string> versions;
  for (const LoggedRun* run : finished_.all()) versions.insert(run->version);
  versions.erase(version());
  if (!versions.empty())
    notes << "note: finished runs here were made by version "
          << join({versions.begin(), versions.end()}, ", ") << "; this is " << version() << "\n";
}

void Store::append(const RunRow& row, const std::string& version) {
  write_patiently(write_patience(), [&] { log_[0].append(row, version); },
                  [&](const std::string& what) { notes_ << "\n" << what << std::endl; });
  finished_.add({row, version, log_[0].path().string()});
}

std::vector<RunRow> Store::write_tables(const std::vector<RunKey>& runs) {
  std::vector<Lock> others;
  if (shard_.count > 1) {
    others.push_back(tables_lock());
    std::ostream nowhere(nullptr);  // what another part is writing just now looks torn
    finished_ = read_logs(directory_, nowhere);
  }
  std::vector<RunRow> rows;
  std::set<RunKey> known;
  for (std::size_t number = 0; number < runs.size(); ++number) {
    known.insert(runs[number]);
    if (const LoggedRun* run = finished_.find(runs[number])) {
      rows.push_back(run->row);
      rows.back().number = number;
    }
  }
  std::size_t number = runs.size();
  for (const LoggedRun* run : finished_.all())
    if (!known.contains(run_key(run->row.settings))) {
      rows.push_back(run->row);
      rows.back().number = number++;
    }
  const auto experiment = directory_ / "experiment.txt";
  if (!experiment_.empty() && !fs::exists(experiment)) write_file(experiment, experiment_);
  write_file(directory_ / "runs.csv", runs_csv(rows));
  write_file(directory_ / "curves.csv", curves_csv(rows));
  return rows;
}

void Store::write_experiment(const std::string& text) {
  experiment_ = text;
  const fs::path path = directory_ / "experiment.txt";
  if (fs::exists(path)) {
    if (read_file(path) == text) return;
    int number = 1;
    const auto earlier = [&] { return directory_ / ("experiment." + std::to_string(number) + ".txt"); };
    while (fs::exists(earlier())) ++number;
    fs::rename(path, earlier());
  }
  write_file(path, text);
}

// A name for the files of a run: two hashes, so that two runs of a directory do not share one.
static std::string file_name(const RunKey& key) {
  return hexadecimal(stream_id("a" + key)) + hexadecimal(stream_id("b" + key));
}

fs::path Store::checkpoint(const RunKey& key) const {
  return directory_ / "unfinished" / (file_name(key) + ".safetensors");
}

fs::path Store::unfinished_curve(const RunKey& key) const {
  return directory_ / "unfinished" / (file_name(key) + ".csv");
}

void Store::remove_unfinished(const RunKey& key) const {
  std::error_code ignored;
  fs::remove(checkpoint(key), ignored);
  fs::remove(unfinished_curve(key), ignored);
  fs::remove(directory_ / "unfinished", ignored);  // if it is empty
}

void Store::forget_unfinished() const {
  std::error_code ignored;
  fs::remove_all(directory_ / "unfinished", ignored);
}

void CurveFile::add(const std::vector<CurvePoint>& curve) {
  RunRow row{run_, {}, {}};
  row.result.curve = begun_ ? std::vector<CurvePoint>{curve.back()} : curve;
  const std::string text = curves_csv({row});
  try {
    if (begun_) {
      append_file(path_, std::string_view(text).substr(text.find('\n') + 1));
    } else {
      fs::create_directories(path_.parent_path());
      write_file(path_, text);
    }
    begun_ = true;
  } catch (const std::exception&) {
  }
}

}  // namespace ladder::lab
