// The bench's part `mechanisms`: a training step with every score, pattern and mixer, at long contexts.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "ladder/base/plugin.h"
#include "lab/bench_tools.h"

namespace ladder::lab {

// A way of mixing tokens, in the ladder recipe with Adam on task nt: one layer, d_model 32, 4 heads.
struct Mechanism {
  std::string name;  // "dpa", "dpa window", "cosformer"
  Choices choices;
  bool linear;  // time linear in the context: measured at the longest context, too
};
// Every score over all keys (square by either algorithm), dpa over every other pattern, every other mixer.
std::vector<Mechanism> mechanisms();
Settings mechanism_settings(const Mechanism& mechanism, int context);  // a step reads 8192 tokens

struct MechanismTime {
  std::string name;
  int context;
  Values seconds, baseline;  // of a step; of one with dpa, measured in turn
  double flop;               // products of a step, backward counted twice, as the mixer counts them
  double memory;             // bytes, of a process that takes two steps; 0: not measured
};
// `program`: ladder, for mechanism_probe; empty: memory is not measured.
std::vector<MechanismTime> time_mechanisms(Stopwatch& watch, const std::filesystem::path& program,
                                           std::ostream& progress);

// Two steps and no more. `name`: "4096:dpa window". Throws a usage error for a name that is none.
bool is_mechanism_probe(const std::string& name);
void mechanism_probe(const std::string& name, std::ostream& out);

}  // namespace ladder::lab
