#include <algorithm>

#include "ladder/nn/pattern.h"

namespace ladder::nn {
namespace {

class Window : public Pattern {
 public:
  explicit Window(int window) : window_(window) {}
  bool legal(int query, int key) const override { return query - key < window_; }
  Keys next(int query, int key) const override { return {std::max(key, query - window_ + 1), query + 1}; }

 private:
  int window_;
};

const Registered<PatternPlugin> registered({
    {.name = "window",
     .rule = "i - j < window",
     .source = "Beltagy et al., arXiv:2004.05150",
     .settings = {Setting::integer("window", "4", 1, 8192, "keys that a query sees, itself included",
                                   "this program")},
     .tiny = {{"window", "3"}}},
    [](const Settings& s) { return std::make_shared<Window>(s.integer("window")); },
});

}  // namespace
}  // namespace ladder::nn
