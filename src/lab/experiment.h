// Experiment files: which runs to make.
//
//   # a comment, up to the end of the line
//   include other.txt                     its definitions stand here; relative to this file
//   task = nt
//   base = 8 16                           several values: an axis
//   seed = 0..4                           a range, both ends included
//   slots = 0..100 step 10                low, low + step, ...
//   learning_rate = 1e-4..1e-2 log 7      seven values in equal ratios
//   (layers, heads) = (1, 4) (2, 8)       tuples: a paired axis
//   (score, clip) = (dpa, 0.1..10 log 3) (ea, 1)    three tuples for dpa, one for ea
//   out = "a directory with spaces"       quotes keep words together
//   where base = 64: d_model = 64 128     an axis for those runs alone; replaces the key's others
//   only base = 8 16, delay = 4..12       the runs where all of this holds; a range: all in it
//   except base = 16, delay = 12          all but the runs where all of this holds
//   block                                 begins a block; what stands before the first is in all
//
// Every setting is a key. The runs are the product of all axes; then each `where` has its say, in
// order, and `only` and `except` leave runs out. With blocks, the runs are those of the first, then
// of the second, ...; a run that is there already is not made twice.
//
// A key is defined once in a file and what it includes, but a file may redefine, after the include,
// what it included, a block what stands before the blocks, and a flag redefines what the file says:
// defaults, then included files, then the file, then flags. A redefinition replaces the whole axis, in
// its place, and what `where` says of the key. One that touches a paired axis must redefine all of its
// keys.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ladder/base/settings.h"
#include "lab/experiment_file.h"

namespace ladder::lab {

// A definition by a flag. The words are those of a file's line: "8", "16", "0..4".
struct Override {
  std::string key;
  std::vector<std::string> words;
  std::string origin;
};

class Experiment {
 public:
  // At most so many runs: their settings are held in memory, a few kB each.
  static constexpr std::size_t most_runs = 100'000;

  // Both throw a usage error, led by file:line or the flag's origin, for an unknown or repeated
  // key, a malformed, repeated or out-of-range value, a session setting (one that holds for all
  // runs) with several values, too many runs, or none. load throws a failure if the file cannot be
  // read. `other`: see lab/experiment_file.h.
  static Experiment load(const std::filesystem::path& path,
                         const std::vector<Override>& overrides = {},
                         const OtherKeys& other = nullptr);
  static Experiment from_flags(const std::vector<Override>& overrides,
                               const std::string& name = "flags");

  const std::string& name() const { return name_; }  // the file's name without folder and ending
  const std::vector<Block>& blocks() const { return blocks_; }
  std::size_t size() const { return runs_.size(); }  // number of runs, at least 1

  // The runs' settings, resolved, in the order of the definitions, the last one varying fastest.
  // Whether the settings of a run fit together is found out by those who read them.
  std::vector<Settings> expand() const;
  // The keys that take several values.
  std::vector<std::string> varying() const;
  // The text of a file without includes that has the same runs. Session settings are left out.
  std::string resolved() const;
  // Lines that change nothing: "file:3: 'where base = 64' holds in no run".
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  // A run: which point of each axis of its block; none of a `where` that does not hold.
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  struct Run {
    std::uint32_t block;
    std::vector<std::uint32_t> points;
  };

  Experiment(std::string name, std::string source, std::vector<Block> blocks,
             const std::vector<Override>& overrides);
  std::vector<Run> runs_of(std::uint32_t block);
  void apply_where(std::vector<Run>& runs, std::size_t axis);
  void apply_filter(std::vector<Run>& runs, const Filter& filter);
  Settings settings_of(const Run& run) const;
  std::vector<std::string> keys() const;
  const std::string* value(const Run& run, const std::string& key) const;

  std::string name_, source_;
  std::vector<Block> blocks_;
  std::vector<Run> runs_;
  std::vector<std::string> notes_;
};

}  // namespace ladder::lab
