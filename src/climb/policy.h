// How a climb spends its trainings. Nothing is trained here: a policy asks its ground what a training
// gives, and names those that it wants made. So the same policy climbs with real trainings, on the
// rows of a full grid, and with simulated contestants; and it goes on after an interruption by asking
// again.
//
// At a rung, a contestant's recipes are searched by successive halving (Jamieson & Talwalkar 2016:
// Non-stochastic best arm identification) on tuning seeds: all of the field get a small part of the
// rung's steps, the best part of them all of it, and a second seed where the first is not solved; the
// finalists get all tuning seeds. Recipes that solve in few steps are better than those that solve in
// many, then counts the accuracy, then the loss. What has had 1.5 times the steps of the fastest solution without solving is given up.
// Recipes that won other rungs stand first in the field. Where the best one lies at the edge of what
// was searched, some beyond it are tried as well.
//
// Rungs: up in growing strides while the search solves them, then halves between the highest solved
// and the lowest unsolved; the rung beyond the latter is tried as well. The best recipe of the highest
// rung is then tried on fresh seeds; where it fails, the next lower rung's. The rungs below and above
// the frontier are checked.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace ladder::climb {

struct Rules {
  int recipes = 24;     // of the field at each rung
  int halving = 3;      // of a level's recipes, one in so many goes on, to so many times the steps
  int levels = 2;       // the last one has all steps
  int finalists = 4;    // recipes that are tried on all tuning seeds
  int tuning_seeds = 3;
  int fresh_seeds = 12;
  double solved_share = 0.75;  // of fresh seeds, from which on a rung counts as solved

  int fresh_needed() const;  // seeds
};

// Fresh seeds are numbered behind all tuning seeds.
inline constexpr int first_fresh_seed = 1000;

struct Trial {
  int contestant, rung, recipe, seed, steps;
  auto operator<=>(const Trial&) const = default;
};

struct Observation {
  int solved_at = -1;   // steps; -1: not within the trial's
  double accuracy = 0;  // share of the way from chance to the best possible
  double loss = 0;
  bool failed = false;  // diverged, or could not be made
  bool solved() const { return solved_at >= 0; }
};

class Ground {
 public:
  virtual ~Ground() = default;
  virtual std::optional<Observation> look(const Trial& trial) = 0;
  virtual int steps(int rung) const = 0;        // of a whole training
  virtual int evaluated_every() const = 0;      // steps
  // Recipes that lie beyond one at the edge of what was searched, outwards.
  virtual std::vector<int> beyond(int recipe) const { (void)recipe; return {}; }
};

// Trainings that must be made before the policy can go on.
struct Wanted {
  std::vector<Trial> trials;
};

// What the search at a rung has found.
struct Search {
  std::vector<int> field;  // recipes
  int tried = 0, solving = 0;  // recipes on the first tuning seed; those that solved
  int winner = -1;
  int solved = 0;          // tuning seeds that the winner solved
  double steps = 0;        // restricted mean of the winner's steps to solve
  bool promising(const Rules& rules) const { return 2 * solved > rules.tuning_seeds; }
};

// The best recipe on fresh seeds.
struct Confirmation {
  int recipe = -1;
  std::vector<int> solved_at;  // by seed; -1: unsolved
  int solved() const;
  std::vector<double> times(int steps) const;  // to solve; `steps` where it is unsolved
};

// One contestant's climb, as far as it is known.
class Climber {
 public:
  Climber(Ground& ground, const Rules& rules, int contestant, int rungs)
      : ground_(ground), rules_(rules), contestant_(contestant), rungs_(rungs) {}

  // To the end. Throws Wanted. Afterwards frontier() is known.
  void climb();
  // Of a rung, for a comparison with another contestant. Throws Wanted.
  const Confirmation& confirm(int rung);

  int contestant() const { return contestant_; }
  int frontier() const { return frontier_; }  // -1: none; before the end: the highest confirmed
  bool monotone() const { return monotone_; }  // no solved rung lies above an unsolved one
  bool confirmed(int rung) const;              // and solved
  const std::map<int, Search>& searches() const { return searches_; }
  const std::map<int, Confirmation>& confirmations() const { return confirmations_; }

  std::size_t trainings() const { return spent_.size(); }
  // All that was asked for, if a training goes on from where it was.
  double steps() const;
  // The part that went into trainings on tuning seeds.
  double search_steps() const;

 private:
  const Search& search(int rung);
  void decide(Search& search, int rung, const std::vector<int>& finalists);
  int climb_by_search();
  std::vector<Observation> look(int rung, const std::vector<int>& recipes, const std::vector<int>& seeds,
                                int steps);
  int rounded(double steps) const;

  Ground& ground_;
  const Rules& rules_;
  const int contestant_, rungs_;
  int frontier_ = -1;
  bool monotone_ = true;
  std::map<int, Search> searches_;
  std::map<int, Confirmation> confirmations_;
  std::vector<int> winners_;  // in the order of the searches
  std::map<Trial, int> spent_;          // by training (steps 0): steps done
  std::map<Trial, Observation> solved_;  // by training (steps 0)
};

// All contestants' climbs, and the trainings that comparing them in pairs takes: each pair meets at
// both frontiers.
class Contest {
 public:
  // `pairs`: of contestants, by their place among `contestants`.
  Contest(Ground& ground, const Rules& rules, std::vector<int> contestants, int rungs,
          std::vector<std::pair<int, int>> pairs);

  // Goes as far as it is known; the trainings that are wanted now, none at the end. The climbers hold
  // what is known so far.
  std::vector<Trial> advance();

  const std::vector<Climber>& climbers() const { return climbers_; }
  const std::vector<std::pair<int, int>>& pairs() const { return pairs_; }

 private:
  Ground& ground_;
  const Rules& rules_;
  const std::vector<int> contestants_;
  const int rungs_;
  const std::vector<std::pair<int, int>> pairs_;
  std::vector<Climber> climbers_;
};

}  // namespace ladder::climb
