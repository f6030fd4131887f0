// What people see while a climb goes on: what is tried, what is known, what is left.
#pragma once

#include <iosfwd>
#include <set>
#include <string>

#include "base/terminal.h"
#include "climb/plan.h"
#include "train/run.h"

namespace ladder::climb {

// Trainings and steps that a contest takes from where it is, if no recipe solves a rung any more
// beyond those known.
struct Cost {
  std::size_t trainings = 0;
  double steps = 0;
};
Cost cost_left(const Plan& plan, Ground& ground);

class Progress {
 public:
  Progress(const Plan& plan, std::ostream& out, bool terminal);

  // Before each training: tells the searches and confirmations that have come to an end.
  void wanted(const Contest* contest, Ground& ground);
  void done(const train::RunResult& result);

 private:
  void tell(const Climber& climber);
  void status(const Contest* contest, Ground& ground);

  const Plan& plan_;
  LiveLine line_;
  const bool terminal_;
  const double start_;
  std::set<std::pair<int, int>> searched_, confirmed_;  // contestant, rung
  std::size_t trainings_ = 0;
  double steps_ = 0, told_ = 0;
};

}  // namespace ladder::climb
