#include "climb/live.h"

#include <signal.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <ostream>

#include "base/signals.h"
#include "climb/progress.h"
#include "lab/sweep.h"

namespace ladder::climb {

using lab::run_key;
using lab::RunKey;
using lab::RunResult;
using lab::RunRow;
using lab::Store;

// ---- the ground ---------------------------------------------------------------------------------

LoggedGround::LoggedGround(const Plan& plan, const lab::FinishedRuns& finished)
    : plan_(plan), finished_(finished) {
  for (int rung = 0; rung < std::ssize(plan.rungs); ++rung)
    steps_.push_back(plan.settings({0, rung, 0, 0, 0}).integer("steps"));
  evaluated_every_ = plan.settings({0, 0, 0, 0, 0}).integer("eval_every");
}

static Observation observed(const RunResult& result) {
  Observation seen;
  seen.failed = result.status != lab::Status::ok;
  seen.solved_at = seen.failed ? -1 : result.step_solved;
  if (std::isnan(result.evaluation.accuracy)) return seen;  // not a step of it was measured
  seen.accuracy = (result.evaluation.accuracy - result.chance) / (result.best_possible - result.chance);
  seen.loss = result.evaluation.loss;
  return seen;
}

std::optional<Observation> LoggedGround::look(const Trial& trial) {
  const auto [known, added] = seen_.try_emplace(trial);
  if (added)
    if (const lab::LoggedRun* run = finished_.find(run_key(plan_.settings(trial))))
      if (run->row.result.status != lab::Status::failed) known->second = observed(run->row.result);
  return known->second;
}

void LoggedGround::add(const Trial& trial, const RunResult& result) { seen_[trial] = observed(result); }

std::vector<Trial> LoggedGround::known() const {
  std::vector<Trial> trials;
  for (const auto& [trial, seen] : seen_)
    if (seen) trials.push_back(trial);
  return trials;
}

std::vector<Trial> grid_of(const Plan& plan, const Ground& ground) {
  std::vector<Trial> trials;
  for (int contestant = 0; contestant < std::ssize(plan.contestants); ++contestant)
    for (int rung = 0; rung < std::ssize(plan.rungs); ++rung)
      for (int recipe = 0; recipe < std::ssize(plan.recipes); ++recipe)
        for (int seed = 0; seed < plan.rules.tuning_seeds; ++seed)
          trials.push_back({contestant, rung, recipe, seed, ground.steps(rung)});
  return trials;
}

// ---- joining what is there ----------------------------------------------------------------------

// A climb may be asked for more contestants, rungs, recipes or seeds. What has one value for all must
// be the same.
static void require_joinable(const Plan& plan, const lab::FinishedRuns& finished) {
  const auto varies = [&](const std::string& key) {
    const auto among = [&](const std::vector<Assignments>& list) {
      return std::any_of(list.begin(), list.end(), [&](const Assignments& assignments) {
        return std::any_of(assignments.begin(), assignments.end(),
                           [&](const auto& pair) { return pair.first == key; });
      });
    };
    return key == "seed" || key == "steps" || among(plan.contestants) || among(plan.rungs) ||
           among(plan.recipes);
  };
  for (const lab::LoggedRun* run : finished.all())
    for (const Setting* setting : all_settings()) {
      if (!setting->changes_results() || varies(setting->name)) continue;
      const std::string& now = plan.base.typed(setting->name);
      const Settings& there = run->row.settings;
      if (now == "auto" || !there.applies(setting->name)) continue;
      const auto x = parse_real(now), y = parse_real(there.text(setting->name));
      if (x && y ? *x != *y : now != there.text(setting->name))
        throw usage_error(run->place + ": this run is there with " + setting->name + " " +
                          there.text(setting->name) + ", not " + now +
                          " as now: --fresh moves the old results aside, another --out keeps both");
    }
}

// ---- the work -----------------------------------------------------------------------------------

namespace {

// Threads take trainings as the policy wants them; after each one it is asked again.
class Work {
 public:
  Work(const Plan& plan, Climb& climb, std::function<std::vector<Trial>()> wanted, std::ostream& out,
       bool terminal)
      : plan_(plan), climb_(climb), store_(*climb.store), wanted_(std::move(wanted)),
        progress_(plan, out, terminal) {}

  void finish(int threads) {
#pragma omp parallel num_threads(threads)
    while (const auto trial = next()) make(*trial);
    if (!unwritable_.empty()) throw failure(unwritable_);
  }

  void write_tables() {
    std::vector<RunKey> keys;
    for (const Trial& trial : climb_.ground->known()) keys.push_back(run_key(plan_.settings(trial)));
    store_.write_tables(keys);
  }

 private:
  // Waits while all that is wanted is being trained. Nothing: the end, or a stop.
  std::optional<Trial> next() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (stop_signal() != 0) return std::nullopt;
      const auto wanted = wanted_();
      if (!climb_.finished) forget_searched();
      // The longest first, so that none is waited for at the end.
      std::optional<Trial> best;
      for (const Trial& trial : wanted)
        if (!busy_.contains(trial) && (!best || trial.steps > best->steps)) best = trial;
      progress_.wanted(climb_.contest.get(), *climb_.ground);
      if (best) {
        busy_.insert(*best);
        return best;
      }
      if (busy_.empty()) {
        climb_.finished = wanted.empty();
        return std::nullopt;
      }
      changed_.wait(lock);
    }
  }

