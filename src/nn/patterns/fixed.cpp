#include <algorithm>

#include "ladder/nn/pattern.h"

namespace ladder::nn {
namespace {

// A query's own block, and the last key of every block: the places that may collect what a block holds.
class Fixed : public Pattern {
 public:
  explicit Fixed(int stride) : stride_(stride) {}
  bool legal(int query, int key) const override {
    return query / stride_ == key / stride_ || key % stride_ == stride_ - 1;
  }
  Keys next(int query, int key) const override {
    const int own = query / stride_ * stride_;  // the first key of the query's block
    const int last = key / stride_ * stride_ + stride_ - 1;  // of the key's block
    if (key >= own || last + 1 == own) return {std::max(key, std::min(last, own)), query + 1};
    return {last, last + 1};
  }

 private:
  int stride_;
};

const Registered<PatternPlugin> registered({
    {.name = "fixed",
     .rule = "i and j in the same block of stride positions, or j the last of its block",
     .source = "Child et al., arXiv:1904.10509",
     .reads = {"stride"},
     .tiny = {{"stride", "3"}}},
    [](const Settings& s) { return std::make_shared<Fixed>(s.integer("stride")); },
});

}  // namespace
}  // namespace ladder::nn
