#include "climb/replay.h"

#include "base/columns.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "climb/live.h"
#include "climb/pairs.h"
#include "ladder/base/math.h"
#include "ladder/base/random.h"
#include "ladder/base/text.h"

namespace ladder::climb {

// ---- on the rows of a grid ----------------------------------------------------------------------

namespace {

struct Cells {  // of a grid, of one contestant
  std::vector<std::vector<std::vector<const lab::RunResult*>>> at;  // [rung][recipe][seed]
  std::vector<int> steps;                                           // [rung]
};

double restricted_mean(const std::vector<const lab::RunResult*>& seeds, int steps, int& solved) {
  double sum = 0;
  solved = 0;
  for (const lab::RunResult* run : seeds) {
    const bool solves = run->status == lab::Status::ok && run->solved();
    solved += solves;
    sum += solves ? run->step_solved : steps;
  }
  return sum / static_cast<double>(seeds.size());
}

// Shuffled recipes and drawn seeds of one replay.
class GridGround : public Ground {
 public:
  GridGround(const Cells& cells, int every, int replay) : cells_(cells), every_(every) {
    const Random random(static_cast<std::uint64_t>(replay), "replay");
    order_.resize(cells.at[0].size());
    std::iota(order_.begin(), order_.end(), 0);
    for (int i = static_cast<int>(order_.size()) - 1; i > 0; --i)
      std::swap(order_[i], order_[random.below(i + 1, static_cast<std::uint64_t>(i))]);
    seeds_ = random;
  }

  std::optional<Observation> look(const Trial& trial) override {
    const lab::RunResult& run = result(trial.rung, trial.recipe, trial.seed);
    Observation seen;
    const bool solved = run.status == lab::Status::ok && run.solved() && run.step_solved <= trial.steps;
    if (solved) seen.solved_at = run.step_solved;
    seen.failed = run.status != lab::Status::ok && run.steps_done <= trial.steps;
    for (const auto& point : run.curve)
      if (point.step <= trial.steps) {
        seen.accuracy = (point.accuracy - run.chance) / (run.best_possible - run.chance);
        seen.loss = point.loss;
      }
    return seen;
  }
  int steps(int rung) const override { return cells_.steps[rung]; }
  int evaluated_every() const override { return every_; }

  int recipe_of(int recipe) const { return order_[static_cast<std::size_t>(recipe)]; }
  const lab::RunResult& result(int rung, int recipe, int seed) const {
    const auto& seeds = cells_.at[rung][recipe_of(recipe)];
    return *seeds[seeds_.below(static_cast<int>(seeds.size()), static_cast<std::uint64_t>(seed), 1)];
  }