  void make(const Trial& trial) {
    const Settings settings = plan_.settings(trial);
    Trial whole = trial;
    whole.steps = 0;
    const RunKey key = run_key(plan_.settings(whole));
    lab::RunOptions options;
    options.checkpoint = store_.checkpoint(key);
    options.checkpoint_minutes = settings.real("checkpoint_minutes");
    // Of a training that may go on.
    options.keep_end = trial.steps < climb_.ground->steps(trial.rung) && train::begins_longer_runs(settings);
    RunRow row{0, settings, lab::run_safely(settings, options)};
    const std::lock_guard lock(mutex_);
    busy_.erase(trial);
    if (row.result.status != lab::Status::stopped) keep(trial, row, key, options.keep_end);
    changed_.notify_all();
  }

  // No exception leaves a parallel region.
  void keep(const Trial& trial, const RunRow& row, const RunKey& key, bool goes_on) {
    if (!unwritable_.empty()) return;
    try {
      store_.append(row);
      climb_.ground->add(trial, row.result);
      ++climb_.made;
      climb_.failed += row.result.status == lab::Status::failed;
      if (!goes_on || row.result.solved()) store_.remove_unfinished(key);
      else kept_states_.insert({trial, key});
      progress_.done(row.result);
    } catch (const std::exception& error) {
      unwritable_ = std::string(error.what()) + "; the climb ends, all earlier trainings are kept";
      set_stop_signal(SIGTERM);
    }
  }

  // What a search that has come to its end has kept to go on from.
  void forget_searched() {
    if (!climb_.contest) return;
    for (auto state = kept_states_.begin(); state != kept_states_.end();) {
      const Trial& trial = state->first;
      const auto& climbers = climb_.contest->climbers();
      const bool over = std::any_of(climbers.begin(), climbers.end(), [&](const Climber& climber) {
        return climber.contestant() == trial.contestant && climber.searches().contains(trial.rung);
      });
      if (over) store_.remove_unfinished(state->second);
      state = over ? kept_states_.erase(state) : std::next(state);
    }
  }

  const Plan& plan_;
  Climb& climb_;
  Store& store_;
  std::function<std::vector<Trial>()> wanted_;
  Progress progress_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<Trial> busy_;
  std::map<Trial, RunKey> kept_states_;
  std::string unwritable_;
};

}  // namespace

Climb climb(const Plan& plan, const ClimbOptions& options, std::ostream& out, bool terminal) {
  Climb climb;
  climb.directory = plan.directory();
  const int contestants = static_cast<int>(plan.contestants.size());
  if (options.shard.count > contestants)
    throw usage_error("a part of a climb takes contestants: there are " + std::to_string(contestants) +
                      ", fewer than " + std::to_string(options.shard.count) + " parts");
  climb.store = std::make_shared<Store>(climb.directory, options.shard, options.old, out, Store::Of::climb);
  require_joinable(plan, climb.store->finished());
  climb.ground = std::make_unique<LoggedGround>(plan, climb.store->finished());
  climb.kept = static_cast<int>(climb.store->finished().size());
  if (climb.kept > 0) out << climb.kept << " trainings are there already" << std::endl;
  climb.store->write_experiment(plan.resolved());

  std::vector<int> mine;
  for (int c = 0; c < contestants; ++c)
    if (c % options.shard.count == options.shard.index - 1) mine.push_back(c);
  std::function<std::vector<Trial>()> wanted;
  if (options.grid) {
    wanted = [&, all = grid_of(plan, *climb.ground)] {
      std::vector<Trial> missing;
      for (const Trial& trial : all)
        if (trial.contestant % options.shard.count == options.shard.index - 1 && !climb.ground->look(trial))
          missing.push_back(trial);
      return missing;
    };
  } else {
    climb.contest = std::make_unique<Contest>(*climb.ground, plan.rules, mine,
                                              static_cast<int>(plan.rungs.size()),
                                              options.shard.count == 1 ? plan.pairs
                                                                       : std::vector<std::pair<int, int>>());
    wanted = [&] { return climb.contest->advance(); };
  }
  Settings resolved = plan.base;
  resolved.resolve();
  double memory = 0;
  for (const int contestant : mine)
    for (int rung = 0; rung < std::ssize(plan.rungs); ++rung)
      memory = std::max(memory, train::estimated_memory(plan.settings({contestant, rung, 0, 0, 0})));
  climb.threads = lab::threads_for(memory, resolved.integer("threads"), out);

  Work work(plan, climb, wanted, out, terminal);
  try {
    work.finish(climb.threads);
  } catch (const Error&) {
    set_stop_signal(0);
    try {
      work.write_tables();
    } catch (const std::exception&) {  // the same disk
    }
    throw;
  }
  climb.signal = stop_signal();
  write_patiently([&] { work.write_tables(); }, out);
  if (climb.finished && options.shard.count == 1) climb.store->forget_unfinished();
  return climb;
}

}  // namespace ladder::climb
