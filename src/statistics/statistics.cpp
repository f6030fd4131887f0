#include "statistics/statistics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "ladder/base/random.h"

namespace ladder::statistics {

static constexpr double normal_quantile = 1.959963984540054;  // of 0.975

double mean(const Values& values) {
  if (values.empty()) return not_defined;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median(const Values& values) { return quantile(values, 0.5); }

static double sorted_quantile(const Values& sorted, double p) {
  if (sorted.empty()) return not_defined;
  const double at = p * static_cast<double>(sorted.size() - 1);
  const std::size_t below = static_cast<std::size_t>(at);
  const double share = at - static_cast<double>(below);
  if (share == 0) return sorted[below];
  const double step = sorted[below + 1] - sorted[below];  // NaN between two infinite ones
  return std::isnan(step) ? sorted[below] : sorted[below] + share * step;
}

double quantile(Values values, double p) {
  std::sort(values.begin(), values.end());
  return sorted_quantile(values, p);
}

double interquartile_mean(Values values) {
  std::sort(values.begin(), values.end());
  const auto cut = static_cast<std::ptrdiff_t>(values.size() / 4);
  return mean(Values(values.begin() + cut, values.end() - cut));
}

Interval wilson(int successes, int trials) {
  if (trials < 1) return {};
  const double n = trials, share = successes / n, z2 = normal_quantile * normal_quantile;
  const double centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const double half = normal_quantile / (1 + z2 / n) *
                      std::sqrt(share * (1 - share) / n + z2 / (4 * n * n));
  // At the ends the limit is exactly 0 or 1; rounding must not push it beyond.
  return {successes == 0 ? 0 : centre - half, successes == trials ? 1 : centre + half};
}

// bootstrap_resamples times n unit numbers, drawn once for each n and stream.
static const std::vector<int>& resamples(int n, const char* stream) {
  thread_local std::map<std::pair<int, std::string>, std::vector<int>> known;
  std::vector<int>& units = known[{n, stream}];
  if (units.empty()) {
    const Random random(statistics_seed, stream);
    units.resize(static_cast<std::size_t>(bootstrap_resamples) * n);
    for (std::size_t i = 0; i < units.size(); ++i)
      units[i] = random.below(n, i, static_cast<std::uint32_t>(n));
  }
  return units;
}

static Interval percentiles(Values values) {
  std::sort(values.begin(), values.end());
  return {sorted_quantile(values, 0.025), sorted_quantile(values, 0.975)};
}

template <class Statistic>
static Interval bootstrap_with(int n, const Statistic& statistic) {
  if (n < 2) return {};
  const std::vector<int>& units = resamples(n, "bootstrap");
  Values values(bootstrap_resamples);
  for (int i = 0; i < bootstrap_resamples; ++i)
    values[i] = statistic(units.data() + static_cast<std::size_t>(i) * n);
  return percentiles(std::move(values));
}

Interval bootstrap(int n, const ResampleStatistic& statistic, double undefined) {
  return bootstrap_with(n, [&](const int* units) {
    const double value = statistic(units, n);
    return std::isnan(value) ? undefined : value;
  });
}

// Ratio of neighbouring terms, from one table to the next: no factorial overflows.
double fisher_p(int successes_a, int trials_a, int successes_b, int trials_b) {
  if (trials_a == 0 || trials_b == 0) return 1;
  const int successes = successes_a + successes_b;
  const int low = std::max(0, successes - trials_b), high = std::min(successes, trials_a);
  Values weights = {1};  // of the tables with low, low + 1, ... successes of a, relative to the first
  for (int k = low; k < high; ++k)
    weights.push_back(weights.back() * (trials_a - k) * (successes - k) /
                      ((k + 1.0) * (trials_b - successes + k + 1)));
  const double limit = weights[static_cast<std::size_t>(successes_a - low)] * (1 + 1e-9);
  double all = 0, extreme = 0;
  for (const double weight : weights) {
    all += weight;
    if (weight <= limit) extreme += weight;
  }
  return std::min(1.0, extreme / all);
}

Values holm(const Values& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return p[a] < p[b]; });
  Values adjusted(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, static_cast<double>(p.size() - i) * p[order[i]]);
    adjusted[order[i]] = std::min(1.0, largest);
  }
  return adjusted;
}

