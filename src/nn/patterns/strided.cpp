#include "ladder/nn/pattern.h"

namespace ladder::nn {
namespace {

class Strided : public Pattern {
 public:
  explicit Strided(int stride) : stride_(stride) {}
  bool legal(int query, int key) const override {
    return query - key < stride_ || (query - key) % stride_ == 0;
  }

 private:
  int stride_;
};

const Registered<PatternPlugin> registered({
    {.name = "strided",
     .rule = "i - j < stride or stride divides i - j",
     .source = "Child et al., arXiv:1904.10509",
     .settings = {Setting::integer("stride", "4", 1, 8192, "distance of the keys that are kept",
                                   "this program")},
     .tiny = {{"stride", "3"}}},
    [](const Settings& s) { return std::make_shared<Strided>(s.integer("stride")); },
});

}  // namespace
}  // namespace ladder::nn
