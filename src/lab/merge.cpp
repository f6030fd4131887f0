#include "lab/merge.h"

#include <algorithm>
#include <map>
#include <ostream>
#include <set>

#include "base/signals.h"
#include "lab/experiment.h"

namespace ladder::lab {

namespace fs = std::filesystem;

// ---- one directory ------------------------------------------------------------------------------

// The values of a word that begins lines of provenance.txt, each once.
static std::vector<std::string> provenance(const fs::path& directory, const std::string& word) {
  std::vector<std::string> values;
  const fs::path path = directory / "provenance.txt";
  if (!fs::exists(path)) return values;
  for (const std::string& line : split(read_file(path), '\n')) {
    if (!line.starts_with(word + " ")) continue;
    const std::string value(trim(line.substr(word.size())));
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  return values;
}

std::string made_by(const fs::path& directory) {
  const auto versions = provenance(directory, "version"), machines = provenance(directory, "machine");
  if (versions.empty()) return "";
  return "version " + join(versions, ", ") +
         (machines.empty() ? "" : " on " + join(machines, "; "));
}

FinishedRuns read_results(const fs::path& directory, std::ostream& notes) {
  if (has_logs(directory)) return read_logs(directory, notes);
  const Table runs = read_runs_table(directory / "runs.csv");
  std::map<std::size_t, std::vector<CurvePoint>> curves;
  if (fs::exists(directory / "curves.csv")) {
    for (const auto& [run, point] : read_curves(read_curves_table(directory / "curves.csv")))
      curves[run].push_back(point);
  }
  const std::string version = join(provenance(directory, "version"), ", ");
  FinishedRuns finished;
  std::size_t number = 0;
  for (RunRow& row : read_runs(runs)) {
    row.result.curve = curves[row.number];
    finished.add({std::move(row), version.empty() ? "unknown" : version,
                  runs.origin() + ": row " + std::to_string(++number)});
  }
  return finished;
}

// ---- all of them --------------------------------------------------------------------------------

Merged merge(const std::vector<fs::path>& directories, const fs::path& out, Store::Old old,
             std::ostream& notes) {
  FinishedRuns all;
  std::vector<std::string> texts;  // of the experiments, each once
  std::vector<RunKey> keys;
  std::set<RunKey> known;
  std::vector<std::string> names;  // of these runs, for people
  for (const fs::path& directory : directories) {
    if (stop_signal() != 0) break;
    if (holds_climb(directory))
      throw usage_error("'" + directory.string() + "' has a climb, expected runs of a sweep: parts of a climb share a directory");
    const FinishedRuns finished = read_results(directory, notes);
    for (const LoggedRun* run : finished.all()) all.add(*run);
    const fs::path path = directory / "experiment.txt";
    if (!fs::exists(path)) continue;
    const std::string text = read_file(path);
    if (std::find(texts.begin(), texts.end(), text) != texts.end()) continue;
    texts.push_back(text);
    const Experiment experiment = Experiment::load(path);
    for (const Settings& settings : experiment.expand()) {
      const RunKey key = run_key(settings);
      if (!known.insert(key).second) continue;
      std::string name = "run " + std::to_string(keys.size());
      for (const std::string& varying : experiment.varying())
        name += ", " + varying + " " + settings.text(varying);
      keys.push_back(key);
      names.push_back(std::move(name));
    }
  }
  Merged merged;
  merged.directory = out;
  if (stop_signal() != 0) return merged;  // before what is in `out` is moved aside
  Store store(out, {}, old, notes);
  // All conflicts first: nothing is written unless everything can be.
  for (const LoggedRun* run : store.finished().all()) all.add(*run);
  for (const LoggedRun* run : all.all()) {
    if (stop_signal() != 0) return merged;
    const LoggedRun* there = store.finished().find(run_key(run->row.settings));
    const bool better = there && there->row.result.status == Status::failed &&
                        run->row.result.status != Status::failed;
    if (there && !better) continue;
    store.append(run->row, run->version);
    ++merged.added;
  }
  for (std::size_t i = texts.size(); i-- > 0;) store.write_experiment(texts[i]);
  store.write_tables(keys);

  merged.runs = all.size();
  for (const LoggedRun* run : all.all()) merged.failed += run->row.result.status == Status::failed;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (!all.find(keys[i])) merged.missing.push_back(names[i]);
  return merged;
}

}  // namespace ladder::lab
