// Statistics for few, expensive repetitions: a value is one trained model, the repetitions are
// seeds. Every function gives the same bits for the same input: the random ones draw from fixed
// seeds. What is undefined (an interval of one value) is NaN. What numbers may be called: judge.h.
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
inline constexpr double significance = 0.05;

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

// Score interval for a proportion (Wilson 1927); honest at 0/n and n/n. It covers 95 % on average over
// shares, for some near 0 and 1 as few as 83 % (n = 6) and 84 % (n = 20). NaN if trials = 0.
Interval wilson(int successes, int trials);

// 95 % interval of the mean of values, of a paired difference where the values are the pairs'
// differences: all means that the sign-flip test below does not reject, found as typical values
// (Hartigan 1969: Using subsample values as typical values): of the means of all subsets the k-th
// lowest and the k-th highest, k = floor(2.5 % of 2^n). At n = 6 these are the least and the largest
// value. Whether it excludes 0 and whether sign_flip_p < 0.05 is the same question.
//   exact (>= 95 %)    values that are spread symmetrically, ties or not; so are the differences of
//                      pairs whose sides have the same distribution, whatever that is: at most 5 %
//                      of its intervals then exclude 0
//   93 % and more      differences of accuracies and of shares solved, rounded or heavy-tailed ones
//   less               skewed values: 83 .. 94 % for one-sided tails; and where one value in ten is of
//                      another kind, and not seen, nothing in the others tells: 47 % at n = 6, 70 %
//                      at n = 12. Of those the interval of the share solved speaks (wilson).
// tests/statistics/coverage_test.cpp measures it, at n = 6, 8, 12, 20. NaN with fewer than least_pairs.
Interval mean_interval(const Values& values);
// The same of the ratio sum(x)/sum(y) of pairs, y > 0: the ratios r for which x - r y may have any
// signs. Excludes 1 where sign_flip_p(x - y) < 0.05.
Interval ratio_interval(const Values& x, const Values& y);

// 95 % percentile bootstrap interval (Efron 1979) of a statistic of n units: `statistic` is handed
// the n units' numbers drawn with replacement, each in 0 .. n-1, as first and count. A draw for
// which it is NaN counts as `undefined`. NaN if n < 2. Every call with the same n sees the same
// draws: what is compared is compared on the same resamples.
// It states 95 %; of a mean of 6 normal values it covers 85 %, of 12 91 %, of 20 93 %, and for equal
// values it has no width at all. Of means and of ratios of means take the intervals above.
using ResampleStatistic = std::function<double(const int* units, int n)>;
Interval bootstrap(int n, const ResampleStatistic& statistic, double undefined = 0);

// Two-sided p of "the signs of the paired differences are arbitrary", statistic |sum| (Fisher 1935;
// Good 2005: Permutation tests). The observed arrangement counts, so p >= 1/2^n, and 2/2^n in fact,
// its mirror image being as extreme. Sampled arrangements: p = (1 + as extreme)/(1 + sampled)
// (Phipson & Smyth 2010). 1 if there is no pair.
double sign_flip_p(const Values& differences);

// Of several claims on the same pairs, each a column of differences by pair: the share of sign
// arrangements, the same for all columns, in which the least of the columns' p is at most this one's
// (Westfall & Young 1993: Resampling-based multiple testing, single step). At most 5 % of families
// without any difference have one below 0.05; what goes together costs nothing.
Values joint_sign_flip_p(const std::vector<Values>& columns);

// Two-sided p of "both shares are the same", given how many succeeded in all (Fisher 1935: The design of
// experiments): the probability of all tables at most as likely as this one. 1 if a side has no trials.
// Exact up to 1000 trials a side.
double fisher_p(int successes_a, int trials_a, int successes_b, int trials_b);

// Family-wise error over several tests (Holm 1979): adjusted p, in the order given.
Values holm(const Values& p);

// The same over the tests that can reach significance at all (Tarone 1990: A modified Bonferroni
// method for discrete data): `least` is the least p that each could have, whatever its outcome, given
// what does not depend on who is who. Of the others the adjusted p is NaN. Tests of one group, whose p
// are corrected for each other already (joint_sign_flip_p), count once.
struct Family {
  Values adjusted;
  int possible = 0;  // groups with a test whose least p is below 0.05, if it were alone
  double level = 0;  // that the least p must not exceed for a test to be among those corrected for
};
Family holm_of_possible(const Values& p, const Values& least, const std::vector<int>& groups);
// Of a sign-flip test: 2/2^(differences other than 0).
double least_sign_flip_p(const Values& differences);
// Of Fisher's test with so many successes in all.
double least_fisher_p(int successes, int trials_a, int trials_b);

// P(a > b) + P(a = b)/2 over all pairs of one of a with one of b (Mann & Whitney 1947; "probability
// of improvement" in Agarwal et al. 2021). Its interval is a percentile bootstrap, both sides resampled
// on their own: a description, with fewer than 20 a side somewhat too narrow; no verdict is made of it.
// NaN with fewer than least_pairs on a side.
double probability_of_improvement(const Values& a, const Values& b);
Interval bootstrap_improvement(const Values& a, const Values& b);

// The median of times some of which are only known to exceed a budget (+inf); nothing if the median
// is among those.
std::optional<double> censored_median(const Values& times);

// Spearman's rank correlation: Pearson's of mid-ranks (Spearman 1904; ties share their mean rank).
// NaN if one side is constant or there are fewer than 2 points.
double spearman(const Values& x, const Values& y);
Values mid_ranks(const Values& values);  // 1-based

}  // namespace ladder::statistics
