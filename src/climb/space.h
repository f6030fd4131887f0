// The recipes that a climb chooses from: points of a box of settings, drawn evenly rather than at
// random, and the same for every contestant.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ladder::climb {

// Settings that belong together: key and value, in canonical form.
using Assignments = std::vector<std::pair<std::string, std::string>>;
std::string text_of(const Assignments& assignments);  // "base 8, delay 12"

// A number in [0, 1): the index-th of the scrambled Halton sequence of a dimension. Its digits in the
// dimension's prime number, mirrored at the point, each place permuted at random (Owen 2017: A
// randomized Halton algorithm in R). Of any number of points, a share close to its width falls into
// every interval.
double halton(std::uint64_t index, int dimension, std::uint64_t seed);

class Space {
 public:
  // "learning_rate = 3e-4..3e-2 log", "norm = pre post",
  // "(optimizer, learning_rate) = (adam, 3e-4..3e-2 log) (sgd, 0.02..1 log)": choices, between which
  // the sequence decides, and ranges, from which it takes a number of two digits. Throws a usage
  // error led by the origin.
  void add(const std::string& definition, const std::string& origin);

  const std::vector<std::string>& keys() const { return keys_; }
  const std::vector<std::string>& definitions() const { return definitions_; }  // as they were typed
  bool empty() const { return dimensions_.empty(); }

  // Different ones, as far as the space has so many.
  std::vector<Assignments> recipes(int count, std::uint64_t seed) const;

  // The recipes beyond the edge where one of `recipes` lies: the same but for one value, by a quarter,
  // a half and three quarters of the range outside of it, as far as the setting can take it. Each with
  // a number that is its own: from 0, below beyond_count().
  std::vector<std::pair<int, Assignments>> beyond(const std::vector<Assignments>& recipes,
                                                  std::size_t which) const;

  // Where one of `recipes` has the smallest or the largest value of them all within its range:
  // "learning_rate 0.03 is the largest tried". Better ones may lie beyond.
  std::vector<std::string> edges(const std::vector<Assignments>& recipes, std::size_t which) const;

 private:
  struct Edge;
  std::vector<Edge> edges_of(const std::vector<Assignments>& recipes, std::size_t which) const;

  struct Cell {
    std::string word;  // of a choice
    double low = 0, high = 0;  // of a range: low < high
    bool range = false, logarithmic = false, whole = false;
  };
  struct Dimension {
    std::vector<std::string> keys;
    std::vector<std::vector<Cell>> choices;  // [choice][key]
  };
  static Cell cell(const std::string& key, const std::string& text, const std::string& origin);
  static std::string value(const Cell& cell, double u);
  Assignments recipe(std::uint64_t index, std::uint64_t seed) const;

  std::vector<Dimension> dimensions_;
  std::vector<std::string> keys_, definitions_;
};

}  // namespace ladder::climb
