#include "geometry/geometry.h"

#include <algorithm>
#include <cmath>

#include "geometry/reader.h"
#include "ladder/base/error.h"
#include "ladder/base/text.h"
#include "plot/chart.h"  // no_value
#include "statistics/contestant.h"

namespace ladder::geometry {

using namespace plot;
namespace {

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

  int layer() const { return found_.layer; }
  int head() const { return found_.head; }

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

const HeadGeometry& Geometry::at(int layer, int head) const {
  for (const HeadGeometry& one : measured)
    if (one.layer == layer && one.head == head) return one;
  throw failure("geometry: layer " + std::to_string(layer) + " was not measured");
}

AttentionTally Geometry::layer_tally(int layer) const {
  AttentionTally together;
  for (int head = 0; head < heads; ++head) together.add(at(layer, head).tally);
  return together;
}

double geometry_bytes(double heads, int context, int sequences) {
  const double pairs = 0.5 * context * (context + 1.0), map = static_cast<double>(context) * context;
  // Maps of the mean, and of probabilities and z of an example; every |z|, for its median; and the maps
  // once more as a picture and as rows of a table.
  constexpr double in_picture = 3 * 60, in_table = 80;
  return heads * (3 * sizeof(double) * map + pairs * (sizeof(float) * sequences + in_picture + in_table));
}

static void require_room(double heads, int context, int sequences) {
  const double bytes = geometry_bytes(heads, context, sequences);
  if (bytes <= most_geometry_bytes) return;
  throw usage_error("the geometry of " + to_text(heads) + " heads in " + std::to_string(sequences) +
                    " sequences of " + std::to_string(context) + " tokens takes " + fixed(bytes / 1e9, 1) +
                    " GB of memory, expected at most " + fixed(most_geometry_bytes / 1e9, 1) +
                    ": take fewer --sequences, or a shorter --context");
}

Geometry measure_geometry(const std::string& name, const Settings& settings,
                          Parameters<float>& parameters, int sequences) {
  Reader reader(settings, parameters);
  require_room(static_cast<double>(reader.layers().size()) * reader.heads(), reader.context(), sequences);
  std::vector<HeadObserver> observers;
  for (const int layer : reader.layers())
    for (int head = 0; head < reader.heads(); ++head)
      observers.emplace_back(layer, head, reader.context(), reader.head_size());

  Geometry found{.name = name,
                 .contestant = contestant_of(settings),
                 .sequences = sequences,
                 .context = reader.context(),
                 .layers = reader.layers(),
                 .left_out = reader.left_out(),
                 .heads = reader.heads(),
                 .head_size = reader.head_size(),
                 .chance = reader.task().chance(),
                 .accuracy = reader.accuracy(sequences),
                 .example = {},
                 .measured = {}};
  for (int index = 0; index < sequences; ++index) {
    reader.read(index);
    for (int t = 0; index == 0 && t < reader.context(); ++t) found.example.push_back(reader.token(t));
    for (HeadObserver& observer : observers) {
      reader.look(observer.layer(), observer.head());
      observer.observe(reader, index == 0);
    }
  }
  for (HeadObserver& observer : observers) found.measured.push_back(observer.finish());
  return found;
}

}  // namespace ladder::geometry
