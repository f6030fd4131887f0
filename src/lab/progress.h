// How a job with many runs tells how far it is and how long it will take.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/terminal.h"
#include "lab/results.h"

namespace ladder::lab {

// How long runs take: as like runs took; the less alike, the less it counts. Runs that were made before
// anything is known are guessed from the processor's speed.
class Speeds {
 public:
  void add(const Settings& settings, double seconds);
  double seconds(const Settings& settings) const;
  bool measured() const { return !sums_.empty(); }

 private:
  struct Sum {
    double work = 0, seconds = 0;
  };
  std::map<std::string, Sum> sums_;  // by what is alike
};

// Of runs that are made by several threads at once.
double seconds_left(const std::vector<double>& each, int threads);

// A line a run; on a terminal a bar with the time left, drawn four times a second, and lines only for
// runs that did not end well. May be called from any thread.
class Progress {
 public:
  // `done` of `runs` are there already; `left` are to be made.
  Progress(std::ostream& out, bool terminal, Speeds speeds, std::size_t runs, std::size_t done,
           const std::vector<const Settings*>& left, int threads);
  ~Progress();

  // "24 runs, 2 threads, data/quick: about 2 min"
  void say_start(const std::string& directory);
  void begin(const RunRow& row);
  void at_step(const RunRow& row, int step);
  void end(const RunRow& row, const std::vector<std::string>& varying);
  void say(const std::string& line);
  void close();  // takes the bar away

 private:
  struct Running {
    double begun, share = 0;
    const Settings* settings;
  };
  double left() const;
  std::string text() const;
  void draw_now_and_then(const std::stop_token& stop);

  LiveLine line_;
  const bool terminal_;
  Speeds speeds_;
  const std::size_t runs_;
  std::size_t done_;
  const int threads_;
  const double begun_;
  std::map<std::string, std::pair<const Settings*, int>> waiting_;  // by kind: one of them, how many
  std::map<std::size_t, Running> running_;                          // by run
  std::string last_;                                                // the run that ended last
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread drawer_;
};

}  // namespace ladder::lab
