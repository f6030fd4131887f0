// A model that reads held-out sequences, one at a time, and what its heads make of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "geometry/tally.h"
#include "ladder/base/settings.h"
#include "ladder/nn/transformer.h"
#include "ladder/tasks/task.h"

namespace ladder::geometry {

using namespace nn;

// "ea", "dpa window", "abc": how the (resolved) settings mix tokens.
std::string contestant_of(const Settings& settings);

class Reader {
 public:
  // Settings must be resolved, and the parameters outlive it. Throws a usage error if no layer's
  // weights are made of query·key.
  Reader(const Settings& settings, Parameters<float>& parameters);

  // The layers whose weights are made of query·key; and the others: "layer 1 (abc)".
  const std::vector<int>& layers() const { return layers_; }
  const std::vector<std::string>& left_out() const { return left_out_; }

  // Of held-out sequence `index`: its targets only, or all that a forward tells.
  void draw(int index);
  void read(int index);
  // Which layer and head the functions below tell about, after read.
  void look(int layer, int head);

  const tasks::Task& task() const { return *task_; }
  double accuracy(int sequences);  // of tokens, as evaluation has it
  int context() const { return config_.context; }
  int heads() const { return config_.heads; }
  int d_model() const { return config_.d_model; }
  int head_size() const { return config_.d_model / config_.heads; }
  double scale() const { return look_->scale; }  // z = scale · query·key
  int token(int position) const { return sequence_.tokens[position]; }
  bool has_target(int query) const { return sequence_.targets[query] >= 0; }
  const float* key(int position) const { return head_row(look_->key, position); }
  const float* input(int position) const;  // what the layer's mixer read, [d_model]

  // All legal keys of a query, and their positions. Fastest for one query after the other.
  void pairs(int query, std::vector<Pair>& out, std::vector<int>& keys);

 private:
  void read_maps(int query);
  const float* head_row(const Tensor<float>& of, int position) const;
  double norm(const float* x) const;

  const std::unique_ptr<tasks::Task> task_;
  const std::uint64_t seed_;
  const ModelConfig config_;
  Network<float> network_;
  std::vector<int> layers_;
  std::vector<std::string> left_out_;
  const Look<float>* look_ = nullptr;
  int head_ = 0, begin_ = 0, end_ = 0;    // the queries whose maps are there
  std::vector<float> probabilities_, z_;  // [query - begin, key] of one head
  std::vector<std::uint8_t> legal_;
  tasks::Sequence sequence_;
};

}  // namespace ladder::geometry