Family holm_of_possible(const Values& p, const Values& least, const std::vector<int>& groups) {
  const auto reaching = [&](double level) {
    std::set<int> reached;
    for (std::size_t i = 0; i < p.size(); ++i)
      if (least[i] <= level) reached.insert(groups[i]);
    return static_cast<int>(reached.size());
  };
  int divisor = 1;  // the smallest for which no more groups can reach its level than it allows for
  while (reaching(significance / divisor) > divisor) ++divisor;
  Family family{Values(p.size(), not_defined), reaching(significance), significance / divisor};
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (least[i] <= family.level) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return p[a] < p[b]; });
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::set<int> left;  // groups that are not rejected as a whole
    for (std::size_t j = i; j < order.size(); ++j) left.insert(groups[order[j]]);
    largest = std::max(largest, static_cast<double>(left.size()) * p[order[i]]);
    family.adjusted[order[i]] = std::min(1.0, largest);
  }
  return family;
}

double least_fisher_p(int successes, int trials_a, int trials_b) {
  const int most = std::min(successes, trials_a), fewest = std::max(0, successes - trials_b);
  return std::min(fisher_p(most, trials_a, successes - most, trials_b),
                  fisher_p(fewest, trials_a, successes - fewest, trials_b));
}

// How often each distinct value of the two sides occurs on each side, in ascending order of value:
// one walk over it compares all pairs.
namespace {
struct Levels {
  std::vector<int> of_a, of_b;  // each unit's level
  std::size_t count;
};
}  // namespace

static Levels levels(const Values& a, const Values& b) {
  Values all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  const auto level = [&](double x) {
    return static_cast<int>(std::lower_bound(all.begin(), all.end(), x) - all.begin());
  };
  Levels result{{}, {}, all.size()};
  for (const double x : a) result.of_a.push_back(level(x));
  for (const double x : b) result.of_b.push_back(level(x));
  return result;
}

static double improvement(const std::vector<int>& count_a, const std::vector<int>& count_b) {
  double won = 0, below = 0, pairs_a = 0;
  for (std::size_t i = 0; i < count_a.size(); ++i) {
    won += count_a[i] * (below + 0.5 * count_b[i]);
    below += count_b[i];
    pairs_a += count_a[i];
  }
  return won / (pairs_a * below);
}

double probability_of_improvement(const Values& a, const Values& b) {
  if (a.empty() || b.empty()) return not_defined;
  const Levels known = levels(a, b);
  std::vector<int> count_a(known.count), count_b(known.count);
  for (const int level : known.of_a) ++count_a[level];
  for (const int level : known.of_b) ++count_b[level];
  return improvement(count_a, count_b);
}

Interval bootstrap_improvement(const Values& a, const Values& b) {
  const int na = static_cast<int>(a.size()), nb = static_cast<int>(b.size());
  if (std::min(na, nb) < least_pairs) return {};
  const Levels known = levels(a, b);
  const int* units_a = resamples(na, "bootstrap").data();
  const int* units_b = resamples(nb, "bootstrap of the other side").data();
  Values values(bootstrap_resamples);
  for (double& value : values) {
    std::vector<int> count_a(known.count), count_b(known.count);
    for (int i = 0; i < na; ++i) ++count_a[known.of_a[*units_a++]];
    for (int i = 0; i < nb; ++i) ++count_b[known.of_b[*units_b++]];
    value = improvement(count_a, count_b);
  }
  return percentiles(std::move(values));
}

std::optional<double> censored_median(const Values& times) {
  const double value = median(times);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

Values mid_ranks(const Values& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
  Values ranks(values.size());
  for (std::size_t first = 0, last; first < order.size(); first = last) {
    last = first;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    // Ranks first+1 .. last are shared.
    for (std::size_t i = first; i < last; ++i)
      ranks[order[i]] = 0.5 * static_cast<double>(first + 1 + last);
  }
  return ranks;
}

static double pearson(const Values& x, const Values& y) {
  const double mean_x = mean(x), mean_y = mean(y);
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : not_defined;
}

double spearman(const Values& x, const Values& y) { return pearson(mid_ranks(x), mid_ranks(y)); }

}  // namespace ladder::statistics
