// Fixed workloads: how fast, how much memory, and whether the numbers are still the same.
//
// Whatever is compared is measured in turn, A B A B ..., and compared pair by pair, so that what
// slows the machine for a while slows both sides. The multiply-add peak is measured in the same
// turns: shares of it hold on a busy machine, too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "ladder/base/plugin.h"
#include "ladder/base/settings.h"
#include "base/table.h"

namespace ladder::lab {

// A training step: learned embedding and positions, post norm, mlp x4, gelu, scaled scores,
// cross-entropy, Adam, on task nt.
struct BenchShape {
  std::string name;
  int base, context, d_model, layers, heads, batch;
  bool split;  // large enough for threads to share one step
};

const std::vector<BenchShape>& bench_shapes();  // S, M, L
// One of them, or "context N": d_model 64, 4 heads, 1 layer, batch 2. Throws a usage error.
BenchShape bench_shape(const std::string& name);
// Resolved; throws a usage error where contestant_choices does.
Settings bench_settings(const BenchShape& shape, const std::string& contestant);
// What a contestant's name sets: words that name a score, a pattern or a mixer: "ea", "ea window",
// "linear". Throws a usage error for a word that names none, and for two of one kind.
Choices contestant_choices(const std::string& name);

// 6·parameters·tokens + 12·layers·d_model·context²·batch: products of a whole step, backward
// counted twice; the masked half of attention counts, whether it is computed or not.
double training_flop(const BenchShape& shape, std::size_t parameters);
double forward_flop(const BenchShape& shape, std::size_t parameters);  // a third of it

// Those measured where nobody says which, in their order: see bench_part.h.
std::vector<std::string> bench_parts();

struct BenchOptions {
  std::vector<std::string> contestants = {"dpa", "ea"};
  std::vector<std::string> parts = bench_parts();
  std::vector<std::string> shapes = {"S", "M", "L"};  // of part steps
  int repeats = 9;
  int threads = 1;                                    // beside one thread, where it makes sense
  std::filesystem::path directory = "data/bench";     // the sweep's results go to its folder sweep
  std::filesystem::path program = "/proc/self/exe";   // ladder, for bench_probe; empty: not probed
  double sample_seconds = 0.02;                       // short workloads are repeated for so long
  int sweep_steps = 60;
  int longest = 8192;                                 // context, of forward, rollout and memory
};

void check_names(const BenchOptions& options);  // throws a usage error for one that is not known

// One row a measurement; a cell that does not apply is empty. `ladder list columns` tells what each holds.
// Matrix products C[m,n] = A[m,k]·B[k,n] have shape m x k x n and form NN, NT (B lies transposed),
// TN (A lies transposed), or dW: TN in the shapes of weight gradients, where k counts the tokens.
// Tells on `progress` what it is about. Throws a usage error for names that it does not know, a
// failure if a process cannot be started or a file cannot be written.
Table bench(const BenchOptions& options, std::ostream& progress);

// For people: a table for each part, without its empty columns.
std::string bench_text(const Table& table);

// What the process behind memory_mb and start_ms does: a first step, told on `out` at once, then
// another, an evaluation and initial_z.
void bench_probe(const BenchShape& shape, const std::string& contestant, std::ostream& out);

// FNV-1a over the bits of the values, as 32-bit words, going on from `start`.
std::uint64_t fingerprint(const std::vector<float>& values, std::uint64_t start);

// What the computation gives, to the last bit: a line "score NAME HASH" or "optimizer NAME HASH" for
// each that is registered. Hashed are the parameters and all measurements after a few steps of small
// models: with every position, norm, activation and loss for a score, every schedule for an
// optimizer. The same on every machine, with every compiler and for any number of threads: see
// tests/signatures.txt.
std::vector<std::string> bench_signature(int threads = 1);

}  // namespace ladder::lab
