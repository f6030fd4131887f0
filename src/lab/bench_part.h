// A part of the bench: what it measures is one file in src/lab/bench/ that registers itself:
//
//   static const Registered<BenchPart> registered({.name = "example", .order = 9, .run = example});
//
// Private to the bench.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "lab/bench.h"
#include "lab/bench_tools.h"
#include "ladder/base/registry.h"

namespace ladder::lab {

// Of a row: column -> text. A column that no other part has is added behind the others.
using Cells = std::map<std::string, std::string>;

std::string milliseconds(double seconds);

class Bench {
 public:
  Bench(const BenchOptions& options, std::ostream& progress)
      : options(options), watch(options.repeats, options.sample_seconds), progress(progress) {}

  const BenchOptions& options;
  Stopwatch watch;
  std::ostream& progress;

  Table measure();

  void add(Cells cells);  // threads: 1 unless it is said
  std::vector<int> thread_counts(bool several) const;
  // What a process costs that trains the shape for two steps: memory_mb and start_ms.
  Cells process_cost(const std::string& shape, const std::string& contestant) const;

  static void set_time(Cells& cells, const Values& seconds, double flop);
  // Of workload i to workload `first`, if there is more than one contestant.
  void set_ratio(Cells& cells, const std::vector<Values>& seconds, std::size_t i, std::size_t first) const;
  static void set_speed_up(Cells& cells, int threads, const Values& one, const Values& all);

 private:
  Table table(const std::vector<Cells>& rows) const;

  std::vector<Cells> rows_;
};

struct BenchPart {
  static constexpr const char* kind = "part";
  std::string name;
  int order;  // of measuring; before 10: while the process is small, for process_cost
  bool always = true;  // measured where nobody says which parts
  std::function<void(Bench&)> run;
};

}  // namespace ladder::lab
