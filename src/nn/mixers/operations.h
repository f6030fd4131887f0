// The mixers as operations of the graph, each in a file of its own beside this one. Formulas are there.
//
// query, key, value [batch·context, d] may be strided; out is [batch·context, d]. Throws a failure if
// the shapes do not fit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "nn/mixers/mixture.h"
#include "nn/mixers/prefix_sums.h"

namespace ladder::nn {

class AttentionAlgorithm;

template <class T>
Mixture<T> cosformer(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Cut cut,
                   Algorithm algorithm = Algorithm::automatic);

template <class T>
Mixture<T> linear_attention(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Cut cut,
                          Algorithm algorithm = Algorithm::automatic);

// Attention with score square: the same numbers, to rounding, in time linear in the context.
template <class T>
Mixture<T> square_sums(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value,
                     PrefixSumOptions options);

// The same as a way of computing attention.
std::shared_ptr<const AttentionAlgorithm> square_in_linear_time();
bool square_is_cheaper_linear(int context, int head_size);

// weight γ and bias β [1, head size]: of the layer norm over a head's entries, for query and key.
template <class T>
Mixture<T> rebased(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> weight,
                 Tensor<T> bias, PrefixSumOptions options);

// slots [batch·context, heads·slots]: u, the logarithms of the weights with which tokens are written.
template <class T>
Mixture<T> abc(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> slots, Cut cut);

// Keys begin .. end - 1, taken together by queries from .. to - 1.
struct CombinerSpan {
  int begin, end, from, to;
};
// Which keys a query takes alone, and which together. Key j is direct for the queries from j on, up to,
// not including, direct_until(j, context). A span of one key must go on where that key's queries end.
struct CombinerPlan {
  std::function<int(int key, int context)> direct_until;
  std::function<std::vector<CombinerSpan>(int context)> spans;
};
CombinerPlan fixed_plan(int span);  // the own block of `span` keys direct, earlier blocks together
CombinerPlan logsparse_plan();      // itself direct, then aligned spans of lengths that are powers of 2

template <class T>
Mixture<T> combiner(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Cut cut,
                  const CombinerPlan& plan);

struct ZetaOptions {
  int code_bits = 10;     // of a coordinate; code_bits · (a head's query size) <= 63
  double code_range = 4;  // coordinates are clamped to ±code_range for the code
  int chunk = 2;          // queries of one chunk see keys of earlier chunks only
  int neighbours = 8;     // length of the window of sorted neighbours
  int top_k = 4;          // of which so many nearest are taken
};

template <class T>
struct Zeta {
  Mixture<T> mixed;
  // The keys that a query selected in the last forward, in ascending order.
  std::function<std::vector<int>(int sequence, int head, int query)> selected;
};

// query and key [batch·context, heads·key size]; gamma [1, 1].
template <class T>
Zeta<T> zeta(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> gamma, Cut cut,
             ZetaOptions options);

// The place of x along the Z-curve: the most significant bits of all coordinates first.
template <class T>
std::uint64_t z_code(const T* x, int size, const ZetaOptions& options);

// SEA's last step: attention over the keys of those columns of scores [batch·context, heads·width] that a
// row keeps; gates [batch·context, heads·2]: a and b before the sigmoid. The scores get no gradient.
template <class T>
struct SeaAttention {
  Mixture<T> mixed;
  std::function<std::vector<int>(int sequence, int head, int query)> selected;  // of the last forward
};
template <class T>
SeaAttention<T> sea_attention(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value,
                              Tensor<T> scores, Tensor<T> gates, Cut cut, int top_k);

// The estimator's loss [1, 1]: how far the scores are from dense attention, which counts as constant.
template <class T>
Tensor<T> sea_distillation(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> scores, Cut cut,
                           double weight);

// Which of `width` columns a key belongs to when so many are visible.
int sea_column(int key, int width, int visible);

}  // namespace ladder::nn