 private:
  const Cells& cells_;
  const int every_;
  std::vector<int> order_;
  Random seeds_{0, 0u};
};

}  // namespace

static std::vector<Cells> cells_of(const Plan& plan, const lab::FinishedRuns& grid, const Ground& ground) {
  const auto rungs = plan.rungs.size(), recipes = plan.recipes.size();
  std::vector<Cells> all(plan.contestants.size());
  for (Cells& cells : all) {
    cells.at.assign(rungs, std::vector<std::vector<const lab::RunResult*>>(recipes));
    for (std::size_t rung = 0; rung < rungs; ++rung) cells.steps.push_back(ground.steps(static_cast<int>(rung)));
  }
  for (const Trial& trial : grid_of(plan, ground)) {
    const lab::LoggedRun* run = grid.find(lab::run_key(plan.settings(trial)));
    if (!run || run->row.result.status == lab::Status::failed)
      throw failure("the grid has no run of " + plan.contestant_name(trial.contestant) + ", " +
                    plan.rung_name(trial.rung) + ", " + text_of(plan.recipes[trial.recipe]) + ", seed " +
                    std::to_string(trial.seed) + ": --grid makes it");
    all[trial.contestant].at[trial.rung][trial.recipe].push_back(&run->row.result);
  }
  return all;
}

// What a search of the whole grid finds with the seeds of a replay: at each rung the recipe that is best
// on all tuning seeds, judged by the fresh ones. -1: no rung is solved.
static int full_search(const Cells& cells, const GridGround& ground, const Rules& rules) {
  int frontier = -1;
  for (int rung = 0; rung < std::ssize(cells.at); ++rung) {
    const int recipes = static_cast<int>(cells.at[rung].size());
    const auto drawn = [&](int recipe, int first, int count) {
      std::vector<const lab::RunResult*> runs;
      for (int seed = 0; seed < count; ++seed) runs.push_back(&ground.result(rung, recipe, first + seed));
      return runs;
    };
    int winner = 0, most = 0;
    double best = cells.steps[rung];
    for (int recipe = 0; recipe < recipes; ++recipe) {
      int solved;
      const double mean = restricted_mean(drawn(recipe, 0, rules.tuning_seeds), cells.steps[rung], solved);
      if (solved > most || (solved == most && mean < best)) winner = recipe, most = solved, best = mean;
    }
    int solved;
    restricted_mean(drawn(winner, first_fresh_seed, rules.fresh_seeds), cells.steps[rung], solved);
    if (most > 0 && solved >= rules.fresh_needed()) frontier = rung;
  }
  return frontier;
}

// The fewest mean steps of the recipes that solve most of the grid's seeds.
static double best_steps(const Cells& cells, int rung) {
  int most = 0;
  double best = cells.steps[rung];
  for (const auto& seeds : cells.at[rung]) {
    int solved;
    const double mean = restricted_mean(seeds, cells.steps[rung], solved);
    if (solved > most || (solved == most && mean < best)) most = solved, best = mean;
  }
  return best;
}

static double all_steps(const Cells& cells) {
  double steps = 0;
  for (const auto& rung : cells.at)
    for (const auto& seeds : rung)
      for (const lab::RunResult* run : seeds) steps += run->steps_done;
  return steps;
}

std::vector<ReplayRow> replay(const Plan& plan, const lab::FinishedRuns& grid, int replays) {
  const LoggedGround ground(plan, grid);
  const std::vector<Cells> cells = cells_of(plan, grid, ground);
  const int rungs = static_cast<int>(plan.rungs.size());
  std::vector<ReplayRow> rows;
  for (std::size_t contestant = 0; contestant < cells.size(); ++contestant) {
    const Cells& mine = cells[contestant];
    ReplayRow row;
    row.contestant = plan.contestant_name(static_cast<int>(contestant));
    row.replays = replays;
    row.grid_steps = all_steps(mine) * replays;
    for (int number = 0; number < replays; ++number) {
      GridGround shuffled(mine, ground.evaluated_every(), number);
      Climber climber(shuffled, plan.rules, 0, rungs);
      climber.climb();
      row.steps += climber.steps();
      for (const auto& [rung, search] : climber.searches()) {
        bool possible = false;
        for (int recipe = 0; recipe < std::ssize(plan.recipes); ++recipe) {
          const lab::RunResult& run = shuffled.result(rung, recipe, 0);
          possible = possible || (run.status == lab::Status::ok && run.solved());
        }
        row.searches += possible;
        row.missed += possible && search.solving == 0;
      }
      const int frontier = climber.frontier();
      const int full = full_search(mine, shuffled, plan.rules);
      row.higher += frontier > full;
      if (frontier != full) continue;
      ++row.same_frontier;
      if (frontier < 0) {
        ++row.good_recipe;
        continue;
      }
      const int recipe = shuffled.recipe_of(climber.confirmations().at(frontier).recipe);
      int solved;
      const double mean = restricted_mean(mine.at[frontier][recipe], mine.steps[frontier], solved);
      row.good_recipe += mean <= 1.1 * best_steps(mine, frontier);
    }
    rows.push_back(row);
  }
  ReplayRow all;
  all.contestant = "all";
  for (const ReplayRow& row : rows) {
    all.replays += row.replays, all.same_frontier += row.same_frontier, all.higher += row.higher;
    all.good_recipe += row.good_recipe, all.steps += row.steps, all.grid_steps += row.grid_steps;
    all.searches += row.searches, all.missed += row.missed;
  }
  rows.push_back(all);
  return rows;
}

static const RegisteredColumns of_replay(
    "replay.csv",
    {{"contestant", "word", "", "whose climbs; all: of all together"},
     {"replays", "integer", "climbs", "on the rows of the grid, recipes shuffled, seeds drawn again"},
     {"same_frontier", "integer", "climbs", "that end where a search of the whole grid with these seeds ends"},
     {"higher", "integer", "climbs", "that end above it"},
     {"good_recipe", "integer", "climbs", "of same_frontier whose recipe is within 10 % of the grid's best"},
     {"cost", "number", "share", "steps / steps of the grid"},
     {"searches", "integer", "searches", "of a rung"},
     {"missed", "integer", "searches", "that found no recipe where the grid has one that solves"}});

Table table_of(const std::vector<ReplayRow>& rows) {
  Table table = described_table("replay.csv");
  for (const ReplayRow& row : rows)
    table.add_row({row.contestant, std::to_string(row.replays),
                   std::to_string(row.same_frontier), std::to_string(row.higher), std::to_string(row.good_recipe), fixed(row.steps / row.grid_steps, 4),
                   std::to_string(row.searches), std::to_string(row.missed)});
  return table;
}

// ---- simulated contestants ----------------------------------------------------------------------

namespace {

// How likely a good recipe solves a rung; a third of the recipes is not good and solves nothing.
struct Kind {
  const char* name;
  double (*share)(int rung, int rungs);
};

constexpr Kind kinds[] = {
    {"steep", [](int rung, int rungs) { return rung < rungs / 2 ? 0.98 : 0.02; }},
    {"flat", [](int rung, int rungs) { return 1 - 0.95 * rung / (rungs - 1.0); }},
    {"with a hole", [](int rung, int rungs) { return rung < rungs / 2 && rung != 1 ? 0.98 : 0.02; }},
    {"never solving", [](int, int) { return 0.0; }},
    {"always solving", [](int, int) { return 1.0; }},
};

class SimulatedGround : public Ground {
 public:
  SimulatedGround(const Kind& kind, const std::vector<int>& steps, int every, int simulation)
      : kind_(kind), steps_(steps), every_(every), random_(static_cast<std::uint64_t>(simulation), "simulate") {}

