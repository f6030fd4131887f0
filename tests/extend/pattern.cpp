// A pattern of one's own, with a setting of its own: the first tokens, and the nearest ones.
#include "ladder/nn/pattern.h"

namespace ladder::nn {
namespace {

class Sinks : public Pattern {
 public:
  explicit Sinks(const Settings& s) : sinks_(s.integer("sinks")) {}
  bool legal(int query, int key) const override { return key < sinks_ || query - key < 8; }

 private:
  int sinks_;
};

const Registered<PatternPlugin> registered({
    {.name = "sinks",
     .rule = "j < sinks or i - j < 8",
     .source = "README example",
     .settings = {Setting::integer("sinks", "4", 0, 8192, "first tokens that all see", "README example")}},
    [](const Settings& s) { return std::make_shared<Sinks>(s); },
});

}  // namespace
}  // namespace ladder::nn
