// The angles of cosformer.
#pragma once

namespace ladder::nn {

struct Turn {
  double cosine, sine;
};

// cos and sin of π t / (2·context).
Turn quarter_turn(int t, int context);

}  // namespace ladder::nn
