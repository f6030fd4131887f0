#include "ladder/nn/pattern.h"

namespace ladder::nn {
namespace {

// Blocks of `stride` tokens; the last of each is seen by all that come after it.
class Fixed : public Pattern {
 public:
  explicit Fixed(int stride) : stride_(stride) {}
  bool legal(int query, int key) const override {
    return query / stride_ == key / stride_ || key % stride_ == stride_ - 1 || key == query;
  }

 private:
  int stride_;
};

const Registered<PatternPlugin> registered({
    {.name = "fixed",
     .rule = "i / stride = j / stride (whole parts) or j mod stride = stride - 1",
     .source = "Child et al., arXiv:1904.10509",
     .reads = {"stride"},
     .tiny = {{"stride", "3"}}},
    [](const Settings& s) { return std::make_shared<Fixed>(s.integer("stride")); },
});

}  // namespace
}  // namespace ladder::nn
