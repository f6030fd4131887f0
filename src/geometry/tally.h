// The measures that the geometry of attention is told in. They know rows of numbers, no model.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace ladder::geometry {

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
  double probability, z;  // a negative probability (cog) counts as attention of its size
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

}  // namespace ladder::geometry
