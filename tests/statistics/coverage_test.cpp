// Do intervals that state 95 % cover as much, with as few values as are in use? Simulated.
#include <doctest/doctest.h>

#include <string>

#include "simulated.h"

using namespace ladder;
using namespace ladder::statistics;

namespace {

// Beyond 16 values a sign-flip interval takes milliseconds.
struct Size {
  int n, simulations;
};
constexpr Size sizes[] = {{6, 2000}, {8, 2000}, {12, 1000}, {20, 100}};

struct Source {
  std::string name;
  double mean;
  double (*draw)(Dice&);
  double least;  // that the header of mean_interval states
};

double accuracy(Dice& dice, double solved) { return dice.happens(solved) ? 1 : 0.4 * dice.uniform(); }

const Source sources[] = {
    // Spread symmetrically: exact, ties or not.
    {"normal", 0.3, [](Dice& d) { return 0.3 + d.normal(); }, 0.95},
    {"two values alike", 0.5, [](Dice& d) { return d.happens(0.5) ? 1.0 : 0.0; }, 0.95},
    {"rounded", 0.25, [](Dice& d) { return std::round(4 * (0.25 + 0.5 * d.normal())) / 4; }, 0.95},
    {"two thirds ties", 0, [](Dice& d) { return d.happens(2.0 / 3) ? 0.0 : d.normal(); }, 0.95},
    // Of two contestants that do not differ, whatever they are.
    {"accuracies alike", 0, [](Dice& d) { return accuracy(d, 0.9) - accuracy(d, 0.9); }, 0.95},
    {"skewed alike", 0, [](Dice& d) { return std::log(d.uniform()) - std::log(d.uniform()); }, 0.95},
    // Of two that do.
    {"solved 9/10 and 5/10", 0.4, [](Dice& d) { return 1.0 * d.happens(0.9) - 1.0 * d.happens(0.5); }, 0.93},
    {"accuracies 8/10 and 3/10", 0.4, [](Dice& d) { return accuracy(d, 0.8) - accuracy(d, 0.3); }, 0.93},
    {"all and half", 0.4, [](Dice& d) { return 1 - accuracy(d, 0.5); }, 0.93},
    // One-sided tails: less, and said so.
    {"lognormal", 1.6487212707, [](Dice& d) { return std::exp(d.normal()); }, 0.83},
    {"exponential", 1, [](Dice& d) { return -std::log(d.uniform()); }, 0.88},
};

struct Rates {
  double covered, excluding_zero;
};

template <class IntervalOf>
Rates rates(const Source& source, int n, int simulations, const IntervalOf& interval_of) {
  Dice dice(source.name.c_str());
  int covered = 0, excluding = 0;
  for (int i = 0; i < simulations; ++i) {
    Values values(static_cast<std::size_t>(n));
    for (double& value : values) value = source.draw(dice);
    const Interval interval = interval_of(values);
    covered += !interval.above(source.mean + 1e-12) && !interval.below(source.mean - 1e-12);
    excluding += interval.above(1e-12) || interval.below(-1e-12);
  }
  return {covered / double(simulations), excluding / double(simulations)};
}

}  // namespace

TEST_CASE("coverage: sign-flip intervals cover what they state") {
  for (const Source& source : sources)
    for (const Size& size : sizes) {
      const int n = size.n, simulations = size.simulations;
      const Rates found = rates(source, n, simulations, mean_interval);
      const double missed = most_by_chance(simulations, 1 - source.least) / double(simulations);
      INFO(source.name << ", n = " << n << ", " << simulations << " times: covers " << found.covered << ", states " << source.least);
      CHECK(1 - found.covered <= missed);
      if (source.mean == 0) CHECK(found.excluding_zero <= most_by_chance(simulations, 0.05) / double(simulations));
    }
}

TEST_CASE("coverage: what no value has shown, no interval knows") {
  // One seed in ten fails, and the others are alike: where none is among them, 1 is all there is to see.
  const Source rare{"rare", 0.9, [](Dice& d) { return d.happens(0.9) ? 1.0 : 0.0; }, 0};
  CHECK(rates(rare, 6, 1000, mean_interval).covered < 0.6);
  CHECK(rates(rare, 12, 1000, mean_interval).covered < 0.8);
}

TEST_CASE("coverage: of ratios of steps to solve") {
  // Pairs of censored times of one distribution, and the same times 1.5.
  for (const double ratio : {1.0, 1.5})
    for (const Size& size : sizes) {
      const int n = size.n, simulations = size.simulations;
      Dice dice("ratio");
      int missed = 0;
      for (int i = 0; i < simulations; ++i) {
        Values x, y;
        for (int j = 0; j < n; ++j) {
          const auto time = [&] { return std::min(1000.0, 300 * std::exp(0.6 * dice.normal())); };
          x.push_back(ratio * time());
          y.push_back(time());
        }
        const Interval interval = ratio_interval(x, y);
        missed += interval.above(ratio * (1 + 1e-12)) || interval.below(ratio * (1 - 1e-12));
      }
      INFO("ratio " << ratio << ", n = " << n << ": misses " << missed / double(simulations));
      CHECK(missed <= most_by_chance(simulations, 0.05));
    }
}

TEST_CASE("coverage: a percentile bootstrap of a mean does not, which is why none is used") {
  const auto percentile = [](const Values& values) {
    return bootstrap(static_cast<int>(values.size()), [&](const int* units, int n) {
      double sum = 0;
      for (int i = 0; i < n; ++i) sum += values[units[i]];
      return sum / n;
    });
  };
  Dice dice("percentile");
  int missed = 0;
  constexpr int few = 300;
  for (int i = 0; i < few; ++i) {
    Values values(6);
    for (double& value : values) value = dice.normal();
    const Interval interval = percentile(values);
    missed += interval.above(0) || interval.below(0);
  }
  CHECK(missed > most_by_chance(few, 0.05));
}
