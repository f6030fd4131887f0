// Multi-head attention as an operation of the graph.
#pragma once

#include "ladder/nn/score.h"
#include "ladder/tensor/gradcheck.h"
#include "ladder/tensor/graph.h"

namespace ladder::nn {

// How attention itself knows positions. (Learned and sinusoidal ones are added to the input.)
enum class Rotation { none, rope };  // Su et al., arXiv:2104.09864
enum class Decay { none, alibi };    // Press et al., arXiv:2108.12409

struct AttentionOptions {
  int batch, heads;
  bool causal = true;  // keys after the query are not legal
  double scale = 1;    // z = scale · query·key
  Rotation rotation = Rotation::none;
  Decay decay = Decay::none;
};

template <class T>
struct Attention {
  Tensor<T> out;         // [batch·context, d_model]
  Tensor<T> query, key;  // as given
  // Computes the last forward's probabilities, [batch, heads, query, key], and, unless null, the
  // products z that the score saw. Illegal places are 0.
  std::function<void(T* probabilities, T* products)> look;
};

// query, key, value [batch·context, d_model], possibly strided, all with the same stride; heads are
// consecutive slices of d_model. Throws a failure if heads do not divide d_model, or if rope is
// asked for an odd head size.
template <class T>
Attention<T> attention(Graph<T>& graph, const Score& score, Tensor<T> query, Tensor<T> key,
                       Tensor<T> value, AttentionOptions options);

// The cases that check the gradient of attention with this score, one for each way of using it.
std::vector<GradientCase> attention_gradient_cases(const Score& score);

}  // namespace ladder::nn
