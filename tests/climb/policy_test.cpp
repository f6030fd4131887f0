// The policy on grounds whose answers are known.
#include "climb/policy.h"

#include <doctest/doctest.h>

#include <functional>

#include "climb/pairs.h"

namespace ladder {

using namespace climb;
namespace {

// Steps to solve, or -1, of a training.
using Answer = std::function<int(const Trial&)>;

class TestGround : public Ground {
 public:
  explicit TestGround(Answer answer) : answer_(std::move(answer)) {}
  std::optional<Observation> look(const Trial& trial) override {
    asked.insert(trial);
    if (hidden.contains(trial)) return std::nullopt;
    Observation seen;
    const int at = answer_(trial);
    if (at >= 0 && at <= trial.steps) seen.solved_at = at;
    seen.accuracy = accuracy ? accuracy(trial) : 0;
    return seen;
  }
  int steps(int) const override { return 900; }
  int evaluated_every() const override { return 10; }

  std::set<Trial> asked, hidden;
  std::function<double(const Trial&)> accuracy;

 private:
  Answer answer_;
};

Climber climbed(TestGround& ground, int rungs = 8, const Rules& rules = {}) {
  static Rules kept;
  kept = rules;
  Climber climber(ground, kept, 0, rungs);
  climber.climb();
  return climber;
}

}  // namespace

TEST_CASE("policy: finds every frontier of a monotone ladder, and confirms it") {
  for (int frontier = -1; frontier < 8; ++frontier) {
    CAPTURE(frontier);
    TestGround ground([&](const Trial& t) { return t.rung <= frontier && t.recipe == 5 ? 400 : -1; });
    ground.accuracy = [](const Trial& t) { return t.recipe == 5 ? 0.2 : 0.1; };
    const Climber climber = climbed(ground);
    CHECK(climber.frontier() == frontier);
    CHECK(climber.monotone());
    if (frontier < 0) continue;
    CHECK(climber.confirmations().at(frontier).recipe == 5);
    CHECK(climber.confirmations().at(frontier).solved() == 12);
    CHECK(climber.searches().contains(std::min(frontier + 1, 7)));
    if (frontier > 0) CHECK(climber.confirmed(frontier - 1));
  }
}

TEST_CASE("policy: a rung that is not solved below the frontier is found and told") {
  TestGround ground([](const Trial& t) { return t.rung <= 4 && t.rung != 2 ? 100 : -1; });
  const Climber climber = climbed(ground, 5);
  CHECK(climber.frontier() == 4);
  TestGround gap([](const Trial& t) { return t.rung != 1 && t.rung <= 4 ? 100 : -1; });
  const Climber over = climbed(gap);
  CHECK(over.frontier() == 4);
  CHECK_FALSE(over.monotone());
}

TEST_CASE("policy: of recipes that solve, the one that needs fewest steps over all tuning seeds wins") {
  // Recipe 3 is lucky on the first seed; 7 is the better one.
  TestGround ground([](const Trial& t) {
    if (t.rung > 0) return -1;
    if (t.recipe == 3) return t.seed == 0 ? 200 : 600;
    return t.recipe == 7 ? 250 : -1;
  });
  ground.accuracy = [](const Trial& t) { return t.recipe == 3 || t.recipe == 7 ? 0.2 : 0.1; };
  const Climber climber = climbed(ground);
  CHECK(climber.searches().at(0).winner == 7);
  CHECK(climber.searches().at(0).solved == 3);
  CHECK(climber.searches().at(0).steps == doctest::Approx(250));
}

TEST_CASE("policy: a rung that the search solves and fresh seeds do not is not the frontier") {
  TestGround ground([](const Trial& t) {
    const bool fails = t.rung == 3 && t.seed >= first_fresh_seed && t.seed % 2 == 0;
    return t.rung <= 3 && !fails ? 100 : -1;
  });
  const Climber climber = climbed(ground);
  CHECK(climber.frontier() == 2);
  CHECK(climber.confirmations().at(3).solved() == 6);
}

TEST_CASE("policy: recipes that do not solve get few steps, and late ones are given up only for faster ones") {
  TestGround none([](const Trial&) { return -1; });
  const Climber climber = climbed(none, 1);
  // Levels of 24 and 8 recipes; the latter get a second seed.
  CHECK(climber.steps() == doctest::Approx(24 * 300 + 8 * (900 - 300) + 8 * 900));
  CHECK(climber.trainings() == 24 + 8);
  TestGround fast([](const Trial& t) { return t.recipe == 0 && t.rung == 0 ? 90 : -1; });
  const Climber quick = climbed(fast, 2);
  for (const Trial& trial : fast.asked)
    if (trial.rung == 0 && trial.recipe != 0) CHECK(trial.steps <= 300);  // the first level
}

TEST_CASE("policy: what is not known is asked for, and asking again goes on from there") {
  const auto answer = [](const Trial& t) { return t.rung <= t.contestant + 1 && t.recipe < 6 ? 50 + 10 * t.recipe : -1; };
  TestGround whole(answer);
  const Rules rules;
  Contest at_once(whole, rules, {0, 1}, 6, {{1, 0}});
  CHECK(at_once.advance().empty());
  TestGround hidden(answer);
  hidden.hidden = whole.asked;
  Contest by_parts(hidden, rules, {0, 1}, 6, {{1, 0}});
  std::set<Trial> made;
  for (auto wanted = by_parts.advance(); !wanted.empty(); wanted = by_parts.advance()) {
    REQUIRE(hidden.hidden.contains(wanted.back()));
    made.insert(wanted.back());
    hidden.hidden.erase(wanted.back());  // one at a time, the last first
  }
  CHECK(made == whole.asked);
  for (int i : {0, 1}) {
    CHECK(by_parts.climbers()[i].frontier() == i + 1);
    CHECK(by_parts.climbers()[i].steps() == at_once.climbers()[i].steps());
  }
  // Each pair has met at both frontiers.
  for (int i : {0, 1})
    for (int rung : {1, 2}) CHECK(by_parts.climbers()[i].confirmations().contains(rung));
}

TEST_CASE("pairs: higher, sooner, equal, and what is not shown") {
  const Rules rules;
  const auto verdict = [&](const Answer& answer) {
    TestGround ground(answer);
    Contest contest(ground, rules, {0, 1}, 6, {{1, 0}});
    contest.advance();
    return compare(contest, ground)[0];
  };
  const auto noise = [](const Trial& t) { return 10 * ((t.seed * 7 + t.contestant * 5) % 4); };
  const Pair higher = verdict([&](const Trial& t) { return t.rung <= 1 + 2 * t.contestant ? 200 + noise(t) : -1; });
  CHECK(higher.verdict == Verdict::higher);
  CHECK(higher.rung == 3);
  CHECK(higher.solved_a == 12);
  CHECK(higher.solved_b == 0);
  CHECK(higher.p < 0.001);
  CHECK(verdict([&](const Trial& t) { return t.rung <= 3 - 2 * t.contestant ? 200 + noise(t) : -1; }).verdict == Verdict::lower);
  const Pair later = verdict([&](const Trial& t) { return t.rung <= 2 ? 200 + 200 * t.contestant + noise(t) : -1; });
  CHECK(later.verdict == Verdict::later);
  CHECK(later.ratio > 1.5);
  CHECK(verdict([&](const Trial& t) { return t.rung <= 2 ? 200 + noise(t) : -1; }).verdict == Verdict::equal);
  const Pair wild = verdict([&](const Trial& t) {
    return t.rung <= 2 ? 50 + 100 * ((t.seed * 5 + t.contestant * 3) % 7) : -1;
  });
  CHECK(wild.verdict == Verdict::not_shown);
  const Pair neither = verdict([](const Trial&) { return -1; });
  CHECK(neither.verdict == Verdict::not_shown);
  CHECK(neither.rung == -1);
}

}  // namespace ladder
