#include "geometry/tally.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace ladder::geometry {

static constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

// One Jacobi rotation: makes matrix[p, q] zero and keeps the eigenvalues.
static void rotate(std::vector<double>& matrix, int n, int p, int q) {
  const auto at = [&](int i, int j) -> double& { return matrix[i * n + j]; };
  if (at(p, q) == 0) return;
  const double tau = (at(q, q) - at(p, p)) / (2 * at(p, q));
  const double t = (tau < 0 ? -1 : 1) / (std::abs(tau) + std::hypot(1, tau));  // the smaller angle
  const double c = 1 / std::hypot(1, t), s = t * c;
  for (int k = 0; k < n; ++k) {
    const double kp = at(k, p), kq = at(k, q);
    at(k, p) = c * kp - s * kq, at(k, q) = s * kp + c * kq;
  }
  for (int k = 0; k < n; ++k) {
    const double pk = at(p, k), qk = at(q, k);
    at(p, k) = c * pk - s * qk, at(q, k) = s * pk + c * qk;
  }
  at(p, q) = at(q, p) = 0;
}

std::vector<double> symmetric_eigenvalues(std::vector<double> matrix, int n) {
  double square = 0;
  for (const double x : matrix) square += x * x;
  constexpr int most_sweeps = 50;  // convergence is quadratic: about six do
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    double off = 0;
    for (int p = 0; p < n; ++p)
      for (int q = p + 1; q < n; ++q) off += 2 * matrix[p * n + q] * matrix[p * n + q];
    if (off <= 1e-30 * square) break;
    for (int p = 0; p < n; ++p)
      for (int q = p + 1; q < n; ++q) rotate(matrix, n, p, q);
  }
  std::vector<double> values(n);
  for (int i = 0; i < n; ++i) values[i] = matrix[i * n + i];
  std::sort(values.begin(), values.end(), std::greater<>());
  return values;
}

double effective_rank(std::vector<double> gram, int n) {
  std::vector<double> singular = symmetric_eigenvalues(std::move(gram), n);
  for (double& s : singular) s = std::sqrt(std::max(s, 0.0));  // rounding may push 0 below 0
  const double sum = std::accumulate(singular.begin(), singular.end(), 0.0);
  if (sum == 0) return 0;
  double entropy = 0;
  for (const double s : singular)
    if (s > 0) entropy -= s / sum * std::log(s / sum);
  return std::exp(entropy);
}

double random_abs_cosine(int n) {
  return std::exp(std::lgamma(0.5 * n) - std::lgamma(0.5 * (n + 1))) / std::sqrt(std::numbers::pi);
}

const char* name_of(Standing standing) {
  switch (standing) {
    case Standing::suppressed: return "suppressed";
    case Standing::between: return "between";
    case Standing::attended: return "attended";
  }
  return "";
}

Standing standing_of(double probability, int legal_keys) {
  constexpr double rounding = 1e-5;  // a uniform row's float probabilities attend to no key
  const double relative = probability * legal_keys;
  if (relative > 1 + rounding) return Standing::attended;
  return relative < 0.1 ? Standing::suppressed : Standing::between;
}

int cosine_bin(double cosine) {
  const int bin = static_cast<int>(std::floor((cosine + 1) / 2 * cosine_bins));
  return std::clamp(bin, 0, cosine_bins - 1);
}

static double cosine_of(const Pair& pair) {
  return std::clamp(pair.z / pair.length, -1.0, 1.0);  // z is rounded to float
}

void AttentionTally::ByCosine::add(double attention, double cosine) {
  all += attention;
  if (cosine < -0.5) antiparallel += attention;
  if (cosine > 0.5) parallel += attention;
}

void AttentionTally::ByCosine::add(const ByCosine& other) {
  all += other.all, antiparallel += other.antiparallel, parallel += other.parallel;
}

