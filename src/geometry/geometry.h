// The geometry of attention: which angles between query and key get attention and which are
// suppressed, measured on a trained model that reads held-out sequences.
//
// Everywhere here
//   cos         z / (scale |q| |k|), in [-1, 1]. Rotary positions turn q and k but keep their
//               norms, so the norms are those of the vectors before rotation; a decay (alibi)
//               multiplies the weight, not z. A pair in which q or k is zero has no cos: it is
//               counted apart and left out of everything that is about cos.
//   pairs       (query, key) with a legal key, in the query rows that have a target.
//               Rows without a target do not enter the loss, so nothing shapes their attention.
//   layer, head count from 0, as in checkpoints. Layers of other mixers than attention have no z.
//   attention   |p|: cog has negative weights, whose sizes sum to 1; the maps show them as they are.
#pragma once

#include <string>
#include <vector>

#include "geometry/tally.h"
#include "ladder/base/settings.h"
#include "ladder/nn/transformer.h"

namespace ladder::geometry {

using namespace nn;

// ---- a model ------------------------------------------------------------------------------------

struct HeadGeometry {
  int layer, head;
  AttentionTally tally;
  double effective_rank;  // of the keys of all positions of all sequences, before rotation
  // [query, key]; NaN where no sequence (the example) has a pair. The mean is over the sequences in
  // which the query has a target; the example is the first sequence.
  std::vector<double> mean_probability, example_probability, example_z;
};

struct Geometry {
  std::string name, contestant;
  int sequences, context;
  std::vector<int> layers;            // those measured, in which z = query·key gives the weights
  std::vector<std::string> left_out;  // the others: "layer 1 (abc)"
  int heads, head_size;
  double chance, accuracy;  // of tokens; accuracy as evaluation has it
  std::vector<int> example;           // the tokens that the model reads, [context]
  std::vector<HeadGeometry> measured;  // [layer][head]

  const HeadGeometry& at(int layer, int head) const;
  AttentionTally layer_tally(int layer) const;  // all heads together
};

// The memory that this takes and leaves, of so many heads, and what is refused.
double geometry_bytes(double heads, int context, int sequences);
constexpr double most_geometry_bytes = 4e9;

// Lets the model read the first `sequences` (>= 1) held-out sequences, those of evaluation.
// Settings must be resolved. Throws a usage error if no layer's weights are made of query·key, and
// above most_geometry_bytes, with what it would take.
Geometry measure_geometry(const std::string& name, const Settings& settings,
                          Parameters<float>& parameters, int sequences);

// ---- output -------------------------------------------------------------------------------------

// Ends the name of a model as it was before training.
inline constexpr const char* initial_suffix = "-initial";

using Geometries = std::vector<Geometry>;  // of several models, side by side; names differ

std::string geometry_csv(const Geometries& models);   // a row a head, and "all" a layer
std::string attention_csv(const Geometries& models);  // a row a (layer, head, query, key)
std::string cosine_csv(const Geometries& models);     // a row a (layer, head, standing, bin)

std::string attention_svg(const Geometry& model);  // maps: a row of facets a head
// Histograms of cos, in shares of all pairs: the area under a line is the share of that standing.
std::string cosine_svg(const Geometries& models);        // a facet a (model, layer)
std::string cosine_heads_svg(const Geometries& models);  // a facet a (model, layer, head)

// For people: the numbers of every head, and whether each layer suppresses by orthogonality and
// matches by both signs (columns by_ of geometry_csv), by rules that are told with the answers. An
// even score (ea, square) tends to both before any training, its weight being smallest at cos = 0:
// compare with the initial model.
std::string geometry_summary(const Geometries& models);

}  // namespace ladder::geometry
