// The model: a decoder-only transformer with a pluggable attention score.
//
//   x = embedding (+ position);  per block, with norm
//     post: x = norm1(x + attn(x));  x = norm2(x + mlp(x))
//     pre:  x = x + attn(norm1(x));  x = x + mlp(norm2(x))
//     none: x = x + attn(x);         x = x + mlp(x)
//   x = final_norm(x) (pre and post);  logits = head(x)
//
// attn: query, key, value, out are linear; mlp: up, activation, down.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ladder/base/settings.h"
#include "ladder/nn/attention.h"
#include "ladder/tensor/graph.h"
#include "ladder/tensor/ops.h"

namespace ladder::nn {

enum class Position { none, learned, sinusoidal, rope, alibi };
enum class Norm { pre, post, none };

struct ModelConfig {
  int vocabulary, context;
  const Score* score;
  Position position;
  Norm norm;
  bool learned_embedding;  // otherwise one-hot, not trained
  bool scaled;             // z = query·key / sqrt(head size), otherwise query·key
  double embedding_scale, position_std, qk_gain;
  Activation activation;
  bool squared_loss;  // otherwise cross-entropy
  int layers, heads, d_model, mlp_ratio;
};

// Throws a usage error where the settings do not fit together. Settings must be resolved.
ModelConfig model_config(const Settings& settings, int vocabulary, int context);

// All trained numbers in one flat buffer, by name. Names and shapes are those of checkpoints:
// embed.weight, position.weight, blocks.{i}.attn.{query,key,value,out}.{weight,bias},
// blocks.{i}.{norm1,norm2}.{weight,bias}, blocks.{i}.mlp.{up,down}.{weight,bias},
// final_norm.{weight,bias}, head.{weight,bias}. Linear weights are [out, in].
template <class T>
class Parameters {
 public:
  struct Entry {
    std::string name;
    std::vector<int> shape;
    std::size_t offset, size;
  };

  explicit Parameters(const ModelConfig& config);

  // Initial values; a tensor's depend on the seed, its name and the config's gains only, so that
  // models which differ in the score start from the same numbers.
  void initialise(const ModelConfig& config, std::uint64_t seed);

  const std::vector<Entry>& entries() const { return entries_; }
  const Entry& entry(const std::string& name) const;
  std::vector<T>& values() { return values_; }
  const std::vector<T>& values() const { return values_; }

 private:
  void add(std::string name, std::vector<int> shape);
  std::vector<Entry> entries_;
  std::vector<T> values_;
};

// The model recorded for a batch of fixed size: fill tokens and targets, then replay the graph.
// Several networks can share one set of parameters, which must outlive them.
template <class T>
struct Network {
  Network(const ModelConfig& config, Parameters<T>& parameters, int batch, bool with_gradients = true);

  const int batch, context;
  std::vector<std::int32_t> tokens;  // [batch·context]
  Targets targets;                   // [batch·context]
  Graph<T> graph;
  Tensor<T> logits;                   // [batch·context, vocabulary]
  Tensor<T> loss;                     // [1, 1]
  std::vector<Attention<T>> attention;  // one a layer
};

}  // namespace ladder::nn
