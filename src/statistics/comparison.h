// The comparing part of an analysis: fills in `comparisons`, `margins` and `marginals`, in
// this order, once the rungs are known.
#pragma once

#include "statistics/analysis.h"

namespace ladder::statistics {

// Holm's correction runs over what can reach significance at all, given how many differences other
// than 0 a rung has. That depends on the sizes of the differences only, never on their signs, so
// leaving the others out is fair (Tarone 1990).
void compare(Analysis& analysis);
void take_margins(Analysis& analysis);
void take_marginals(Analysis& analysis);

}  // namespace ladder::statistics
