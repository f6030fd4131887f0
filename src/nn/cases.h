// What there is to be checked and timed: see tensor/operation_case.h.
#pragma once

#include "ladder/tensor/operation_case.h"

namespace ladder::nn {

using namespace tensor;

// The cases that operations declare, and those of every registered score, pattern and mixer.
std::vector<OperationCase> all_cases();

}  // namespace ladder::nn
