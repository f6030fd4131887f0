// Everything that comes from turning signs: the test, its inversion into intervals, the joint test.
#include <algorithm>
#include <cmath>
#include <map>

#include "ladder/base/random.h"
#include "statistics/statistics.h"

namespace ladder::statistics {

// Of few pairs all arrangements of signs, of many as many as the constant allows. All functions here
// see the same ones; the first is the observed one, which flips none.
static std::size_t arrangements(std::size_t pairs) {
  return std::size_t{1} << std::min<std::size_t>(pairs, exact_sign_flip_pairs);
}

// Which of pairs 64 · block and following an arrangement flips, bit by bit; drawn once.
static const std::vector<std::uint64_t>& sampled_flips(std::uint32_t block) {
  thread_local std::map<std::uint32_t, std::vector<std::uint64_t>> known;
  std::vector<std::uint64_t>& flips = known[block];
  if (flips.empty()) {
    const Random random(statistics_seed, "sign flip");
    flips.resize(arrangements(exact_sign_flip_pairs), 0);
    for (std::size_t i = 1; i < flips.size(); ++i) flips[i] = ~random.bits(i, block);
  }
  return flips;
}

// The sum of the flipped ones' values, by arrangement.
static Values flipped_sums(const Values& values) {
  Values sums{0};
  sums.reserve(arrangements(values.size()));
  if (values.size() <= exact_sign_flip_pairs) {
    for (const double value : values)
      for (std::size_t i = 0, half = sums.size(); i < half; ++i) sums.push_back(sums[i] + value);
    return sums;
  }
  sums.resize(arrangements(values.size()));
  for (std::size_t pair = 0; pair < values.size(); ++pair) {
    const auto& flips = sampled_flips(static_cast<std::uint32_t>(pair / 64));
    // No branch on random bits.
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] += values[pair] * static_cast<double>(flips[i] >> pair % 64 & 1);
  }
  return sums;
}

// |sum| of the differences with turned signs, by arrangement; sums of the same numbers in another order
// differ by rounding: `rounding` is no difference.
static Values sizes_of_sums(const Values& differences, double& rounding) {
  double observed = 0, size = 0;
  for (const double difference : differences) observed += difference, size += std::fabs(difference);
  rounding = 1e-12 * size;
  Values sizes = flipped_sums(differences);
  for (double& sum : sizes) sum = std::fabs(observed - 2 * sum);
  return sizes;
}

double sign_flip_p(const Values& differences) {
  double rounding;
  const Values sizes = sizes_of_sums(differences, rounding);
  const double bound = sizes[0] - rounding;
  const auto extreme = std::count_if(sizes.begin(), sizes.end(), [&](double s) { return s >= bound; });
  return static_cast<double>(extreme) / static_cast<double>(sizes.size());
}

double least_sign_flip_p(const Values& differences) {
  const auto other_than_0 =
      std::count_if(differences.begin(), differences.end(), [](double d) { return d != 0; });
  return other_than_0 == 0 ? 1 : std::ldexp(2.0, -static_cast<int>(std::min<std::ptrdiff_t>(other_than_0, 60)));
}

Values joint_sign_flip_p(const std::vector<Values>& columns) {
  if (columns.empty()) return {};
  const std::size_t count = arrangements(columns[0].size());
  Values least(count, 1), observed;  // over the columns, by arrangement; by column
  for (const Values& column : columns) {
    double rounding;
    const Values sizes = sizes_of_sums(column, rounding);
    Values sorted = sizes;
    std::sort(sorted.begin(), sorted.end());
    const auto p = [&](double size) {
      const auto first = std::lower_bound(sorted.begin(), sorted.end(), size - rounding);
      return static_cast<double>(sorted.end() - first) / static_cast<double>(count);
    };
    for (std::size_t i = 0; i < count; ++i) least[i] = std::min(least[i], p(sizes[i]));
    observed.push_back(p(sizes[0]));
  }
  for (double& p : observed) {
    const auto as_small = std::count_if(least.begin(), least.end(), [&](double x) { return x <= p; });
    p = static_cast<double>(as_small) / static_cast<double>(count);
  }
  return observed;
}

Interval ratio_interval(const Values& x, const Values& y) {
  if (static_cast<int>(x.size()) < least_pairs) return {};
  Values ratios = flipped_sums(x);
  const Values divisors = flipped_sums(y);
  // A flipped set keeps r from being rejected as too low, or too high, if its own ratio is not on the
  // other side of r; the observed arrangement, flipping none, always does.
  const auto k = static_cast<std::ptrdiff_t>(significance / 2 * static_cast<double>(ratios.size()));
  std::size_t kept = 0;
  for (std::size_t i = 1; i < ratios.size(); ++i)
    if (divisors[i] > 0) ratios[kept++] = ratios[i] / divisors[i];
  ratios.resize(kept);
  if (kept < 2 * static_cast<std::size_t>(k)) return {};  // y is 0, in part: no ratio
  const auto low = ratios.begin() + (k - 1), high = ratios.end() - k;
  std::nth_element(ratios.begin(), low, ratios.end());
  const double lowest = *low;
  std::nth_element(ratios.begin(), high, ratios.end());
  return {lowest, *high};
}

Interval mean_interval(const Values& values) { return ratio_interval(values, Values(values.size(), 1.0)); }

}  // namespace ladder::statistics
