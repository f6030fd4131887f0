#include "nn/mixers/angle.h"

#include <cmath>

namespace ladder::nn {

Turn quarter_turn(int t, int context) {
  const double angle = 1.57079632679489661923 * t / context;
  return {std::cos(angle), std::sin(angle)};
}

}  // namespace ladder::nn
