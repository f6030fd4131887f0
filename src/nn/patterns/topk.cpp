#include "ladder/nn/pattern.h"

namespace ladder::nn {
namespace {

class TopK : public Pattern {
 public:
  explicit TopK(int most) : most_(most) {}
  bool legal(int, int) const override { return true; }
  Keys next(int query, int key) const override { return {key, query + 1}; }
  int most_keys() const override { return most_; }

 private:
  int most_;
};

const Registered<PatternPlugin> registered({
    {.name = "topk",
     .rule = "w_ij is among the top_k largest of w_i0 ... w_ii",
     .source = "Gupta et al., arXiv:2106.06899",
     .settings = {Setting::integer("top_k", "4", 1, 8192, "keys that a query keeps", "this program")},
     .tiny = {{"top_k", "3"}}},
    [](const Settings& s) { return std::make_shared<TopK>(s.integer("top_k")); },
});

}  // namespace
}  // namespace ladder::nn
