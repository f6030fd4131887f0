// The mixers as operations of the graph, each in a file of its own beside this one. Formulas are there.
//
// query, key, value [batch·context, d] may be strided; out is [batch·context, d]. Throws a failure if
// the shapes do not fit.
#pragma once

#include <functional>
#include <vector>

#include "nn/mixers/mixed.h"
#include "nn/mixers/prefix_sums.h"

namespace ladder::nn {

template <class T>
Mixed<T> cosformer(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Cut cut,
                   Algorithm algorithm = Algorithm::automatic);

template <class T>
Mixed<T> linear_attention(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Cut cut,
                          Algorithm algorithm = Algorithm::automatic);

// Attention with score square: the same numbers, to rounding, in time linear in the context.
template <class T>
Mixed<T> square_sums(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value,
                     PrefixSumOptions options);

// weight γ and bias β [1, head size]: of the layer norm over a head's entries, for query and key.
template <class T>
Mixed<T> rebased(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> weight,
                 Tensor<T> bias, PrefixSumOptions options);

// slots [batch·context, heads·slots]: u, the logarithms of the weights with which tokens are written.
template <class T>
Mixed<T> abc(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Tensor<T> slots, Cut cut);

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
Mixed<T> combiner(Graph<T>& graph, Tensor<T> query, Tensor<T> key, Tensor<T> value, Cut cut,
                  const CombinerPlan& plan);

}  // namespace ladder::nn
