// Is the search to be trusted? Climbs on the rows of a full grid, where the right answer is known, and
// with simulated contestants, whose frontiers are set.
#pragma once

#include <string>
#include <vector>

#include "base/table.h"
#include "climb/plan.h"
#include "lab/run_log.h"

namespace ladder::climb {

// Of one contestant, over all replays. In each, recipes stand in a shuffled order, and each seed is one
// of the grid's, drawn with replacement. The grid's own answer: at each rung the recipe that solves
// most seeds, of several such the fastest; the frontier is the highest rung where it solves enough.
struct ReplayRow {
  std::string contestant, grid_frontier;
  int replays = 0;
  int same_frontier = 0;
  int good_recipe = 0;      // at the same frontier: within 10 % of the best mean steps
  double cost = 0;          // mean steps, as a share of the grid's
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
