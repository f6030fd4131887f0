#include "lab/sweep.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <ostream>
#include <set>

#include "base/files.h"

namespace ladder::lab {

static const RegisteredSettings settings(
    Group::session, "sweep",
    {Setting::integer("threads", "auto", 1, 4096,
                      "runs at a time; of train, threads of the one run (up to its gradient_parts)",
                      "this program")
         .automatically([](const Settings&) { return std::to_string(omp_get_max_threads()); },
                        "the processor's"),
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
  Progress(std::ostream& out, bool terminal, std::size_t runs, double work)
      : out_(out), terminal_(terminal), runs_(runs), work_(work) {}

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
    if (!r.error.empty()) return text + "failed: " + r.error;
    text += "accuracy " + fixed(r.evaluation.accuracy, 3);
    return r.solved() ? text + " solved at " + std::to_string(r.step_solved) : text;
  }

  std::ostream& out_;
  const bool terminal_;
  const std::size_t runs_;
  const double work_, start_ = seconds_now();
  std::size_t done_ = 0, shown_ = 0;
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

std::vector<RunRow> planned_runs(const Experiment& experiment, Shard shard, std::ostream& notes) {
  std::vector<RunRow> rows;
  std::set<std::string> without_effect;  // in every run
  std::size_t number = 0;
  for (Settings& s : experiment.expand()) {
    require_consistent(s);
    const auto idle = s.without_effect();
    std::set<std::string> now(idle.begin(), idle.end());
    if (number > 0) std::erase_if(now, [&](const auto& note) { return !without_effect.contains(note); });
    without_effect = std::move(now);
    if (number % shard.count == static_cast<std::size_t>(shard.index - 1))
      rows.push_back({number, std::move(s), {}});
    ++number;
  }
  for (const std::string& note : without_effect) notes << "note: " << note << "\n";
  return rows;
}

Sweep sweep(const Experiment& experiment, Shard shard, std::ostream& out, bool terminal) {
  Sweep sweep{planned_runs(experiment, shard, out), experiment.varying(), {}, 0};
  std::vector<RunRow>& rows = sweep.rows;
  if (rows.empty()) throw usage_error("this shard has no runs: there are fewer runs than shards");
  sweep.directory = directory_of(experiment, rows[0].settings, shard);
  const int threads = std::min(rows[0].settings.integer("threads"), static_cast<int>(rows.size()));
  require_writable(sweep.directory);
  write_file(sweep.directory / "experiment.txt", experiment.resolved());

  std::vector<double> work;
  for (const RunRow& row : rows) work.push_back(estimated_work(row.settings));
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return work[a] > work[b]; });

  std::vector<char> finished(rows.size());
  const auto write_results = [&] {
    std::vector<RunRow> done;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (finished[i]) done.push_back(rows[i]);
    write_file(sweep.directory / "runs.csv", runs_csv(done));
    write_file(sweep.directory / "curves.csv", curves_csv(done));
  };
  Progress progress(out, terminal, rows.size(), std::accumulate(work.begin(), work.end(), 0.0));
  double written = seconds_now();

#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (std::size_t i = 0; i < order.size(); ++i) {
    RunRow& row = rows[order[i]];
    RunResult result = run_safely(row.settings);
#pragma omp critical(sweep_results)
    {
      row.result = std::move(result);
      finished[order[i]] = 1;
      progress.done(row, sweep.varying, work[order[i]]);
      if (seconds_now() - written > 2) {  // often enough to be watched, too seldom to cost
        try {
          write_results();
        } catch (const Error&) {  // not out of a parallel region; the last write tells it
        }
        written = seconds_now();
      }
    }
  }
  write_results();
  for (const RunRow& row : rows) sweep.failed += !row.result.error.empty();
  return sweep;
}

}  // namespace ladder::lab
