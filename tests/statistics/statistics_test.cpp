#include "statistics/statistics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace ladder;
using namespace ladder::statistics;

static constexpr double inf = std::numeric_limits<double>::infinity();

TEST_CASE("Wilson intervals are those of published tables") {
  CHECK(wilson(0, 10).low == 0);
  CHECK(wilson(0, 10).high == doctest::Approx(0.2775328).epsilon(1e-6));
  CHECK(wilson(10, 10).low == doctest::Approx(0.7224672).epsilon(1e-6));
  CHECK(wilson(10, 10).high == 1);
  CHECK(wilson(5, 10).low == doctest::Approx(0.2365931).epsilon(1e-6));
  CHECK(wilson(5, 10).high == doctest::Approx(0.7634069).epsilon(1e-6));
  CHECK(std::isnan(wilson(0, 0).low));
}

TEST_CASE("means, medians, quantiles") {
  CHECK(mean({1, 2, 6}) == 3);
  CHECK(median({5, 1, 3}) == 3);
  CHECK(median({4, 1, 3, 2}) == 2.5);
  CHECK(quantile({1, 2, 3, 4, 5}, 0.25) == 2);
  CHECK(quantile({1, 2, 3, 4}, 0.25) == 1.75);
  CHECK(std::isnan(mean({})));
  CHECK(std::isnan(median({})));
}

TEST_CASE("the interquartile mean drops a quarter at each end") {
  CHECK(interquartile_mean({8, 1, 2, 3, 4, 5, 6, 7}) == 4.5);    // mean of 3, 4, 5, 6
  CHECK(interquartile_mean({-1000, 1, 2, 1000}) == 1.5);
  CHECK(interquartile_mean({1, 2, 6}) == 3);                     // floor(3/4) = 0 dropped
  CHECK(interquartile_mean({0, 1, 1, 1, 2, 2, 2, 99, 99, 99}) == doctest::Approx(107.0 / 6));
}

TEST_CASE("an interval of a mean are the means that the sign-flip test does not reject") {
  // At n = 6: 2/64 < 0.05 < 4/64, so just beyond the least and the largest value.
  const Interval six = mean_interval({5, 1, 2, 9, 3, 4});
  CHECK(six.low == 1);
  CHECK(six.high == 9);
  const Values values = {0.3, 0.1, 0.7, 0.2, 0.55, 0.9, 0.4, 0.61};
  const Interval interval = mean_interval(values);
  const auto p_at = [&](double centre) {
    Values differences;
    for (const double value : values) differences.push_back(value - centre);
    return sign_flip_p(differences);
  };
  CHECK(p_at(interval.low - 1e-6) < significance);
  CHECK(p_at(interval.low + 1e-6) > significance);
  CHECK(p_at(interval.high + 1e-6) < significance);
  CHECK(p_at(interval.high - 1e-6) > significance);
  CHECK(mean_interval(Values(7, 3.0)).low == 3);
  CHECK(mean_interval(Values(7, 3.0)).high == 3);
  for (const Values& few : {Values(), Values(1, 3.0), Values(5, 3.0)}) CHECK(std::isnan(mean_interval(few).low));
  // Beyond 16 values the arrangements are sampled; of 100: standard error 0.05, so 0.5 ± 0.098.
  Values hundred(100, 0.0);
  for (int i = 0; i < 50; ++i) hundred[i] = 1;
  CHECK(mean_interval(hundred).low == doctest::Approx(0.402).epsilon(0.03));
  CHECK(mean_interval(hundred).high == doctest::Approx(0.598).epsilon(0.03));
  CHECK(mean_interval(hundred).low == mean_interval(hundred).low);
}

