// What people see while a climb goes on: what is tried, what is known, what is left.
#pragma once

#include <iosfwd>
#include <set>
#include <string>

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
  void done(const Trial& trial, const train::RunResult& result);

 private:
  void line(const std::string& text);
  void tell(const Climber& climber);
  void status(const Contest* contest, Ground& ground);

  const Plan& plan_;
  std::ostream& out_;
  const bool terminal_;
  const double start_;
  std::set<std::pair<int, int>> searched_, confirmed_;  // contestant, rung
  std::set<int> ended_;                                 // contestants
  std::size_t trainings_ = 0, shown_ = 0;
  double steps_ = 0, told_ = 0;
};

}  // namespace ladder::climb
