#include "lab/progress.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ostream>

#include "base/clock.h"
#include "ladder/base/text.h"
#include "ladder/tensor/kernels/matmul.h"

namespace ladder::lab {

// ---- speeds ----

// What runs have in common, from all but the seed and the rate to nothing at all.
static std::vector<std::string> kinds_of(const Settings& s) {
  std::string all, contestant;
  for (const Setting* setting : all_settings())
    if (setting->changes_results() && setting->group != Group::seed &&
        setting->name != "learning_rate" && s.applies(setting->name))
      all.append(setting->name).append("=").append(s.text(setting->name)).append("\t");
  for (const char* name : {"mixer", "score", "pattern"}) contestant.append(s.cell(name)).append("\t");
  return {all, s.text("task") + "\t" + contestant, contestant, ""};
}

void Speeds::add(const Settings& settings, double seconds) {
  if (!std::isfinite(seconds)) return;
  const double work = estimated_work(settings);
  for (const std::string& kind : kinds_of(settings)) {
    sums_[kind].work += work;
    sums_[kind].seconds += seconds;
  }
}

// Multiply-adds a second of one core, in a few milliseconds.
static double measured_speed() {
  constexpr int size = 96;
  const std::vector<float> a(size * size, 0.5f), b(size * size, 0.5f);
  std::vector<float> c(a);
  double fastest = 1e9;
  for (int i = 0; i < 5; ++i) {
    const double start = seconds_now();
    tensor::matmul<float>(size, size, size, {a.data(), size, 1}, {b.data(), size, 1}, c.data(), size);
    fastest = std::min(fastest, seconds_now() - start);
  }
  return std::pow(size, 3) / std::max(fastest, 1e-7);
}

double Speeds::seconds(const Settings& settings) const {
  const double work = estimated_work(settings);
  for (const std::string& kind : kinds_of(settings))
    if (const auto found = sums_.find(kind); found != sums_.end() && found->second.work > 0)
      return work * found->second.seconds / found->second.work;
  static const double speed = measured_speed();
  // Forward and twice backward, and forward again for evaluations; what steps reach of the peak.
  const double passes = 3 + settings.real("eval_sequences") / (settings.real("batch") * settings.real("eval_every"));
  constexpr double share_of_peak = 0.4;
  return passes * work / (share_of_peak * speed);
}

double seconds_left(const std::vector<double>& each, int threads) {
  double sum = 0, longest = 0;
  for (const double seconds : each) sum += seconds, longest = std::max(longest, seconds);
  return std::max(sum / std::max(threads, 1), longest);
}

// ---- progress ----

Progress::Progress(std::ostream& out, bool terminal, Speeds speeds, std::size_t runs, std::size_t done,
                   const std::vector<const Settings*>& left, int threads)
    : line_(out, STDERR_FILENO, terminal), terminal_(terminal), speeds_(std::move(speeds)), runs_(runs),
      done_(done), threads_(threads), begun_(seconds_now()) {
  for (const Settings* settings : left) {
    auto& [one, count] = waiting_[kinds_of(*settings)[0]];
    one = settings;
    ++count;
  }
  if (terminal_) drawer_ = std::jthread([this](const std::stop_token& stop) { draw_now_and_then(stop); });
}

Progress::~Progress() { close(); }

void Progress::close() {
  if (drawer_.joinable()) {
    drawer_.request_stop();
    drawer_.join();
  }
  line_.clear();
}

void Progress::say_start(const std::string& directory) {
  const std::lock_guard guard(mutex_);
  const std::string about = duration_text(left());
  line_.say(std::to_string(runs_ - done_) + (runs_ - done_ == 1 ? " run" : " runs") + " to make in " +
            directory + ", " + std::to_string(threads_) + (threads_ == 1 ? " thread" : " threads") +
            (speeds_.measured() ? ", about " + about : ", guessed to take up to " + about));
}

void Progress::begin(const RunRow& row) {
  const std::lock_guard guard(mutex_);
  --waiting_[kinds_of(row.settings)[0]].second;
  running_[row.number] = {seconds_now(), 0, &row.settings};
}

void Progress::at_step(const RunRow& row, int step) {
  const std::lock_guard guard(mutex_);
  if (const auto found = running_.find(row.number); found != running_.end())
    found->second.share = step / std::max(1.0, row.settings.real("steps"));
}

static std::string described(const RunRow& row, const std::vector<std::string>& varying) {
  std::string text;
  for (const std::string& key : varying) text += key + " " + row.settings.text(key) + ", ";
  const RunResult& r = row.result;
  if (r.status != Status::ok)
    return text + (r.status == Status::failed ? "failed: " : "diverged: ") + r.reason;
  text += "accuracy " + fixed(r.evaluation.accuracy, 3);
  return r.solved() ? text + " solved at " + std::to_string(r.step_solved) : text;
}

void Progress::end(const RunRow& row, const std::vector<std::string>& varying) {
  const std::lock_guard guard(mutex_);
  running_.erase(row.number);
  ++done_;
  if (row.result.status != Status::failed) speeds_.add(row.settings, row.result.seconds);
  last_ = described(row, varying);
  if (!terminal_) {
    line_.say(std::to_string(done_) + "/" + std::to_string(runs_) + " runs, " +
              duration_text(seconds_now() - begun_) + ", " + duration_text(left()) + " left; " + last_);
    return;
  }
  if (row.result.status != Status::ok)
    line_.say(coloured("run " + std::to_string(row.number) + ": " + last_, Colour::bad, STDERR_FILENO));
  line_.show(text());
}

void Progress::say(const std::string& line) {
  const std::lock_guard guard(mutex_);
  line_.say(line);
}

double Progress::left() const {
  std::vector<double> each;
  for (const auto& [kind, runs] : waiting_)
    if (runs.second > 0) each.insert(each.end(), static_cast<std::size_t>(runs.second), speeds_.seconds(*runs.first));
  for (const auto& [number, run] : running_) {
    const double elapsed = seconds_now() - run.begun;
    // To its last step, should it not be solved before; that is all that is known where none has ended.
    const double to_end = run.share > 0 ? elapsed * (1 / run.share - 1) : 1e18;
    const double expected = speeds_.seconds(*run.settings) - elapsed;
    each.push_back(speeds_.measured() && expected > 0 ? std::min(expected, to_end)
                   : run.share > 0                    ? to_end
                                                      : std::max(expected, 0.0));
  }
  return seconds_left(each, threads_);
}

std::string Progress::text() const {
  constexpr std::size_t width = 16;
  double made = static_cast<double>(done_);
  for (const auto& [number, run] : running_) made += run.share;
  const auto filled = std::min(
      width, static_cast<std::size_t>(width * made / static_cast<double>(std::max<std::size_t>(runs_, 1))));
  return std::string("[").append(filled, '#') + std::string(width - filled, '.') + "] " + std::to_string(done_) +
         "/" + std::to_string(runs_) + ", " + duration_text(seconds_now() - begun_) + ", about " +
         duration_text(left()) + " left" + (last_.empty() ? "" : "; " + last_);
}

void Progress::draw_now_and_then(const std::stop_token& stop) {
  std::unique_lock guard(mutex_);
  while (!stop.stop_requested()) {
    line_.show(text());
    wake_.wait_for(guard, stop, std::chrono::milliseconds(250), [] { return false; });
  }
}

}  // namespace ladder::lab
