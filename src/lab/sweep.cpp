#include "lab/sweep.h"

#include <omp.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <ostream>
#include <map>
#include <set>

#include "base/signals.h"

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

// ---- progress -----------------------------------------------------------------------------------

static double seconds_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

static std::string duration(double seconds) {
  const long s = static_cast<long>(seconds + 0.5);
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3600) return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
  return std::to_string(s / 3600) + " h " + std::to_string(s % 3600 / 60) + " min";
}

namespace {

// A bar that is redrawn on a terminal; elsewhere a line for each run.
class Progress {
 public:
  Progress(std::ostream& out, bool terminal, std::size_t runs, std::size_t done, double work)
      : out_(out), terminal_(terminal), runs_(runs), work_(work), done_(done) {}

  void done(const RunRow& row, const std::vector<std::string>& varying, double work) {
    ++done_;
    work_done_ += work;
    const double elapsed = seconds_now() - start_;
    const double left = elapsed * (work_ - work_done_) / std::max(work_done_, 1.0);
    std::string text = std::to_string(done_) + "/" + std::to_string(runs_) + " runs, " +
                       duration(elapsed) + ", " + duration(left) + " left; " + describe(row, varying);
    if (!terminal_) {
      out_ << text << std::endl;
      return;
    }
    constexpr std::size_t width = 24;
    const std::size_t filled = width * done_ / runs_;
    out_ << "\r[" << std::string(filled, '#') << std::string(width - filled, '.') << "] " << text
         << std::string(shown_ > text.size() ? shown_ - text.size() : 0, ' ') << std::flush;
    shown_ = text.size();
    if (done_ == runs_) out_ << std::endl;
  }

 private:
  static std::string describe(const RunRow& row, const std::vector<std::string>& varying) {
    std::string text;
    for (const std::string& key : varying) text += key + " " + row.settings.text(key) + ", ";
    const RunResult& r = row.result;
    if (r.status != Status::ok)
      return text + (r.status == Status::failed ? "failed: " : "diverged: ") + r.reason;
    text += "accuracy " + fixed(r.evaluation.accuracy, 3);
    return r.solved() ? text + " solved at " + std::to_string(r.step_solved) : text;
  }

  std::ostream& out_;
  const bool terminal_;
  const std::size_t runs_;
  const double work_, start_ = seconds_now();
  std::size_t done_, shown_ = 0;
  double work_done_ = 0;
};

}  // namespace

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

static void tell(const Idle& idle, const Experiment& experiment, std::ostream& notes) {
  for (const Axis& axis : experiment.axes())
    for (const std::string& key : axis.keys) {
      const auto found = idle.find(find_setting(key)->name);
      if (found == idle.end() || found->second == 0) continue;
      notes << "note: " << axis.origin << ": key '" << key << "' has no effect without "
            << find_setting(key)->applies_when() << ": " << found->second
            << (found->second == 1 ? " run that repeats another is" : " runs that repeat others are")
            << " left out\n";
    }
}

std::vector<RunRow> planned_runs(const Experiment& experiment, Shard shard, std::ostream& notes) {
  std::vector<RunRow> rows;
  std::set<std::string> without_effect;  // in every run
  std::map<RunKey, Settings> known;
  const std::vector<std::string> varying = experiment.varying();
  Idle idle;
  std::size_t number = 0;
  for (Settings& s : experiment.expand()) {
    require_consistent(s);
    const auto [same, is_new] = known.try_emplace(run_key(s), s);
    if (!is_new) {
      for (const std::string& name : varying) idle[name] += same->second.text(name) != s.text(name);
      continue;
    }
    const auto given = s.without_effect();
    std::set<std::string> now(given.begin(), given.end());
    if (number > 0) std::erase_if(now, [&](const auto& note) { return !without_effect.contains(note); });
    without_effect = std::move(now);
    if (number % shard.count == static_cast<std::size_t>(shard.index - 1))
      rows.push_back({number, std::move(s), {}});
    ++number;
  }
  tell(idle, experiment, notes);
  for (const std::string& note : without_effect) notes << "note: " << note << "\n";
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

// So many at a time that their memory is there. Throws a failure if one alone has too little.
static int threads_for(const std::vector<RunRow>& rows, std::ostream& out) {
  double largest = 0;
  for (const RunRow& row : rows) largest = std::max(largest, estimated_memory(row.settings));
  const double there = available_memory();
  if (largest > there)
    throw failure("a run needs about " + bytes_text(largest) + " of memory, " + bytes_text(there) +
                  " are there");
  const int wanted = std::min(rows[0].settings.integer("threads"), static_cast<int>(rows.size()));
  const int threads = static_cast<int>(std::min<double>(wanted, there / largest));
  out << "memory: up to " << bytes_text(largest) << " a run, " << threads << " at a time"
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
      : sweep_(sweep), store_(*sweep.store), left_(std::move(left)), all_(std::move(all)), out_(out) {
    for (const RunRow& row : left_) work_.push_back(estimated_work(row.settings));
    order_.resize(left_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return work_[a] > work_[b]; });
    progress_ = std::make_unique<Progress>(out, terminal, sweep.planned, sweep.kept,
                                           std::accumulate(work_.begin(), work_.end(), 0.0));
  }

  void finish(int threads) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (std::size_t i = 0; i < order_.size(); ++i)
      if (stop_signal() == 0) make(order_[i]);
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
      if (seconds_now() - start > 1) curve.add(result.curve);  // a short run is soon in the log
    };
    options.tell = [&](const std::string& what) {
#pragma omp critical(sweep_results)
      out_ << "run " << row.number << ": " << what << std::endl;
    };
    row.result = run_safely(row.settings, options);
    if (row.result.status == Status::stopped) return;
#pragma omp critical(sweep_results)
    keep(row, key, work_[i]);
  }

  // No exception leaves a parallel region.
  void keep(const RunRow& row, const RunKey& key, double work) {
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
    progress_->done(row, sweep_.varying, work);
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
  std::ostream& out_;
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
  if (!left.empty()) sweep.threads = threads_for(left, out);
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
  write_patiently(write_patience(), [&] { work.write_tables(); },
                  [&](const std::string& what) { out << what << std::endl; });
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
