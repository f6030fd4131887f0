// The model: a decoder-only transformer with a pluggable mixer of tokens.
//
//   x = embedding (+ position);  per block, with norm
//     post: x = norm1(x + attn(x));  x = norm2(x + mlp(x))
//     pre:  x = x + attn(norm1(x));  x = x + mlp(norm2(x))
//     none: x = x + attn(x);         x = x + mlp(x)
//   x = final_norm(x) (pre and post);  logits = head(x)
//
// attn: the mixer, with its linear maps; mlp: up, activation, down.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ladder/base/settings.h"
#include "ladder/nn/mixer.h"
#include "ladder/nn/parameters.h"
#include "ladder/tensor/graph.h"
#include "ladder/tensor/ops.h"

namespace ladder::nn {

using namespace tensor;

enum class Position { none, learned, sinusoidal, rope, alibi };
enum class Norm { pre, post, none };

struct ModelConfig {
  int vocabulary, context;
  Position position;
  Norm norm;
  bool learned_embedding;  // otherwise one-hot, not trained
  double embedding_scale, position_std;
  Activation activation;
  bool squared_loss;  // otherwise cross-entropy
  int layers, heads, d_model, mlp_ratio;
  std::vector<std::shared_ptr<const Mixer>> mixers;  // one a layer
};

// Throws a usage error where the settings do not fit together. Settings must be resolved.
ModelConfig model_config(const Settings& settings, int vocabulary, int context);

// Numbers that generation carries from token to token once the context is full, over all layers.
double state_size(const ModelConfig& config);

// The parameters of the model, all 0. Names and shapes are those of checkpoints:
// embed.weight, position.weight, blocks.{i}.attn.{query,key,value,out}.{weight,bias} and what else
// the mixer has, blocks.{i}.{norm1,norm2}.{weight,bias}, blocks.{i}.mlp.{up,down}.{weight,bias},
// final_norm.{weight,bias}, head.{weight,bias}. Linear weights are [out, in].
template <class T>
Parameters<T> declared_parameters(const ModelConfig& config);

// The model recorded for a batch of fixed size: fill tokens and targets, then replay the graph.
// Several networks can share one set of parameters, which must outlive them.
template <class T>
struct Network {
  Network(const ModelConfig& config, Parameters<T>& parameters, int batch, bool with_gradients = true);

  const ModelConfig config;
  Parameters<T>& parameters;
  const int batch, context;
  std::vector<std::int32_t> tokens;  // [batch·context]
  Targets targets;                   // [batch·context]
  Graph<T> graph;
  Tensor<T> logits;           // [batch·context, vocabulary]
  Tensor<T> task_loss;        // [1, 1]
  Tensor<T> loss;             // [1, 1]: what is minimised: the task's and what the layers add
  std::vector<Look<T>> looks;  // one a layer
};

// The model as a generator: it reads one token of each of `batch` sequences after another and keeps
// what its mixers want of those before. For the same tokens it tells the same as a Network, bit for bit.
template <class T>
class Decoder {
 public:
  // The parameters must outlive it, and stay as they are from one restart to the next.
  Decoder(const ModelConfig& config, Parameters<T>& parameters, int batch);

  int batch() const { return static_cast<int>(tokens_.size()); }
  int position() const { return position_ + 1; }  // tokens read of each sequence
  void restart() { position_ = -1; }              // with new sequences

  // Reads tokens [batch]. Returns the logits [batch, vocabulary] of what follows. Throws a failure
  // once the model's context is full.
  Tensor<T> read(std::span<const std::int32_t> tokens);

 private:
  const ModelConfig config_;
  int position_ = -1;
  std::vector<std::int32_t> tokens_;
  Graph<T> graph_{Graph<T>::Purpose::inference};
  Tensor<T> logits_;
};
extern template class Decoder<float>;
extern template class Decoder<double>;

}  // namespace ladder::nn
