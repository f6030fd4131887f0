// Multi-head attention as an operation of the graph.
#pragma once

#include "ladder/nn/mixer.h"
#include "ladder/nn/pattern.h"
#include "ladder/nn/score.h"
#include "ladder/tensor/graph.h"

namespace ladder::nn {

// How attention itself knows positions. (Learned and sinusoidal ones are added to the input.)
enum class Rotation { none, rope };  // Su et al., arXiv:2104.09864
enum class Decay { none, alibi };    // Press et al., arXiv:2108.12409

struct AttentionOptions {
  int batch = 1, heads = 1;
  double scale = 1;                  // z = scale · query·key
  const Pattern* pattern = nullptr;  // null: keys up to the query; read while recording only
  Rotation rotation = Rotation::none;
  Decay decay = Decay::none;
  double parameter = 0;              // of a score that has one
};

// query, key, value [batch·context, d_model], possibly strided; key and value with the same stride.
// Heads are consecutive slices of d_model. Throws a failure if heads do not divide d_model, or if
// rope is asked for an odd head size. `look` in the result gives all maps.
template <class T>
Mixed<T> attention(Graph<T>& graph, const ScoreForm& score, Tensor<T> query, Tensor<T> key,
                   Tensor<T> value, AttentionOptions options);

}  // namespace ladder::nn
