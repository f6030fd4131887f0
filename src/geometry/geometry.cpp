#include "geometry/geometry.h"

#include <algorithm>
#include <cmath>

#include "ladder/base/error.h"
#include "ladder/base/text.h"
#include "ladder/tasks/task.h"
#include "plot/chart.h"  // no_value
#include "statistics/contestant.h"
#include "train/measure.h"

namespace ladder::geometry {

using namespace plot;
using namespace tasks;

namespace {

// A model that reads held-out sequences, one at a time.
class Reader {
 public:
  Reader(train::HeldOut held_out, const ModelConfig& config, Parameters<float>& parameters)
      : held_out_(held_out),
        config_(config),
        network_(config, parameters, 1, false),
        probabilities_(static_cast<std::size_t>(block) * config.context),
        z_(probabilities_.size()),
        legal_(probabilities_.size()) {
    for (int layer = 0; layer < config.layers; ++layer)
      if (!network_.looks[layer].query)
        throw usage_error("layer " + std::to_string(layer) +
                          " has no query.key: its mixer mixes in another way, which has no geometry");
  }

  void read(int index) {
    held_out_.task.draw(held_out_.seed, Split::evaluation, static_cast<std::uint64_t>(index),
                        sequence_);
    std::copy_n(sequence_.tokens.begin(), context(), network_.tokens.begin());
    network_.graph.forward();
  }
  // Which layer and head the functions below tell about.
  void look(int layer, int head) {
    look_ = &network_.looks[layer];
    head_ = head;
    begin_ = end_ = 0;
  }

  double accuracy(int sequences) {
    return train::evaluate(held_out_, sequences, network_).accuracy;
  }

  int context() const { return config_.context; }
  int head_size() const { return config_.d_model / config_.heads; }
  int token(int position) const { return sequence_.tokens[position]; }
  bool has_target(int query) const { return sequence_.targets[query] >= 0; }
  const float* key(int position) const { return row(look_->key, position); }

  // All legal keys of a query, and their positions. Fastest for one query after the other.
  void pairs(int query, std::vector<Pair>& out, std::vector<int>& keys) {
    if (query < begin_ || query >= end_) read_maps(query);
    const std::size_t first = static_cast<std::size_t>(query - begin_) * context();
    const double length = look_->scale * norm(row(look_->query, query));
    out.clear(), keys.clear();
    for (int k = 0; k < context(); ++k) {
      if (!legal_[first + k]) continue;
      out.push_back({probabilities_[first + k], z_[first + k], length * norm(key(k))});
      keys.push_back(k);
    }
  }

 private:
  static constexpr int block = 64;  // queries whose maps are there at a time

  void read_maps(int query) {
    begin_ = query, end_ = std::min(query + block, context());
    look_->maps({.sequence = 0, .head = head_, .begin = begin_, .end = end_,
                 .probabilities = probabilities_.data(), .products = z_.data(), .legal = legal_.data()});
  }
  const float* row(const Tensor<float>& of, int position) const {
    return of.value() + position * of.stride() + head_ * head_size();
  }
  double norm(const float* x) const {
    double square = 0;
    for (int i = 0; i < head_size(); ++i) square += static_cast<double>(x[i]) * x[i];
    return std::sqrt(square);
  }

  const train::HeldOut held_out_;
  const ModelConfig& config_;
  Network<float> network_;
  const Look<float>* look_ = nullptr;
  int head_ = 0, begin_ = 0, end_ = 0;
  std::vector<float> probabilities_, z_;  // [query - begin, key] of one head
  std::vector<std::uint8_t> legal_;
  Sequence sequence_;
};

// What one head's measures are made from, while sequences are read.
class HeadObserver {
 public:
  HeadObserver(int layer, int head, int context, int head_size)
      : context_(context), size_(head_size), gram_(head_size * head_size), seen_(context) {
    const std::vector<double> empty(static_cast<std::size_t>(context) * context, no_value);
    found_ = {layer, head, {}, 0, empty, empty, empty};
  }

  void observe(Reader& reader, bool example) {
    for (int t = 0; t < context_; ++t) add_key(reader.key(t));
    for (int query = 0; query < context_; ++query) {
      if (!reader.has_target(query)) continue;
      reader.pairs(query, row_, keys_);
      found_.tally.add_row(row_);
      map_row(query, example);
    }
  }

