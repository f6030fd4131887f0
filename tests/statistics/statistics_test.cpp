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

TEST_CASE("the bootstrap of a constant has no width, of one value no interval") {
  CHECK(bootstrap_mean({3, 3, 3}).low == 3);
  CHECK(bootstrap_mean({3, 3, 3}).high == 3);
  CHECK(std::isnan(bootstrap_mean({3}).low));
  CHECK(std::isnan(bootstrap_mean({}).high));
}

TEST_CASE("the bootstrap of halves has the binomial's quantiles") {
  // Resampled means of five 0 and five 1 are Binomial(10, 1/2)/10; P(X <= 1) = 0.011 and
  // P(X <= 2) = 0.055 put the 2.5 % point at 0.2.
  const Interval ten = bootstrap_mean({0, 0, 0, 0, 0, 1, 1, 1, 1, 1});
  CHECK(ten.low == doctest::Approx(0.2));
  CHECK(ten.high == doctest::Approx(0.8));
  const Interval again = bootstrap_mean({0, 0, 0, 0, 0, 1, 1, 1, 1, 1});
  CHECK(again.low == ten.low);
  CHECK(again.high == ten.high);
  // Of 100: standard error 0.05, so 0.5 ± 0.098.
  Values hundred(100, 0.0);
  for (int i = 0; i < 50; ++i) hundred[i] = 1;
  CHECK(bootstrap_mean(hundred).low == doctest::Approx(0.402).epsilon(0.03));
  CHECK(bootstrap_mean(hundred).high == doctest::Approx(0.598).epsilon(0.03));
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
  const Interval sure = bootstrap_improvement({2, 3, 4}, {1, 1, 0});
  CHECK(sure.low == 1);
  CHECK(sure.high == 1);
  // A quarter of the resamples of {0, 1} are {0, 0}, all ties, and a quarter {1, 1}, all won.
  const Interval loose = bootstrap_improvement({0, 1}, {0, 0});
  CHECK(loose.low == 0.5);
  CHECK(loose.high == 1);
  CHECK(std::isnan(bootstrap_improvement({1}, {0, 0}).low));
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

TEST_CASE("the interval of a trend comes from the units") {
  const Values x{1, 2, 3};
  const Interval same = bootstrap_spearman(x, {{1, 2, 3}, {2, 5, 9}});
  CHECK(same.low == doctest::Approx(1));
  CHECK(same.high == doctest::Approx(1));
  // Half of the units rise, half fall: the trend can be either.
  const Interval torn = bootstrap_spearman(x, {{1, 2, 3}, {3, 2, 1}});
  CHECK(torn.low == doctest::Approx(-1));
  CHECK(torn.high == doctest::Approx(1));
  CHECK(std::isnan(bootstrap_spearman(x, {{1, 2, 3}}).low));
}
