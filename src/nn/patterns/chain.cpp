#include <algorithm>

#include "ladder/nn/pattern.h"

namespace ladder::nn {
namespace {

struct Chain : Pattern {
  bool legal(int query, int key) const override { return query - key <= 1; }
  Keys next(int query, int key) const override { return {std::max(key, query - 1), query + 1}; }
};

const Registered<PatternPlugin> registered({
    {.name = "chain", .rule = "j = i or j = i - 1", .source = "Yun et al., arXiv:2006.04862"},
    [](const Settings&) { return std::make_shared<Chain>(); },
});

}  // namespace
}  // namespace ladder::nn
