#include "climb/policy.h"

#include <algorithm>
#include <cmath>

#include "ladder/base/math.h"

namespace ladder::climb {

// What has had so many times the steps of the fastest solution is given up.
static constexpr double patience = 1.5;

int Rules::fresh_needed() const {
  return static_cast<int>(std::ceil(solved_share * fresh_seeds - 1e-9));
}

int Confirmation::solved() const {
  return static_cast<int>(std::count_if(solved_at.begin(), solved_at.end(), [](int at) { return at >= 0; }));
}

std::vector<double> Confirmation::times(int steps) const {
  std::vector<double> times;
  for (const int at : solved_at) times.push_back(at >= 0 ? at : steps);
  return times;
}

// ---- one rung -----------------------------------------------------------------------------------

int Climber::rounded(double steps) const {
  const int every = ground_.evaluated_every();
  return every * std::max(1, static_cast<int>(std::ceil(steps / every - 1e-9)));
}

// [recipe and seed], the seeds of a recipe beside each other.
std::vector<Observation> Climber::look(int rung, const std::vector<int>& recipes,
                                       const std::vector<int>& seeds, int steps) {
  std::vector<Observation> observations;
  Wanted wanted;
  for (const int recipe : recipes)
    for (const int seed : seeds) {
      const Trial trial{contestant_, rung, recipe, seed, std::min(steps, ground_.steps(rung))};
      const Trial training{contestant_, rung, recipe, seed, 0};
      if (const auto known = solved_.find(training); known != solved_.end()) {
        observations.push_back(known->second);
      } else if (const auto seen = ground_.look(trial)) {
        observations.push_back(*seen);
        if (seen->solved()) solved_[training] = *seen;
        int& done = spent_[training];
        done = std::max(done, seen->solved() ? seen->solved_at : trial.steps);
      } else {
        wanted.trials.push_back(trial);
      }
    }
  if (!wanted.trials.empty()) throw wanted;
  return observations;
}

static bool better(const Observation& a, const Observation& b) {
  if (a.solved() != b.solved()) return a.solved();
  if (a.solved()) return a.solved_at < b.solved_at;
  if (a.failed != b.failed) return b.failed;
  if (a.accuracy != b.accuracy) return a.accuracy > b.accuracy;
  return a.loss < b.loss;
}

// The best of the finalists, and of the winner so far, on all tuning seeds.
void Climber::decide(Search& search, int rung, const std::vector<int>& finalists) {
  const int steps = ground_.steps(rung);
  std::vector<int> seeds;
  for (int seed = 0; seed < rules_.tuning_seeds; ++seed) seeds.push_back(seed);
  const auto seen = look(rung, finalists, seeds, steps);
  for (std::size_t i = 0; i < finalists.size(); ++i) {
    int count = 0;
    double sum = 0;
    for (std::size_t seed = 0; seed < seeds.size(); ++seed) {
      const Observation& one = seen[i * seeds.size() + seed];
      count += one.solved();
      sum += one.solved() ? one.solved_at : steps;
    }
    const double mean = sum / rules_.tuning_seeds;
    if (count > search.solved || (count == search.solved && mean < search.steps))
      search.winner = finalists[i], search.solved = count, search.steps = mean;
  }
}

const Search& Climber::search(int rung) {
  if (const auto known = searches_.find(rung); known != searches_.end()) return known->second;
  const int steps = ground_.steps(rung);
  Search search;
  for (auto winner = winners_.rbegin(); winner != winners_.rend(); ++winner)
    if (std::find(search.field.begin(), search.field.end(), *winner) == search.field.end())
      search.field.push_back(*winner);
  for (int recipe = 0; recipe < rules_.recipes; ++recipe)
    if (std::find(search.field.begin(), search.field.end(), recipe) == search.field.end())
      search.field.push_back(recipe);

  struct Runner {
    int recipe;
    Observation seen;
  };
  const auto recipes_of = [](const std::vector<Runner>& runners) {
    std::vector<int> recipes;
    for (const Runner& runner : runners) recipes.push_back(runner.recipe);
    return recipes;
  };
  std::vector<Runner> alive, solved;
  for (const int recipe : search.field) alive.push_back({recipe, {}});
  search.tried = static_cast<int>(alive.size());
  double fastest = steps;
  int done = 0;
  for (int level = 0; level < rules_.levels && !alive.empty(); ++level) {
    const double part = math::power(rules_.halving, rules_.levels - 1 - level);
    const int now = rounded(std::min(steps / part, patience * fastest));
    if (now <= done) break;
    done = now;
    const auto seen = look(rung, recipes_of(alive), {0}, now);
    for (std::size_t i = 0; i < alive.size(); ++i) alive[i].seen = seen[i];
    std::stable_sort(alive.begin(), alive.end(),
                     [](const Runner& a, const Runner& b) { return better(a.seen, b.seen); });
    const auto unsolved = std::find_if(alive.begin(), alive.end(),
                                       [](const Runner& runner) { return !runner.seen.solved(); });
    solved.insert(solved.end(), alive.begin(), unsolved);
    if (alive.front().seen.solved()) fastest = std::min<double>(fastest, alive.front().seen.solved_at);
    const auto kept = std::max<std::ptrdiff_t>(
        rules_.finalists, static_cast<std::ptrdiff_t>(std::ceil(alive.size() / double(rules_.halving))));
    alive.erase(alive.begin(), unsolved);
    if (level + 1 < rules_.levels && std::ssize(alive) > kept) alive.resize(static_cast<std::size_t>(kept));
  }
  // One seed may be an unlucky one.
  if (rules_.tuning_seeds > 1 && !alive.empty() && done > 0) {
    const auto seen = look(rung, recipes_of(alive), {1}, done);
    for (std::size_t i = 0; i < alive.size(); ++i)
      if (seen[i].solved()) solved.push_back({alive[i].recipe, seen[i]});
  }
  std::stable_sort(solved.begin(), solved.end(),
                   [](const Runner& a, const Runner& b) { return better(a.seen, b.seen); });
  search.solving = static_cast<int>(solved.size());
  search.steps = steps;
  if (solved.empty()) {
    search.winner = alive.empty() ? search.field[0] : alive[0].recipe;
  } else {
    if (std::ssize(solved) > rules_.finalists) solved.resize(static_cast<std::size_t>(rules_.finalists));
    decide(search, rung, recipes_of(solved));
    if (const auto beyond = ground_.beyond(search.winner); !beyond.empty()) decide(search, rung, beyond);
  }
  if (search.solved > 0) winners_.push_back(search.winner);
  return searches_[rung] = search;
}

const Confirmation& Climber::confirm(int rung) {
  if (const auto known = confirmations_.find(rung); known != confirmations_.end()) return known->second;
  Confirmation confirmation;
  confirmation.recipe = search(rung).winner;
  std::vector<int> seeds;
  for (int seed = 0; seed < rules_.fresh_seeds; ++seed) seeds.push_back(first_fresh_seed + seed);
  for (const Observation& seen : look(rung, {confirmation.recipe}, seeds, ground_.steps(rung)))
    confirmation.solved_at.push_back(seen.solved_at);
  return confirmations_[rung] = confirmation;
}

bool Climber::confirmed(int rung) const {
  const auto known = confirmations_.find(rung);
  return known != confirmations_.end() && known->second.solved() >= rules_.fresh_needed();
}

// ---- the rungs ----------------------------------------------------------------------------------

// The highest rung that the search solves; -1: none.
int Climber::climb_by_search() {
  const auto solves = [&](int rung) { return search(rung).promising(rules_); };
  int low = -1, next = 0;
  while (true) {
    int high = rungs_;
    for (int stride = 1; high == rungs_ && low < rungs_ - 1; stride *= 2) {
      if (solves(next)) low = next;
      else high = next;
      next = std::min(rungs_ - 1, low + stride);
    }
    while (high - low > 1) {
      const int middle = low + (high - low) / 2;
      if (solves(middle)) low = middle;
      else high = middle;
    }
    if (high + 1 >= rungs_ || !solves(high + 1)) return low;
    monotone_ = false;
    low = high + 1;
    next = low + 1;
  }
}

void Climber::climb() {
  int rung = climb_by_search();
  while (rung >= 0) {
    // A rung that no tuning seed has solved is not tried on fresh ones.
    if (search(rung).solved > 0) {
      confirm(rung);
      if (confirmed(rung)) break;
    }
    --rung;
  }
  frontier_ = rung;
  for (int above = rung + 1; above < rungs_ && above <= rung + 2; ++above) {
    if (!searches_.contains(above) && above > rung + 1) break;
    if (search(above).solved == 0) continue;
    confirm(above);
    if (!confirmed(above)) continue;
    monotone_ = monotone_ && above == frontier_ + 1;
    frontier_ = above;
  }
  if (frontier_ > 0) {
    confirm(frontier_ - 1);
    monotone_ = monotone_ && confirmed(frontier_ - 1);
  }
}

double Climber::steps() const {
  double sum = 0;
  for (const auto& [training, steps] : spent_) sum += steps;
  return sum;
}

double Climber::search_steps() const {
  double sum = 0;
  for (const auto& [training, steps] : spent_)
    if (training.seed < first_fresh_seed) sum += steps;
  return sum;
}

// ---- all contestants ----------------------------------------------------------------------------

Contest::Contest(Ground& ground, const Rules& rules, std::vector<int> contestants, int rungs,
                 std::vector<std::pair<int, int>> pairs)
    : ground_(ground), rules_(rules), contestants_(std::move(contestants)), rungs_(rungs),
      pairs_(std::move(pairs)) {}

std::vector<Trial> Contest::advance() {
  climbers_.clear();
  std::set<Trial> wanted;
  const auto as_far_as_known = [&](const auto& work) {
    try {
      work();
    } catch (const Wanted& more) {
      wanted.insert(more.trials.begin(), more.trials.end());
    }
  };
  for (const int contestant : contestants_) {
    Climber& climber = climbers_.emplace_back(ground_, rules_, contestant, rungs_);
    as_far_as_known([&] { climber.climb(); });
  }
  if (wanted.empty()) {
    for (const auto& [a, b] : pairs_)
      for (const int rung : {climbers_[a].frontier(), climbers_[b].frontier()})
        if (rung >= 0)
          for (const int contestant : {a, b})
            as_far_as_known([&] { climbers_[contestant].confirm(rung); });
  }
  return {wanted.begin(), wanted.end()};
}

}  // namespace ladder::climb
