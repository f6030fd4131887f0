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

// The same for one token of each sequence, the one at *position of at most `context`: query, key, value
// [batch, d_model]. Keys and values of the tokens before it are kept. The pattern must outlive the graph.
template <class T>
Tensor<T> attention_step(Graph<T>& graph, const ScoreForm& score, Tensor<T> query, Tensor<T> key,
                         Tensor<T> value, AttentionOptions options, int context, const int* position);

// A way of its own that a score knows, over all keys up to the query, without rotation or decay.
class AttentionAlgorithm {
 public:
  virtual ~AttentionAlgorithm() = default;
  // As attention and attention_step above, to rounding.
  virtual Mixed<float> record(Graph<float>&, Tensor<float> query, Tensor<float> key, Tensor<float> value,
                              const AttentionOptions&) const = 0;
  virtual Mixed<double> record(Graph<double>&, Tensor<double> query, Tensor<double> key, Tensor<double> value,
                               const AttentionOptions&) const = 0;
  virtual Tensor<float> record_step(Graph<float>&, Tensor<float> query, Tensor<float> key, Tensor<float> value,
                                    const AttentionOptions&, int context, const int* position) const = 0;
  virtual Tensor<double> record_step(Graph<double>&, Tensor<double> query, Tensor<double> key, Tensor<double> value,
                                     const AttentionOptions&, int context, const int* position) const = 0;
  // As those of a mixer.
  virtual double multiply_adds(int context, const MixerShape&) const = 0;
  virtual double state_size(const MixerShape&) const = 0;
};

}  // namespace ladder::nn
