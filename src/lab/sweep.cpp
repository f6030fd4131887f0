#include "lab/sweep.h"

#include <omp.h>
#include <signal.h>

#include <algorithm>
#include <numeric>
#include <ostream>
#include <map>
#include <utility>

#include "base/clock.h"
#include "base/signals.h"
#include "lab/progress.h"

namespace ladder::lab {

static const RegisteredSettings settings(
    Group::session, "sweep",
    {Setting::integer("threads", "auto", 1, 4096,
                      "runs at a time; of train, threads of the one run (up to its gradient_parts)",
                      "this program")
         .automatically([](const Settings&) { return std::to_string(omp_get_max_threads()); },
                        "the processor's"),
     Setting::real("checkpoint_minutes", "5", 0, 1e6,
                   "time after which a run that is not finished is kept on disk, to go on from",
                   "this program"),
     Setting::words("out", "auto", "directory of the results", "this program")
         .automatically([](const Settings&) { return std::string("auto"); },
                        "data/ and the name of the experiment")});

// ---- the sweep ----------------------------------------------------------------------------------

static std::filesystem::path directory_of(const Experiment& experiment, const Settings& s,
                                          Shard shard) {
  if (s.text("out") != "auto") return s.text("out");
  std::string name = experiment.name();
  if (shard.count > 1)
    name.append("-").append(std::to_string(shard.index)).append("of").append(std::to_string(shard.count));
  return std::filesystem::path("data") / name;
}

// Of runs that are the same: what varies between them nevertheless, and how many were left out.
using Idle = std::map<std::string, std::size_t>;

static void tell(Idle idle, const Experiment& experiment, std::ostream& notes) {
  for (const Block& block : experiment.blocks())
    for (const Axis& axis : block.axes)
      for (const std::string& key : axis.keys) {
        const std::size_t runs = std::exchange(idle[key], 0);
        if (runs == 0) continue;
        notes << "note: " << axis.origin << ": key '" << key << "' has no effect without "
              << find_setting(key)->applies_when() << ": " << runs
              << (runs == 1 ? " run that repeats another is" : " runs that repeat others are")
              << " left out\n";
      }
}

std::vector<RunRow> planned_runs(const Experiment& experiment, Shard shard, std::ostream& notes) {
  std::vector<RunRow> rows;
  WithoutEffect without_effect;
  std::map<RunKey, Settings> known;
  const std::vector<std::string> varying = experiment.varying();
  Idle idle;
  std::size_t number = 0, repeated = 0;  // in other blocks, or other words: 0.001 and auto
  for (Settings& s : experiment.expand()) {
    require_consistent(s);
    const auto [same, is_new] = known.try_emplace(run_key(s), s);
    if (!is_new) {
      bool differs = false;
      for (const std::string& name : varying)
        if (same->second.text(name) != s.text(name)) ++idle[name], differs = true;
      repeated += !differs;
      continue;
    }
    without_effect.add(s);
    if (number % shard.count == static_cast<std::size_t>(shard.index - 1))
      rows.push_back({number, std::move(s), {}});
    ++number;
  }
  tell(idle, experiment, notes);
  if (repeated > 0)
    notes << "note: " << repeated << (repeated == 1 ? " run is" : " runs are")
          << " described more than once, and made once\n";
  for (const std::string& note : without_effect.notes()) notes << "note: " << note << "\n";
  return rows;
}

// ---- joining ------------------------------------------------------------------------------------

using Names = std::vector<std::string>;
using SettingsList = std::vector<const Settings*>;

static std::string values_of(const Settings& s, const Names& names) {
  std::string values;
  for (const std::string& name : names) values.append(s.text(name)).append("\t");
  return values;
}

// Whether it is the same in all runs that agree in `sources`.
static bool follows(const SettingsList& runs, const std::string& name, const Names& sources) {
  std::map<std::string, std::string> known;
  for (const Settings* run : runs)
    if (known.emplace(values_of(*run, sources), run->text(name)).first->second != run->text(name))
      return false;
  return true;
}

// What says which run of an experiment a run is: the seed, the rung, the contestant, and whatever
// else varies on its own in one of the lists. A learning rate that every contestant has its own of is
// none of these.
static Names identity(const std::vector<SettingsList>& lists) {
  static const Names contestant = {"score", "mixer", "pattern"};
  Names names;
  for (const Setting* setting : all_settings())
    if (setting->group == Group::task || setting->group == Group::seed ||
        std::find(contestant.begin(), contestant.end(), setting->name) != contestant.end())
      names.push_back(setting->name);
  for (const SettingsList& runs : lists)
    for (const std::string& name : setting_columns()) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      if (!follows(runs, name, {}) && !follows(runs, name, names)) names.push_back(name);
    }
  return names;
}