  std::optional<Observation> look(const Trial& trial) override {
    const auto draw = [&](int what) {
      return static_cast<std::uint64_t>((((trial.contestant * 64 + trial.rung) * 16384 + trial.recipe) * 4096L +
                                         trial.seed) * 4 + what);
    };
    const double goodness = quality(trial.recipe);
    Observation seen;
    // Steps to solve: a recipe's, a rung's, and chance.
    const double at = steps_[trial.rung] * 0.06 * math::exp(2 * (1 - goodness)) *
                      (1 + 0.3 * trial.rung) * math::exp(0.3 * random_.normal(draw(0)));
    const bool solves = random_.uniform(draw(1)) < share(trial.rung, trial.recipe);
    const int step = every_ * std::max(1, static_cast<int>(std::ceil(at / every_)));
    if (solves && step <= trial.steps) seen.solved_at = step;
    // On the plateau before: little to go by.
    seen.accuracy = 0.1 * goodness + 0.1 * random_.uniform(draw(2));
    seen.loss = 1 - seen.accuracy;
    return seen;
  }
  int steps(int rung) const override { return steps_[rung]; }
  int evaluated_every() const override { return every_; }

  // Of seeds that a recipe solves.
  double share(int rung, int recipe) const {
    return quality(recipe) > 1.0 / 3 ? kind_.share(rung, static_cast<int>(steps_.size())) : 0;
  }

 private:
  double quality(int recipe) const { return random_.uniform(static_cast<std::uint64_t>(recipe), 1); }

  const Kind& kind_;
  const std::vector<int>& steps_;
  const int every_;
  const Random random_;
};

}  // namespace

std::vector<SimulationRow> simulate(const Plan& plan, int simulations) {
  const lab::FinishedRuns none;
  const LoggedGround real(plan, none);
  std::vector<int> steps;
  for (int rung = 0; rung < std::ssize(plan.rungs); ++rung) steps.push_back(real.steps(rung));
  const int rungs = static_cast<int>(steps.size());
  std::vector<SimulationRow> rows;
  for (const Kind& kind : kinds) {
    int frontier = -1;
    for (int rung = 0; rung < rungs; ++rung)
      if (kind.share(rung, rungs) >= plan.rules.solved_share) frontier = rung;
    SimulationRow row;
    row.kind = kind.name;
    row.true_frontier = frontier < 0 ? "none" : plan.rung_name(frontier);
    row.simulations = simulations;
    for (int number = 0; number < simulations; ++number) {
      SimulatedGround ground(kind, steps, real.evaluated_every(), number);
      Contest contest(ground, plan.rules, {0, 1}, rungs, {{1, 0}});
      contest.advance();
      const Climber& climber = contest.climbers()[0];
      row.same_frontier += climber.frontier() == frontier;
      row.within_one += std::abs(climber.frontier() - frontier) <= 1;
      if (climber.frontier() >= 0) {
        const Confirmation& confirmation = climber.confirmations().at(climber.frontier());
        const auto interval = statistics::wilson(confirmation.solved(), plan.rules.fresh_seeds);
        const double share = ground.share(climber.frontier(), confirmation.recipe);
        ++row.intervals;
        row.covering += interval.low <= share && share <= interval.high;
      }
      const Verdict verdict = compare(contest, ground)[0].verdict;
      row.called_different += verdict != Verdict::equal && verdict != Verdict::not_shown;
      row.called_equal += verdict == Verdict::equal;
    }
    rows.push_back(row);
  }
  return rows;
}

static const RegisteredColumns of_simulation(
    "simulation.csv",
    {{"kind", "word", "", "how the simulated contestants' chances fall with the rungs"},
     {"true_frontier", "word", "", "the highest rung that they solve in enough seeds"},
     {"simulations", "integer", "climbs", "of two equal contestants"},
     {"same_frontier", "integer", "climbs", "that end at the true frontier"},
     {"within_one", "integer", "climbs", "that end within one rung of it"},
     {"intervals", "integer", "intervals", "reported of the share that solves"},
     {"covering", "integer", "intervals", "that hold the true share"},
     {"called_different", "integer", "climbs", "whose two equal contestants were called different"},
     {"called_equal", "integer", "climbs", "whose two equal contestants were called equal"}});

Table table_of(const std::vector<SimulationRow>& rows) {
  Table table = described_table("simulation.csv");
  for (const SimulationRow& row : rows)
    table.add_row({row.kind, row.true_frontier, std::to_string(row.simulations),
                   std::to_string(row.same_frontier), std::to_string(row.within_one),
                   std::to_string(row.intervals), std::to_string(row.covering),
                   std::to_string(row.called_different), std::to_string(row.called_equal)});
  return table;
}

}  // namespace ladder::climb
