#include "climb/progress.h"

#include <unistd.h>

#include <numeric>

#include "base/clock.h"
#include "ladder/base/text.h"

namespace ladder::climb {

namespace {

// What is not known solves nothing.
class Barren : public Ground {
 public:
  explicit Barren(Ground& known) : known_(known) {}
  std::optional<Observation> look(const Trial& trial) override {
    if (const auto seen = known_.look(trial)) return seen;
    int& steps = unknown_[{trial.contestant, trial.rung, trial.recipe, trial.seed, 0}];
    steps = std::max(steps, trial.steps);
    return Observation{};
  }
  int steps(int rung) const override { return known_.steps(rung); }
  int evaluated_every() const override { return known_.evaluated_every(); }
  std::vector<int> beyond(int recipe) const override { return known_.beyond(recipe); }
  Cost cost() const {
    Cost cost{unknown_.size(), 0};
    for (const auto& [training, steps] : unknown_) cost.steps += steps;
    return cost;
  }

 private:
  Ground& known_;
  std::map<Trial, int> unknown_;
};

}  // namespace

Cost cost_left(const Plan& plan, Ground& ground) {
  Barren barren(ground);
  std::vector<int> contestants(plan.contestants.size());
  std::iota(contestants.begin(), contestants.end(), 0);
  Contest(barren, plan.rules, contestants, static_cast<int>(plan.rungs.size()), plan.pairs).advance();
  return barren.cost();
}

Progress::Progress(const Plan& plan, std::ostream& out, bool terminal)
    : plan_(plan), line_(out, STDERR_FILENO, terminal), terminal_(terminal), start_(seconds_now()) {}

void Progress::tell(const Climber& climber) {
  const std::string name = plan_.contestant_name(climber.contestant());
  for (const auto& [rung, search] : climber.searches()) {
    if (!searched_.insert({climber.contestant(), rung}).second) continue;
    std::string text = name + ", " + plan_.rung_name(rung) + ": " + std::to_string(search.solving) +
                       " of " + std::to_string(search.tried) + " recipes solve";
    if (search.solved > 0)
      text += "; best after " + fixed(search.steps, 0) + " steps, " + std::to_string(search.solved) + "/" +
              std::to_string(plan_.rules.tuning_seeds) + " seeds: " + text_of(plan_.recipe(search.winner));
    line_.say(text);
  }
  for (const auto& [rung, confirmation] : climber.confirmations())
    if (confirmed_.insert({climber.contestant(), rung}).second)
      line_.say(name + ", " + plan_.rung_name(rung) + ": " + std::to_string(confirmation.solved()) + "/" +
           std::to_string(confirmation.solved_at.size()) + " fresh seeds" +
           (climber.confirmed(rung) ? ": solved" : ""));
}

void Progress::wanted(const Contest* contest, Ground& ground) {
  if (contest)
    for (const Climber& climber : contest->climbers()) tell(climber);
  if (terminal_ ? seconds_now() - told_ > 0.2 : seconds_now() - told_ > 60) status(contest, ground);
}

void Progress::status(const Contest* contest, Ground& ground) {
  if (trainings_ == 0) return;
  told_ = seconds_now();
  const double elapsed = told_ - start_;
  std::string text = std::to_string(trainings_) + " trainings, " + duration_text(elapsed);
  if (contest) {
    const Cost left = cost_left(plan_, ground);
    text += ", " + duration_text(elapsed * left.steps / steps_) + " left if nothing more is solved";
  }
  if (terminal_) line_.show(text);
  else line_.say(text);
}

void Progress::done(const train::RunResult& result) {
  ++trainings_;
  steps_ += std::max(1, result.steps_done);
}

}  // namespace ladder::climb