  HeadGeometry finish() {
    found_.effective_rank = effective_rank(gram_, size_);
    for (int query = 0; query < context_; ++query)
      for (int key = 0; key < context_; ++key)  // NaN where none was legal, whatever it is divided by
        found_.mean_probability[query * context_ + key] /= seen_[query];
    return std::move(found_);
  }

 private:
  void add_key(const float* key) {
    for (int i = 0; i < size_; ++i)
      for (int j = 0; j < size_; ++j) gram_[i * size_ + j] += static_cast<double>(key[i]) * key[j];
  }
  void map_row(int query, bool example) {
    for (std::size_t key = 0; key < row_.size(); ++key) {
      const std::size_t at = query * context_ + keys_[key];
      double& sum = found_.mean_probability[at];
      sum = (std::isnan(sum) ? 0 : sum) + row_[key].probability;
      if (!example) continue;
      found_.example_probability[at] = row_[key].probability;
      found_.example_z[at] = row_[key].z;
    }
    ++seen_[query];
  }

  const int context_, size_;
  std::vector<double> gram_;  // KᵀK
  std::vector<int> seen_;     // in how many sequences a query had a target
  std::vector<Pair> row_;
  std::vector<int> keys_;  // of row_
  HeadGeometry found_;
};

}  // namespace

AttentionTally Geometry::layer_tally(int layer) const {
  AttentionTally together;
  for (int head = 0; head < heads; ++head) together.add(at(layer, head).tally);
  return together;
}

double geometry_bytes(const ModelConfig& config, int sequences) {
  const double pairs = 0.5 * config.context * (config.context + 1.0), heads = config.layers * config.heads;
  // Maps of the mean, and of probabilities and z of an example; every |z|, for its median; and the maps
  // once more as a picture and as rows of a table.
  constexpr double in_picture = 3 * 60, in_table = 80;
  return heads * (3 * sizeof(double) * config.context * config.context +
                  pairs * (sizeof(float) * sequences + in_picture + in_table));
}

static void require_room(const ModelConfig& config, int sequences) {
  const double bytes = geometry_bytes(config, sequences);
  if (bytes <= most_geometry_bytes) return;
  throw usage_error("the geometry of " + std::to_string(config.layers * config.heads) + " heads in " +
                    std::to_string(sequences) + " sequences of " + std::to_string(config.context) +
                    " tokens takes " + fixed(bytes / 1e9, 1) + " GB of memory, expected at most " +
                    fixed(most_geometry_bytes / 1e9, 1) + ": take fewer --sequences, or a shorter --context");
}

Geometry measure_geometry(const std::string& name, const Settings& settings,
                          Parameters<float>& parameters, int sequences) {
  const auto task = make_task(settings);
  const ModelConfig config = model_config(settings, task->vocabulary(), task->context());
  require_room(config, sequences);
  const auto seed = static_cast<std::uint64_t>(settings.big_integer("seed"));
  Reader reader({*task, seed}, config, parameters);
  std::vector<HeadObserver> observers;
  for (int layer = 0; layer < config.layers; ++layer)
    for (int head = 0; head < config.heads; ++head)
      observers.emplace_back(layer, head, config.context, reader.head_size());

  const auto applying = [&](const char* key) {
    return settings.applies(key) ? settings.text(key) : std::string();
  };
  Geometry found{.name = name,
                 .contestant = statistics::contestant_name(applying("mixer"), applying("score"),
                                                           applying("pattern")),
                 .sequences = sequences,
                 .context = config.context,
                 .layers = config.layers,
                 .heads = config.heads,
                 .head_size = reader.head_size(),
                 .chance = task->chance(),
                 .accuracy = reader.accuracy(sequences),
                 .example = {},
                 .measured = {}};
  for (int index = 0; index < sequences; ++index) {
    reader.read(index);
    for (int t = 0; index == 0 && t < config.context; ++t) found.example.push_back(reader.token(t));
    for (int layer = 0; layer < config.layers; ++layer)
      for (int head = 0; head < config.heads; ++head) {
        reader.look(layer, head);
        observers[layer * config.heads + head].observe(reader, index == 0);
      }
  }
  for (HeadObserver& observer : observers) found.measured.push_back(observer.finish());
  return found;
}

}  // namespace ladder::geometry