void require_joinable(const std::vector<RunRow>& runs, const FinishedRuns& finished) {
  std::vector<SettingsList> lists(2);
  for (const RunRow& run : runs) lists[0].push_back(&run.settings);
  for (const LoggedRun* run : finished.all()) lists[1].push_back(&run->row.settings);
  if (lists[1].empty()) return;
  const Names names = identity(lists);
  std::map<std::string, const LoggedRun*> known;
  for (const LoggedRun* run : finished.all()) known.emplace(values_of(run->row.settings, names), run);
  for (const RunRow& run : runs) {
    if (finished.find(run_key(run.settings))) continue;
    const auto other = known.find(values_of(run.settings, names));
    if (other == known.end()) continue;
    const LoggedRun& there = *other->second;
    std::string which;
    for (const std::string& name : names)
      if (!follows(lists[0], name, {}) || name == "score" || name == "seed")
        which += (which.empty() ? "" : ", ") + name + " " + run.settings.text(name);
    throw usage_error(there.place + ": this run (" + which + ") is there with " +
                      difference(there.row.settings, run.settings) +
                      " as now: --fresh moves the old results aside, another --out keeps both");
  }
}

// ---- the sweep ----------------------------------------------------------------------------------

int threads_for(double memory, int wanted, std::ostream& out) {
  const double there = available_memory();
  if (memory > there)
    throw failure("a run needs about " + bytes_text(memory) + " of memory, " + bytes_text(there) +
                  " are there");
  const int threads = static_cast<int>(std::min<double>(wanted, there / memory));
  out << "memory: up to " << bytes_text(memory) << " a run, " << threads << " at a time"
      << (threads < wanted ? " rather than " + std::to_string(wanted) : "") << "; "
      << bytes_text(there) << " are there" << std::endl;
  return threads;
}

namespace {

// The runs that are left to be made, and the threads that make them.
class Work {
 public:
  Work(Sweep& sweep, std::vector<RunRow> left, std::vector<RunKey> all, std::ostream& out,
       bool terminal)
      : sweep_(sweep), store_(*sweep.store), left_(std::move(left)), all_(std::move(all)) {
    for (const RunRow& row : left_) work_.push_back(estimated_work(row.settings));
    order_.resize(left_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return work_[a] > work_[b]; });
    Speeds speeds;
    for (const LoggedRun* run : store_.finished().all())
      speeds.add(run->row.settings, run->row.result.seconds);
    std::vector<const Settings*> waiting;
    for (const RunRow& row : left_) waiting.push_back(&row.settings);
    progress_ = std::make_unique<Progress>(out, terminal, std::move(speeds), sweep.planned, sweep.kept,
                                           waiting, sweep.threads);
    if (!left_.empty()) progress_->say_start(sweep.directory.string());
  }

