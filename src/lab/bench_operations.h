// The bench's part `operations`: every case of nn/cases.h that declares sizes to be timed at.
#pragma once

#include "lab/bench_tools.h"

namespace ladder::lab {

struct OperationTime {
  std::string name, sizes;  // "linear", "2048x128x512"
  Values seconds;           // of forward and backward, a repeat each
  double flop;              // of these, backward counted twice; 0: not declared
};

std::vector<OperationTime> time_operations(Stopwatch& watch);

}  // namespace ladder::lab