void AttentionTally::add_row(const std::vector<Pair>& row) {
  const int legal = static_cast<int>(row.size());
  double sum = 0, weighted = 0;  // Σ p, Σ p log2 p
  ++rows_;
  for (const Pair& pair : row) {
    abs_z_.push_back(static_cast<float>(std::abs(pair.z)));
    const double p = std::abs(pair.probability);
    sum += p;
    if (p > 0) weighted += p * std::log2(p);
    if (pair.length == 0) {
      ++zero_norm_;
      continue;
    }
    const double cosine = cosine_of(pair);
    const int standing = static_cast<int>(standing_of(p, legal));
    ++histogram_[standing][cosine_bin(cosine)];
    abs_cosine_[standing] += std::abs(cosine);
    attention_.add(p, cosine);
    uniform_.add(1.0 / legal, cosine);
  }
  if (sum == 0) return;  // as with z = 0 throughout, in scores that have weight 0 there
  // Of p / Σ p: a row's sum is 1 up to rounding and the normaliser's epsilon.
  const double entropy = std::max(0.0, std::log2(sum) - weighted / sum);
  entropy_ += entropy;
  ++entropy_rows_;
  if (legal < 2) return;
  relative_ += entropy / std::log2(legal);
  ++relative_rows_;
}

void AttentionTally::add(const AttentionTally& other) {
  rows_ += other.rows_, zero_norm_ += other.zero_norm_;
  entropy_rows_ += other.entropy_rows_, relative_rows_ += other.relative_rows_;
  for (int s = 0; s < standings; ++s) {
    for (int bin = 0; bin < cosine_bins; ++bin) histogram_[s][bin] += other.histogram_[s][bin];
    abs_cosine_[s] += other.abs_cosine_[s];
  }
  attention_.add(other.attention_), uniform_.add(other.uniform_);
  entropy_ += other.entropy_, relative_ += other.relative_;
  abs_z_.insert(abs_z_.end(), other.abs_z_.begin(), other.abs_z_.end());
}

static double ratio(double sum, double count) { return count > 0 ? sum / count : no_value; }

std::int64_t AttentionTally::count(Standing standing, int bin) const {
  return histogram_[static_cast<int>(standing)][bin];
}

std::int64_t AttentionTally::count(Standing standing) const {
  const auto& bins = histogram_[static_cast<int>(standing)];
  return std::accumulate(bins.begin(), bins.end(), std::int64_t{0});
}

double AttentionTally::share(Standing standing, int bin) const {
  return ratio(static_cast<double>(count(standing, bin)), static_cast<double>(count(standing)));
}

double AttentionTally::share_of_all(std::int64_t count) const {
  return ratio(static_cast<double>(count), static_cast<double>(pairs() - zero_norm_));
}

double AttentionTally::share_of_all(Standing standing) const {
  return share_of_all(count(standing));
}

double AttentionTally::share_of_all(Standing standing, int bin) const {
  return share_of_all(count(standing, bin));
}

double AttentionTally::mean_abs_cosine(Standing standing) const {
  return ratio(abs_cosine_[static_cast<int>(standing)], static_cast<double>(count(standing)));
}

double AttentionTally::share_of(const ByCosine& attention, double ByCosine::*part) {
  return ratio(attention.*part, attention.all);
}

double AttentionTally::mean_abs_z() const {
  return ratio(std::accumulate(abs_z_.begin(), abs_z_.end(), 0.0),
               static_cast<double>(abs_z_.size()));
}

double AttentionTally::median_abs_z() const {
  if (abs_z_.empty()) return no_value;
  std::vector<float> z = abs_z_;
  const auto middle = z.begin() + static_cast<std::ptrdiff_t>(z.size() / 2);
  std::nth_element(z.begin(), middle, z.end());
  if (z.size() % 2) return *middle;
  return 0.5 * (static_cast<double>(*middle) + *std::max_element(z.begin(), middle));
}

double AttentionTally::entropy_bits() const {
  return ratio(entropy_, static_cast<double>(entropy_rows_));
}

double AttentionTally::relative_entropy() const {
  return ratio(relative_, static_cast<double>(relative_rows_));
}

}  // namespace ladder::geometry
