// Experiment files: which runs to make.
//
//   # a comment, up to the end of the line
//   include other.txt                 its definitions stand here; relative to this file
//   task = nt
//   base = 8 16                       several values: an axis
//   seed = 0..4                       a range, both ends included; integer settings only
//   (layers, heads) = (1, 4) (2, 8)   tuples: a paired axis
//
// Every setting is a key. The runs are the product of all axes.
//
// A key is defined once in a file and what it includes, but a file may redefine, after the include,
// what it included, and a flag redefines what the file says: defaults, then included files, then
// the file, then flags. A redefinition replaces the whole axis, in its place. One that touches a
// paired axis must redefine all of its keys.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ladder/base/settings.h"

namespace ladder::lab {

// One definition: a key, or several that vary together, and the values it takes.
struct Axis {
  std::vector<std::string> keys;
  std::vector<std::vector<std::string>> points;  // [point][key], checked and in canonical form
  std::string origin;                            // "experiments/quick.txt:5", "flag --seed"
};

// A definition by a flag. The words are those of a file's line: "8", "16", "0..4".
struct Override {
  std::string key;
  std::vector<std::string> words;
  std::string origin;
};

// A line of a file, without its comment, and its "file:line"; whether it is taken.
using LineReader = std::function<bool(const std::string& line, const std::string& origin)>;

// "key = value ..." or "(key, key) = (value, value) ...". Throws a usage error led by the origin.
Axis parse_definition(const std::string& line, const std::string& origin);

class Experiment {
 public:
  // At most so many runs: their settings are held in memory, a few kB each.
  static constexpr std::size_t most_runs = 100'000;

  // Both throw a usage error, led by file:line or the flag's origin, for an unknown or repeated
  // key, a malformed, repeated or out-of-range value, a session setting (one that holds for all
  // runs) with several values, or too many runs. load throws a failure if the file cannot be read.
  // `other` may take lines that are no definitions of runs.
  static Experiment load(const std::filesystem::path& path,
                         const std::vector<Override>& overrides = {}, const LineReader& other = {});
  static Experiment from_flags(const std::vector<Override>& overrides,
                               const std::string& name = "flags");

  const std::string& name() const { return name_; }  // the file's name without folder and ending
  const std::vector<Axis>& axes() const { return axes_; }
  std::size_t size() const;  // number of runs, at least 1

  // The runs' settings, resolved, in the order of the definitions, the last one varying fastest.
  // Whether the settings of a run fit together is found out by those who read them.
  std::vector<Settings> expand() const;
  // The keys that take several values.
  std::vector<std::string> varying() const;
  // The text of a file without includes that has the same runs. Session settings are left out.
  std::string resolved() const;

 private:
  Experiment(std::string name, std::string source, std::vector<Axis> axes,
             const std::vector<Override>& overrides);

  std::string name_, source_;
  std::vector<Axis> axes_;
};

}  // namespace ladder::lab
