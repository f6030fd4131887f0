#include "geometry/geometry.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "plot/chart.h"  // no_value
#include "ladder/tasks/task.h"

namespace ladder::geometry {

using namespace tasks;
using namespace plot;

// ---- measures -----------------------------------------------------------------------------------

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
    const double p = pair.probability;
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

// ---- a model ------------------------------------------------------------------------------------

namespace {

// A model that reads held-out sequences, one at a time.
class Reader {
 public:
  Reader(const Settings& settings, const Task& task, const ModelConfig& config,
         Parameters<float>& parameters)
      : task_(task),
        config_(config),
        seed_(static_cast<std::uint64_t>(settings.big_integer("seed"))),
        network_(config, parameters, 1, false),
        probabilities_(static_cast<std::size_t>(config.context) * config.context),
        z_(probabilities_.size()),
        legal_(probabilities_.size()) {
    for (int layer = 0; layer < config.layers; ++layer)
      if (!network_.looks[layer].query)
        throw usage_error("layer " + std::to_string(layer) +
                          " has no query.key: its mixer mixes in another way, which has no geometry");
  }

  void read(int index) {
    task_.draw(seed_, Split::evaluation, static_cast<std::uint64_t>(index), sequence_);
    std::copy_n(sequence_.tokens.begin(), context(), network_.tokens.begin());
    network_.graph.forward();
  }
  // Which layer and head the functions below tell about.
  void look(int layer, int head) {
    look_ = &network_.looks[layer];
    head_ = head;
    look_->maps({.sequence = 0, .head = head, .begin = 0, .end = context(),
                 .probabilities = probabilities_.data(), .products = z_.data(),
                 .legal = legal_.data()});
  }

  int context() const { return config_.context; }
  int head_size() const { return config_.d_model / config_.heads; }
  int token(int position) const { return sequence_.tokens[position]; }
  bool has_target(int query) const { return sequence_.targets[query] >= 0; }
  bool right(int query) const {
    const float* logit = network_.logits.value() + query * network_.logits.stride();
    return std::max_element(logit, logit + config_.vocabulary) - logit == sequence_.targets[query];
  }
  const float* key(int position) const { return row(look_->key, position); }

  // All legal keys of a query, and their positions.
  void pairs(int query, std::vector<Pair>& out, std::vector<int>& keys) const {
    const std::size_t first = static_cast<std::size_t>(query) * context();
    const double length = look_->scale * norm(row(look_->query, query));
    out.clear(), keys.clear();
    for (int k = 0; k < context(); ++k) {
      if (!legal_[first + k]) continue;
      out.push_back({probabilities_[first + k], z_[first + k], length * norm(key(k))});
      keys.push_back(k);
    }
  }

 private:
  const float* row(const Tensor<float>& of, int position) const {
    return of.value() + position * of.stride() + head_ * head_size();
  }
  double norm(const float* x) const {
    double square = 0;
    for (int i = 0; i < head_size(); ++i) square += static_cast<double>(x[i]) * x[i];
    return std::sqrt(square);
  }

  const Task& task_;
  const ModelConfig& config_;
  const std::uint64_t seed_;
  Network<float> network_;
  const Look<float>* look_ = nullptr;
  int head_ = 0;
  std::vector<float> probabilities_, z_;  // [query, key] of one head
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

  void observe(const Reader& reader, bool example) {
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
      for (int key = 0; key <= query; ++key)  // NaN where no key was legal
        found_.mean_probability[query * context_ + key] /= seen_[query];  // NaN / 0 stays NaN
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

Geometry measure_geometry(const std::string& name, const Settings& settings,
                          Parameters<float>& parameters, int sequences) {
  const auto task = make_task(settings);
  const ModelConfig config = model_config(settings, task->vocabulary(), task->context());
  Reader reader(settings, *task, config, parameters);
  std::vector<HeadObserver> observers;
  for (int layer = 0; layer < config.layers; ++layer)
    for (int head = 0; head < config.heads; ++head)
      observers.emplace_back(layer, head, config.context, reader.head_size());

  Geometry found{name, settings.text("score"), sequences, config.context, config.layers, config.heads,
                 reader.head_size(), task->chance(), 0, {}, {}};
  std::int64_t right = 0, targets = 0;
  for (int index = 0; index < sequences; ++index) {
    reader.read(index);
    for (int query = 0; query < config.context; ++query) {
      if (index == 0) found.example.push_back(reader.token(query));
      if (!reader.has_target(query)) continue;
      right += reader.right(query);
      ++targets;
    }
    for (int layer = 0; layer < config.layers; ++layer)
      for (int head = 0; head < config.heads; ++head) {
        reader.look(layer, head);
        observers[layer * config.heads + head].observe(reader, index == 0);
      }
  }
  found.accuracy = ratio(static_cast<double>(right), static_cast<double>(targets));
  for (HeadObserver& observer : observers) found.measured.push_back(observer.finish());
  return found;
}

}  // namespace ladder::geometry