  void finish(int threads) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (std::size_t i = 0; i < order_.size(); ++i)
      if (stop_signal() == 0) make(order_[i]);
    progress_->close();
    if (!unwritable_.empty()) throw failure(unwritable_);
  }

  // Whole files, often enough to be watched, too seldom to cost.
  void write_tables() {
    const double begin = seconds_now();
    sweep_.rows = store_.write_tables(all_);
    written_ = seconds_now();
    pause_ = std::max(2.0, 50 * (written_ - begin));
  }

 private:
  void make(std::size_t i) {
    RunRow& row = left_[i];
    const RunKey key = run_key(row.settings);
    CurveFile curve(store_.unfinished_curve(key), row.number);
    const double start = seconds_now();
    RunOptions options;
    options.checkpoint = store_.checkpoint(key);
    options.checkpoint_minutes = row.settings.real("checkpoint_minutes");
    options.watch = [&](const RunResult& result) {
      progress_->at_step(row, result.curve.back().step);
      if (seconds_now() - start > 1) curve.add(result.curve);  // a short run is soon in the log
    };
    options.tell = [&](const std::string& what) {
      progress_->say("run " + std::to_string(row.number) + ": " + what);
    };
    progress_->begin(row);
    row.result = run_safely(row.settings, options);
    if (row.result.status == Status::stopped) return;
#pragma omp critical(sweep_results)
    keep(row, key);
  }

  // No exception leaves a parallel region.
  void keep(const RunRow& row, const RunKey& key) {
    if (!unwritable_.empty()) return;
    try {
      store_.append(row);
    } catch (const std::exception& error) {
      unwritable_ = std::string(error.what()) + "; the sweep ends, all earlier runs are kept";
      set_stop_signal(SIGTERM);
      return;
    }
    store_.remove_unfinished(key);
    ++sweep_.made;
    progress_->end(row, sweep_.varying);
    if (seconds_now() - written_ < pause_) return;
    try {
      write_tables();
    } catch (const std::exception&) {  // the last write tells it
      written_ = seconds_now();
    }
  }

  Sweep& sweep_;
  Store& store_;
  std::vector<RunRow> left_;
  std::vector<RunKey> all_;
  std::vector<double> work_;
  std::vector<std::size_t> order_;
  std::unique_ptr<Progress> progress_;
  std::string unwritable_;
  double written_ = seconds_now(), pause_ = 2;
};

}  // namespace

Sweep sweep(const Experiment& experiment, const SweepOptions& options, std::ostream& out,
            bool terminal) {
  const Shard shard = options.shard;
  const std::vector<RunRow> all = planned_runs(experiment, {}, out);
  std::vector<RunRow> left;
  std::vector<RunKey> keys;
  for (const RunRow& row : all) {
    keys.push_back(run_key(row.settings));
    if (row.number % shard.count == static_cast<std::size_t>(shard.index - 1)) left.push_back(row);
  }
  if (left.empty()) throw usage_error("this shard has no runs: there are fewer runs than shards");
  Sweep sweep;
  sweep.varying = experiment.varying();
  sweep.planned = left.size();
  sweep.directory = directory_of(experiment, left[0].settings, shard);
  sweep.store = std::make_shared<Store>(sweep.directory, shard, options.old, out);
  require_joinable(all, sweep.store->finished());

  std::erase_if(left, [&](const RunRow& row) {
    const LoggedRun* run = sweep.store->finished().find(keys[row.number]);
    return run && !(run->row.result.status == Status::failed && options.retry_failed);
  });
  sweep.kept = sweep.planned - left.size();
  if (sweep.kept > 0)
    out << sweep.kept << " of " << sweep.planned << " runs are finished already" << std::endl;
  if (!left.empty()) {
    double memory = 0;
    for (const RunRow& row : left) memory = std::max(memory, estimated_memory(row.settings));
    sweep.threads = threads_for(memory, std::min(left[0].settings.integer("threads"), static_cast<int>(left.size())), out);
  }
  sweep.store->write_experiment(experiment.resolved());

  Work work(sweep, std::move(left), keys, out, terminal);
  try {
    work.finish(sweep.threads);
  } catch (const Error&) {
    set_stop_signal(0);
    try {
      work.write_tables();
    } catch (const std::exception&) {  // the same disk
    }
    throw;
  }
  write_patiently([&] { work.write_tables(); }, out);
  sweep.signal = stop_signal();
  for (const RunRow& row : all) {
    if (row.number % shard.count != static_cast<std::size_t>(shard.index - 1)) continue;
    if (const LoggedRun* run = sweep.store->finished().find(keys[row.number])) {
      sweep.failed += run->row.result.status == Status::failed;
      sweep.diverged += run->row.result.status == Status::diverged;
    }
  }
  return sweep;
}

}  // namespace ladder::lab
