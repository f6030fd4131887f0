// Is the search to be trusted? Climbs on the rows of a full grid, where the right answer is known, and
// with simulated contestants, whose frontiers are set.
#pragma once

#include <string>
#include <vector>

#include "base/table.h"
#include "climb/plan.h"
#include "lab/run_log.h"

namespace ladder::climb {

// Of one contestant, over all replays; a last row sums up. In each, recipes stand in a shuffled order, and each seed is one
// of the grid's, drawn with replacement.
struct ReplayRow {
  std::string contestant;
  int replays = 0;
  // As a search of the whole grid finds with the same seeds; or, confirmed by fresh seeds, a higher one.
  int same_frontier = 0, higher = 0;
  int good_recipe = 0;      // at the same frontier: within 10 % of the best mean steps
  double steps = 0, grid_steps = 0;  // of all replays, and the grid's for each of them
  int searches = 0, missed = 0;  // that some recipe could solve on their seed; where none was found
};

// Throws a failure if the grid has gaps.
std::vector<ReplayRow> replay(const Plan& plan, const lab::FinishedRuns& grid, int replays);
Table table_of(const std::vector<ReplayRow>& rows);

// Of one kind of contestant. Two of the same kind, with chances of their own, are compared.
struct SimulationRow {
  std::string kind, true_frontier;
  int simulations = 0;
  int same_frontier = 0, within_one = 0;
  int intervals = 0, covering = 0;  // Wilson's at the frontier; those that hold the true share
  int called_different = 0;         // higher, lower, sooner or later, though they are equal
  int called_equal = 0;
};

// By the plan's rules, rungs and steps.
std::vector<SimulationRow> simulate(const Plan& plan, int simulations);
Table table_of(const std::vector<SimulationRow>& rows);

}  // namespace ladder::climb
