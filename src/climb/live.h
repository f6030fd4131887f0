// A climb with real trainings, kept in a directory of results like a sweep's: it goes on after an
// interruption at any moment, and its results do not depend on threads or on the order of runs.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>

#include "climb/pairs.h"
#include "climb/plan.h"
#include "lab/store.h"

namespace ladder::climb {

// What trainings give, as far as they are in a log.
class LoggedGround : public Ground {
 public:
  LoggedGround(const Plan& plan, const lab::FinishedRuns& finished);

  std::optional<Observation> look(const Trial& trial) override;
  int steps(int rung) const override { return steps_[static_cast<std::size_t>(rung)]; }
  int evaluated_every() const override { return evaluated_every_; }
  std::vector<int> beyond(int recipe) const override { return plan_.beyond(recipe); }

  void add(const Trial& trial, const lab::RunResult& result);
  // All trials that were asked for and are known, in order.
  std::vector<Trial> known() const;

 private:
  const Plan& plan_;
  const lab::FinishedRuns& finished_;
  std::map<Trial, std::optional<Observation>> seen_;
  std::vector<int> steps_;
  int evaluated_every_;
};

struct ClimbOptions {
  lab::Shard shard = {};  // takes every count-th contestant
  lab::Store::Old old = lab::Store::Old::join;
  bool grid = false;      // all recipes at all rungs on all tuning seeds, to the end
};

struct Climb {
  std::filesystem::path directory;
  std::shared_ptr<lab::Store> store;
  std::unique_ptr<LoggedGround> ground;
  std::unique_ptr<Contest> contest;  // nothing for a grid
  int made = 0, kept = 0, failed = 0, threads = 1, signal = 0;
  bool finished = false;  // all trainings are made
};

// Tells what is tried and what is known on `out`. Throws as lab::sweep does.
Climb climb(const Plan& plan, const ClimbOptions& options, std::ostream& out, bool terminal);

// The trainings of a whole grid, in order.
std::vector<Trial> grid_of(const Plan& plan, const Ground& ground);

}  // namespace ladder::climb