TEST_CASE("an interval of a ratio are the ratios that the sign-flip test does not reject") {
  const Values x = {2, 4, 6, 3, 5, 8, 9}, y = {1, 2, 3, 2, 2, 3, 4};
  const Interval interval = ratio_interval(x, y);
  const auto p_at = [&](double ratio) {
    Values differences;
    for (std::size_t i = 0; i < x.size(); ++i) differences.push_back(x[i] - ratio * y[i]);
    return sign_flip_p(differences);
  };
  CHECK(interval.low < interval.high);
  CHECK(p_at(interval.low - 1e-6) < significance);
  CHECK(p_at(interval.low + 1e-6) > significance);
  CHECK(p_at(interval.high + 1e-6) < significance);
  CHECK(p_at(interval.high - 1e-6) > significance);
  CHECK(ratio_interval({2, 2, 2, 2, 2, 2}, {1, 1, 1, 1, 1, 1}).low == 2);
}

TEST_CASE("the percentile bootstrap has the binomial's quantiles") {
  // Resampled means of five 0 and five 1 are Binomial(10, 1/2)/10; P(X <= 1) = 0.011 and
  // P(X <= 2) = 0.055 put the 2.5 % point at 0.2.
  const auto mean_of = [](const int* units, int n) {
    double sum = 0;
    for (int i = 0; i < n; ++i) sum += units[i] < 5;
    return sum / n;
  };
  const Interval ten = bootstrap(10, mean_of), again = bootstrap(10, mean_of);
  CHECK(ten.low == doctest::Approx(0.2));
  CHECK(ten.high == doctest::Approx(0.8));
  CHECK(again.low == ten.low);
  CHECK(again.high == ten.high);
  CHECK(std::isnan(bootstrap(1, mean_of).low));
}

TEST_CASE("claims on the same pairs are tested together") {
  const Values same(6, 1.0);
  CHECK(joint_sign_flip_p({same}) == Values{2.0 / 64});
  // What goes together costs nothing, what says nothing neither.
  CHECK(joint_sign_flip_p({same, same, Values(6, 0.0)}) == Values{2.0 / 64, 2.0 / 64, 1});
  // Other signs: two more arrangements have as small a p.
  CHECK(joint_sign_flip_p({same, {1, -1, 1, -1, 1, -1}})[0] == 4.0 / 64);
  CHECK(joint_sign_flip_p({}).empty());
}

TEST_CASE("only tests that can reach significance are corrected for") {
  // Three could reach 0.05, two 0.025.
  const Family family = holm_of_possible({0.03, 0.001, 0.02, 0.5}, {0.03, 0.0005, 0.0005, 1}, {0, 1, 2, 3});
  CHECK(family.possible == 3);
  CHECK(family.level == 0.025);
  CHECK(std::isnan(family.adjusted[0]));
  CHECK(family.adjusted[1] == 0.002);
  CHECK(family.adjusted[2] == 0.02);
  CHECK(std::isnan(family.adjusted[3]));
  // A group counts as long as it is not rejected as a whole.
  const Family grouped = holm_of_possible({0.001, 0.03, 0.002, 0.004}, Values(4, 0.0005), {0, 0, 1, 1});
  CHECK(grouped.possible == 2);
  CHECK(grouped.adjusted == Values{0.002, 0.03, 0.004, 0.008});
  CHECK(least_sign_flip_p({0, 1, -2, 0, 0.5}) == 2.0 / 8);
  CHECK(least_sign_flip_p({0, 0}) == 1);
  CHECK(least_fisher_p(6, 6, 6) == doctest::Approx(2.0 / 924));
  CHECK(least_fisher_p(0, 6, 6) == 1);
}

TEST_CASE("sign-flip p counts arrangements") {
  CHECK(sign_flip_p({1, 1, 1, 1, 1, 1}) == 2.0 / 64);
  CHECK(sign_flip_p({0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}) == 2.0 / 1024);
  CHECK(sign_flip_p({-1, -2, -3}) == 2.0 / 8);
  CHECK(sign_flip_p({3, 1, -1}) == 6.0 / 8);  // |±3±1±1| >= 3 but for ±1
  CHECK(sign_flip_p({1, -1}) == 1);
  CHECK(sign_flip_p({0, 0, 0}) == 1);
  CHECK(sign_flip_p({}) == 1);
  // 0.1 + 0.2 + 0.3 depends on the order in the last bit: all 8 arrangements but 2 are smaller.
  CHECK(sign_flip_p({0.1, 0.2, 0.3}) == 2.0 / 8);
  CHECK(sign_flip_p({0.3, 0.2, 0.1}) == 2.0 / 8);
  CHECK(sign_flip_p({0.7, 0, 0}) == 1);
}

