// The comparing part of an analysis: fills in `comparisons`, `margins` and `marginals`, in
// this order, once the rungs are known.
#pragma once

#include "statistics/analysis.h"

namespace ladder::statistics {

// Holm's correction runs over the rungs that can reach significance at all: those with at least
// `least_pairs` differences other than 0. Which these are depends on the sizes of the differences
// only, never on their signs, so leaving the others out is fair (Tarone 1990).
void compare(Analysis& analysis);
void take_margins(Analysis& analysis);
void take_marginals(Analysis& analysis);

}  // namespace ladder::statistics
