#include "ladder/nn/pattern.h"

namespace ladder::nn {
namespace {

// The union of the two patterns that Child et al. give to alternate heads or layers.
class Strided : public Pattern {
 public:
  explicit Strided(int stride) : stride_(stride) {}
  bool legal(int query, int key) const override {
    return query - key < stride_ || (query - key) % stride_ == 0;
  }
  Keys next(int query, int key) const override {
    if (query - key < stride_) return {key, query + 1};
    const int at = query - (query - key) / stride_ * stride_;  // a whole number of strides back
    return {at, query - at < stride_ ? query + 1 : at + 1};
  }

 private:
  int stride_;
};

const Registered<PatternPlugin> registered({
    {.name = "strided",
     .rule = "i - j < stride or (i - j) mod stride = 0",
     .source = "Child et al., arXiv:1904.10509",
     .settings = {Setting::integer("stride", "4", 1, 8192, "length of a block; distance of far keys",
                                   "this program")},
     .tiny = {{"stride", "3"}}},
    [](const Settings& s) { return std::make_shared<Strided>(s.integer("stride")); },
});

}  // namespace
}  // namespace ladder::nn