TEST_CASE("beyond 16 pairs the arrangements are sampled") {
  // 12 of 17 equal differences positive: P(|2X - 17| >= 7), X ~ Binomial(17, 1/2), = 18804/131072.
  Values differences(17, 1.0);
  for (int i = 0; i < 5; ++i) differences[i] = -1;
  const double p = sign_flip_p(differences);
  CHECK(p == doctest::Approx(18804.0 / 131072).epsilon(0.04));  // four standard errors
  CHECK(p == sign_flip_p(differences));
  CHECK(sign_flip_p(Values(40, 1.0)) == 1.0 / 65536);  // only the observed one is as extreme
}

TEST_CASE("Holm's adjusted p") {
  const Values adjusted = holm({0.01, 0.04, 0.03, 0.005});
  CHECK(adjusted[0] == doctest::Approx(0.03));
  CHECK(adjusted[1] == doctest::Approx(0.06));  // not below the one before it
  CHECK(adjusted[2] == doctest::Approx(0.06));
  CHECK(adjusted[3] == doctest::Approx(0.02));
  CHECK(holm({0.6, 0.7}) == Values{1, 1});
  CHECK(holm({}).empty());
}

TEST_CASE("probability of improvement counts ties half") {
  CHECK(probability_of_improvement({1, 1}, {1, 1, 1}) == 0.5);
  CHECK(probability_of_improvement({2, 3}, {1, 1}) == 1);
  CHECK(probability_of_improvement({1, 3}, {0, 2}) == 0.75);
  CHECK(probability_of_improvement({1, 2, 3}, {2}) == 0.5);
  CHECK(probability_of_improvement({-inf, -inf}, {-inf, 5}) == 0.25);
  CHECK(std::isnan(probability_of_improvement({}, {1})));
  const Interval sure = bootstrap_improvement({2, 3, 4, 2, 3, 4}, {1, 1, 0, 1, 1, 0});
  CHECK(sure.low == 1);
  CHECK(sure.high == 1);
  const Interval loose = bootstrap_improvement({0, 0, 0, 1, 1, 1}, Values(6, 0.0));
  CHECK(loose.low < 0.6);
  CHECK(loose.high > 0.9);
  CHECK(std::isnan(bootstrap_improvement({1, 2, 3, 4, 5}, {0, 0, 0, 0, 0, 0}).low));
}

TEST_CASE("a median among censored times is not known") {
  CHECK(censored_median({100, inf, 200}) == 200);
  CHECK(!censored_median({100, inf, inf}));
  CHECK(!censored_median({100, 200, inf, inf}));
  CHECK(censored_median({100, 200, 300, inf}) == 250);
  CHECK(!censored_median({}));
  CHECK(quantile({100, inf, inf, inf, inf}, 0.75) == inf);
}

TEST_CASE("Spearman's correlation with ties") {
  CHECK(spearman({1, 2, 3, 4}, {10, 20, 30, 1000}) == doctest::Approx(1));
  CHECK(spearman({1, 2, 3, 4}, {4, 3, 2, 1}) == doctest::Approx(-1));
  CHECK(mid_ranks({5, 1, 5, 9}) == Values{2.5, 1, 2.5, 4});
  CHECK(spearman({1, 2, 2, 4}, {1, 2, 3, 4}) == doctest::Approx(4.5 / std::sqrt(4.5 * 5)));
  // The textbook example of IQ and hours of television: -29/165.
  CHECK(spearman({86, 97, 99, 100, 101, 103, 106, 110, 112, 113},
                 {2, 20, 28, 27, 50, 29, 7, 17, 6, 12}) == doctest::Approx(-29.0 / 165));
  CHECK(std::isnan(spearman({1, 2}, {3, 3})));
  CHECK(std::isnan(spearman({1}, {3})));
}
