#include "ladder/nn/pattern.h"

namespace ladder::nn {
namespace {

struct Full : Pattern {
  bool legal(int, int) const override { return true; }
  Keys next(int query, int key) const override { return {key, query + 1}; }
};

const Registered<PatternPlugin> registered({
    {.name = "full", .rule = "j <= i", .source = "Vaswani et al., arXiv:1706.03762"},
    [](const Settings&) { return std::make_shared<Full>(); },
});

}  // namespace
}  // namespace ladder::nn
