#include "ladder/nn/score.h"

#include <cmath>

namespace ladder::nn {

static const RegisteredKind<Score> kind({
    .choice = Setting::choice("", "ea", {}, "attention score", "the question of this program"),
    .always = false,
    .rule = "weight of z = query.key",
});

PlainScore plain_weight(double (*weight)(double z, double c), double epsilon) {
  const auto row = [=](const PlainScore::Row& z, const PlainScore::Row& bias, double c) {
    PlainScore::Row p = z;
    double sum = epsilon;
    for (std::size_t j = 0; j < z.size(); ++j) sum += p[j] = weight(z[j], c) * std::exp(bias[j]);
    for (double& x : p) x /= epsilon < 0 ? 1 : sum > 0 ? sum : 1;
    return p;
  };
  return {row, weight};
}

}  // namespace ladder::nn
