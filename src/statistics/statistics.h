// Statistics for few, expensive repetitions: a value is one trained model, the repetitions are
// seeds. Nothing here assumes a distribution. Every function gives the same bits for the same
// input: the random ones draw from fixed seeds. What is undefined (an interval of one value) is
// NaN.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

namespace ladder::statistics {

// 10000 resamples put the error of a percentile's rank at about 0.15 points (2.5 ± 0.15 %).
inline constexpr int bootstrap_resamples = 10000;
inline constexpr std::uint64_t statistics_seed = 1979;  // arbitrary, fixed
// Up to 2^16 sign arrangements are enumerated; beyond, 2^16 of them are sampled.
inline constexpr int exact_sign_flip_pairs = 16;
// Five pairs cannot reach p < 0.05 two-sided: 2/2^5 = 0.0625, whereas 2/2^6 = 0.031.
inline constexpr int least_pairs = 6;

using Values = std::vector<double>;

inline constexpr double not_defined = std::numeric_limits<double>::quiet_NaN();

struct Interval {
  double low = not_defined, high = not_defined;
  bool above(double x) const { return low > x; }   // false if undefined
  bool below(double x) const { return high < x; }
};

double mean(const Values& values);      // NaN of nothing, as all of the following
double median(const Values& values);
// Linear between order statistics (Hyndman & Fan 1996, type 7); 0 <= p <= 1. Values may be +inf:
// between a finite one and +inf lies +inf.
double quantile(Values values, double p);
// The mean without the lowest and the highest quarter (floor(n/4) values each): as robust as a
// median, less wasteful (Agarwal et al. 2021: Deep RL at the edge of the statistical precipice).
double interquartile_mean(Values values);

// 95 % score interval for a proportion (Wilson 1927); honest at 0/n and n/n. NaN if trials = 0.
Interval wilson(int successes, int trials);

// 95 % percentile bootstrap interval (Efron 1979) of a statistic of n units: `statistic` is handed
// the n units' numbers drawn with replacement, each in 0 .. n-1, as first and count. A draw for
// which it is NaN counts as `undefined`. NaN if n < 2. Every call with the same n sees the same
// draws: what is compared is compared on the same resamples.
// With few units it is somewhat too narrow, and for equal values it has no width at all.
using ResampleStatistic = std::function<double(const int* units, int n)>;
Interval bootstrap(int n, const ResampleStatistic& statistic, double undefined = 0);
// Of the mean; of a paired difference when the values are the pairs' differences.
Interval bootstrap_mean(const Values& values);

// Two-sided p of "the signs of the paired differences are arbitrary", statistic |sum| (Fisher 1935;
// Good 2005: Permutation tests). The observed arrangement counts, so p >= 1/2^n, and 2/2^n in fact,
// its mirror image being as extreme. Sampled arrangements: p = (1 + as extreme)/(1 + sampled)
// (Phipson & Smyth 2010). 1 if there is no pair.
double sign_flip_p(const Values& differences);

// Two-sided p of "both shares are the same", given how many succeeded in all (Fisher 1935: The design of
// experiments): the probability of all tables at most as likely as this one. 1 if a side has no trials.
// Exact up to 1000 trials a side.
double fisher_p(int successes_a, int trials_a, int successes_b, int trials_b);

// Family-wise error over several tests (Holm 1979): adjusted p, in the order given.
Values holm(const Values& p);

// P(a > b) + P(a = b)/2 over all pairs of one of a with one of b (Mann & Whitney 1947; "probability
// of improvement" in Agarwal et al. 2021); both sides are resampled on their own for the interval.
double probability_of_improvement(const Values& a, const Values& b);
Interval bootstrap_improvement(const Values& a, const Values& b);

// The median of times some of which are only known to exceed a budget (+inf); nothing if the median
// is among those.
std::optional<double> censored_median(const Values& times);

// Spearman's rank correlation: Pearson's of mid-ranks (Spearman 1904; ties share their mean rank).
// NaN if one side is constant or there are fewer than 2 points.
double spearman(const Values& x, const Values& y);
Values mid_ranks(const Values& values);  // 1-based
// The same for x and the column means of y[unit][point], with the units (seeds) resampled jointly
// over all points: what holds for these points, whatever the seed. Where the means are constant
// there is no correlation: 0.
Interval bootstrap_spearman(const Values& x, const std::vector<Values>& y);

}  // namespace ladder::statistics
