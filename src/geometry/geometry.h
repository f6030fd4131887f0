// The geometry of attention: which angles between query and key get attention and which are
// suppressed, measured on a trained model that reads held-out sequences.
//
// Everywhere here
//   cos         z / (scale |q| |k|), in [-1, 1]. Rotary positions turn q and k but keep their
//               norms, so the norms are those of the vectors before rotation; a decay (alibi)
//               multiplies the weight, not z. A pair in which q or k is zero has no cos: it is
//               counted apart and left out of everything that is about cos.
//   pairs       (query, key) with a legal key, key <= query, in the query rows that have a target.
//               Rows without a target do not enter the loss, so nothing shapes their attention.
//   layer, head count from 0, as in checkpoints.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ladder/base/settings.h"
#include "ladder/nn/transformer.h"

namespace ladder::geometry {

using namespace nn;

// ---- measures -----------------------------------------------------------------------------------

// Eigenvalues, largest first, of a symmetric matrix [n, n], by cyclic Jacobi rotations
// (Golub & Van Loan, Matrix Computations, section 8.5).
std::vector<double> symmetric_eigenvalues(std::vector<double> matrix, int n);

// exp(-Σ s log s) with s the singular values of K divided by their sum (Roy & Vetterli 2007: The
// effective rank), from gram = KᵀK [n, n]: 1 for parallel rows, n for n orthogonal rows of the same
// length. K is not centred. 0 if K is 0.
double effective_rank(std::vector<double> gram, int n);

// E|cos| of two independent, uniformly random directions: Γ(n/2) / (√π Γ((n+1)/2)).
double random_abs_cosine(int n);

// What the row makes of a key: attended means more than the uniform share 1/(number of legal keys),
// suppressed less than a tenth of it.
enum class Standing { suppressed, between, attended };
inline constexpr int standings = 3;
const char* name_of(Standing standing);
Standing standing_of(double probability, int legal_keys);

inline constexpr int cosine_bins = 40;  // equal, from -1 to 1
int cosine_bin(double cosine);          // 0 is in the bin above it

struct Pair {
  double probability, z;
  double length;  // scale |q| |k|: z = length · cos
};

// Adds up the query rows of one head, or of several. Averages over nothing are NaN.
class AttentionTally {
 public:
  void add_row(const std::vector<Pair>& row);  // all legal keys of one query
  void add(const AttentionTally& other);

  std::int64_t rows() const { return rows_; }
  std::int64_t pairs() const { return static_cast<std::int64_t>(abs_z_.size()); }
  std::int64_t zero_norm_pairs() const { return zero_norm_; }
  // Pairs that have a cos, by standing, and in a bin.
  std::int64_t count(Standing standing) const;
  std::int64_t count(Standing standing, int bin) const;
  double share(Standing standing, int bin) const;  // of the pairs of that standing; sums to 1
  double share_of_all(Standing standing) const;
  double share_of_all(Standing standing, int bin) const;

  double mean_abs_cosine(Standing standing) const;
  // Of the attention that pairs with a cos get together: the shares of those with cos < -0.5 and of
  // those with cos > 0.5, and what the shares would be if every row were uniform.
  double antiparallel_share() const { return share_of(attention_, &ByCosine::antiparallel); }
  double parallel_share() const { return share_of(attention_, &ByCosine::parallel); }
  double antiparallel_if_uniform() const { return share_of(uniform_, &ByCosine::antiparallel); }
  double parallel_if_uniform() const { return share_of(uniform_, &ByCosine::parallel); }
  double mean_abs_z() const;
  double median_abs_z() const;
  double entropy_bits() const;      // mean over rows that have any attention
  // Mean of entropy / log2(legal keys), over those with two keys or more: 1 for uniform rows.
  double relative_entropy() const;

 private:
  struct ByCosine {
    double all = 0, antiparallel = 0, parallel = 0;
    void add(double attention, double cosine);
    void add(const ByCosine& other);
  };
  static double share_of(const ByCosine& attention, double ByCosine::*part);
  double share_of_all(std::int64_t count) const;

  std::int64_t rows_ = 0, zero_norm_ = 0, entropy_rows_ = 0, relative_rows_ = 0;
  std::array<std::array<std::int64_t, cosine_bins>, standings> histogram_{};
  std::array<double, standings> abs_cosine_{};
  ByCosine attention_, uniform_;  // of pairs that have a cos
  double entropy_ = 0, relative_ = 0;
  std::vector<float> abs_z_;  // all of them: a median needs them
};

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
  std::string name, score;
  int sequences, context, layers, heads, head_size;
  double chance, accuracy;  // of tokens; accuracy as Trainer::evaluate measures it
  std::vector<int> example;           // the tokens that the model reads, [context]
  std::vector<HeadGeometry> measured;  // [layer][head]

  const HeadGeometry& at(int layer, int head) const { return measured[layer * heads + head]; }
  AttentionTally layer_tally(int layer) const;  // all heads together
};

// Lets the model read the first `sequences` (>= 1) held-out sequences, those of evaluation.
// Settings must be resolved.
Geometry measure_geometry(const std::string& name, const Settings& settings,
                          Parameters<float>& parameters, int sequences);

// ---- output -------------------------------------------------------------------------------------

// Ends the name of a model as it was before training.
inline constexpr const char* initial_suffix = "-initial";

using Geometries = std::vector<Geometry>;  // of several models, side by side; names differ

std::string geometry_csv(const Geometries& models);   // a row a head, and "all" a layer
std::string attention_csv(const Geometries& models);  // a row a (layer, head, query, key)
std::string cosine_csv(const Geometries& models);     // a row a (layer, head, standing, bin)

std::string attention_svg(const Geometry& model);  // maps: a row of panels a head
// Histograms of cos, in shares of all pairs: the area under a line is the share of that standing.
std::string cosine_svg(const Geometries& models);        // a panel a (model, layer)
std::string cosine_heads_svg(const Geometries& models);  // a panel a (model, layer, head)

// For people: the numbers of every head, and whether each layer suppresses by orthogonality and
// matches by both signs (columns by_ of geometry_csv), by rules that are told with the answers. An
// even score (ea, square) tends to both before any training, its weight being smallest at cos = 0:
// compare with the initial model.
std::string geometry_summary(const Geometries& models);

}  // namespace ladder::geometry
