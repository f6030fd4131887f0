// Verdicts on results that are no sweep: bench, geometry, climb.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/files.h"
#include "geometry/geometry.h"
#include "ladder/base/error.h"
#include "ladder/base/text.h"
#include "report/report_parts.h"
#include "report/verdict.h"
#include "statistics/contestant.h"
#include "statistics/judge.h"

namespace ladder::report {

using Names = std::vector<std::string>;

// ---- bench --------------------------------------------------------------------------------------

static constexpr double noise = 0.02;  // of medians of times that were measured in turn

Verdicts judge_cost(const std::string& name, const Table& bench) {
  struct Ratios {
    Names times, memory;
    double worst = 0;
  };
  std::string first;
  std::map<std::string, double> first_memory;  // by shape
  std::map<std::string, Ratios> by_contestant;
  const Names names = contestants(bench);
  for (std::size_t row = 0; row < bench.rows(); ++row) {
    if (bench.at(row, "part") != "steps" || bench.at(row, "threads") != "1") continue;
    const std::string &shape = bench.at(row, "shape"), &contestant = names[row];
    if (first.empty()) first = contestant;
    if (contestant == first) {
      first_memory[shape] = bench.number(row, "memory_mb");
      continue;
    }
    const double time = bench.number(row, "ratio_to_first");
    const double memory = bench.number(row, "memory_mb") / first_memory.at(shape);
    Ratios& ratios = by_contestant[contestant];
    ratios.times.push_back(shape + " " + fixed(time, 2));
    ratios.memory.push_back(shape + " " + fixed(memory, 2));
    ratios.worst = std::max({ratios.worst, time, memory});
  }
  Verdicts verdicts;
  for (const auto& [contestant, ratios] : by_contestant)
    verdicts.push_back({Claim::cost, words_of(Claim::cost, contestant, first), name,
                        ratios.worst <= 1 + noise ? "holds" : "does not hold",
                        contestant + " / " + first + ", a whole training step: " +
                            join(ratios.times, ", ") + "; memory: " + join(ratios.memory, ", ")});
  return verdicts;
}

// ---- geometry -----------------------------------------------------------------------------------

// The smallest effect of interest, of shares and of |cos|.
static constexpr double smallest_turn = 0.02;

namespace {

// A model's mean over its layers; NaN where nothing was measured.
struct Angles {
  Values opposite, suppressed;
  double excess() const { return mean(opposite); }  // attention to cos < -0.5 beyond that of uniform rows
  double cosine() const { return mean(suppressed); }  // mean |cos| of what is suppressed
};

struct Models {
  Names order;  // of checkpoints, the trained ones
  std::map<std::string, Angles> trained, untrained;  // by checkpoint, without the suffix
};

using Measure = double (Angles::*)() const;

Values differences(const Models& models, const std::map<std::string, Angles>& others, const Names& with,
                   Measure measure) {
  Values values;
  for (std::size_t i = 0; i < std::min(models.order.size(), with.size()); ++i)
    if (const auto other = others.find(with[i]); other != others.end()) {
      const double difference = (models.trained.at(models.order[i]).*measure)() - (other->second.*measure)();
      if (std::isfinite(difference)) values.push_back(difference);
    }
  return values;
}

std::string told(const Values& differences, const std::string& than) {
  const std::string interval = signed_bracket(mean_interval(differences), 2);
  return differences.empty() ? "" : signed_rounded(mean(differences), 2) + (interval.empty() ? "" : " " + interval) +
                                        " against " + than;
}

}  // namespace

Verdicts judge_geometry(const std::string& name, const Table& geometry) {
  const std::string suffix = geometry::initial_suffix, baseline = "dpa";
  std::map<std::string, Models> by_contestant;
  const Names names = contestants(geometry);
  for (std::size_t row = 0; row < geometry.rows(); ++row) {
    if (geometry.at(row, "head") != "all") continue;
    std::string checkpoint = geometry.at(row, "checkpoint");
    Models& models = by_contestant[names[row]];
    const bool untrained = checkpoint.ends_with(suffix);
    if (untrained) checkpoint.resize(checkpoint.size() - suffix.size());
    else if (!models.trained.contains(checkpoint)) models.order.push_back(checkpoint);
    Angles& angles = (untrained ? models.untrained : models.trained)[checkpoint];
    const auto cell = [&](const char* column) { return parse_real(geometry.at(row, column)).value_or(not_defined); };
    if (const double x = cell("antiparallel_share") - cell("antiparallel_if_uniform"); std::isfinite(x))
      angles.opposite.push_back(x);
    if (const double x = cell("abs_cosine_suppressed"); std::isfinite(x)) angles.suppressed.push_back(x);
  }
  Verdicts verdicts;
  for (const auto& one : by_contestant) {
    const std::string& contestant = one.first;  // not bound by structure: clang 14 captures no such names
    const auto& models = one.second;
    if (contestant == baseline && by_contestant.size() > 1) continue;
    const auto add = [&](const std::string& verdict, const std::string& evidence) {
      verdicts.push_back({Claim::geometry, words_of(Claim::geometry, contestant, baseline),
                          name + ", " + contestant, verdict, evidence});
    };
    const Names& order = models.order;
    const auto other = by_contestant.find(baseline);
    const std::string count = plural(order.size(), "trained model");
    const auto beside = std::count_if(order.begin(), order.end(), [&](const std::string& checkpoint) {
      return models.untrained.contains(checkpoint);
    });
    if (beside == 0) {
      add("cannot be judged: no untrained model beside", count);
      continue;
    }
    if (other == by_contestant.end() || contestant == baseline) {
      add("cannot be judged: no " + baseline + " beside", count);
      continue;
    }
    Names parts;
    bool few = false;
    int held = 0;
    // More attention to opposite directions, suppression nearer to a right angle: than before training, and
    // than dpa's.
    const auto judge_measure = [&](const std::string& what, Measure measure, double sign) {
      const Values before = differences(models, models.untrained, order, measure);
      const Values rival = differences(models, other->second.trained, other->second.order, measure);
      const auto shown = [&](const Values& values) {
        few |= static_cast<int>(values.size()) < least_pairs;
        const Interval interval = mean_interval(values);
        return sign > 0 ? interval.above(smallest_turn) : interval.below(-smallest_turn);
      };
      const bool from_before = shown(before), from_rival = shown(rival);
      held += from_before && from_rival;
      parts.push_back(what + " " + told(before, "untrained") + ", " + told(rival, baseline));
    };
    judge_measure("attention to cos < −0.5 beyond uniform rows:", &Angles::excess, 1);
    judge_measure("mean |cos| of suppressed pairs:", &Angles::cosine, -1);
    const std::string evidence = join(parts, "; ") + "; " + count;
    if (few)
      add("too few seeds (" + std::to_string(order.size()) + ", " + std::to_string(least_pairs) + " needed)", evidence);
    else
      add(held == 2   ? "holds"
          : held == 1 ? "holds in part, by one of two measures"
                      : "does not hold: not both unlike untrained and unlike " + baseline,
          evidence);
  }
  return verdicts;
}

// ---- climb --------------------------------------------------------------------------------------

static std::string of_seeds(const std::string& solved, const std::string& seeds) { return solved + "/" + seeds; }

// "ea base 5, delay 4 (12/12)"
static std::string frontier(const Table& climb, const std::string& contestant) {
  for (std::size_t row = 0; row < climb.rows(); ++row)
    if (climb.at(row, "contestant") == contestant)
      return contestant + (climb.at(row, "rung").empty()
                               ? " none"
                               : " " + climb.at(row, "rung") + " (" +
                                     of_seeds(climb.at(row, "seeds_solved"), climb.at(row, "seeds")) + ")");
  return contestant + " none";
}

// The pairs of a finished climb are all there, as far as one can tell from its contestants.
static void require_whole(const Table& climb, const Table& pairs) {
  Names contestants;
  for (std::size_t row = 0; row < climb.rows(); ++row) contestants.push_back(climb.at(row, "contestant"));
  if (contestants.empty()) throw failure(climb.origin() + ": no contestant: expected a row for each");
  const Names verdicts = {"higher", "lower", "sooner", "later", "equal", "no difference shown"};
  std::set<std::pair<std::string, std::string>> compared;  // in either order
  bool only_first = true;
  for (std::size_t row = 0; row < pairs.rows(); ++row) {
    const auto require = [&](const char* column, const Names& known, const std::string& expected) {
      if (std::find(known.begin(), known.end(), pairs.at(row, column)) == known.end())
        throw pairs.unexpected(row, column, expected);
    };
    for (const char* column : {"contestant", "against"})
      require(column, contestants, "one of the contestants in " + climb.origin());
    require("verdict", verdicts, "one of " + join(verdicts, ", "));
    const std::string &one = pairs.at(row, "contestant"), &other = pairs.at(row, "against");
    compared.insert({one, other}), compared.insert({other, one});
    only_first &= one == contestants[0] || other == contestants[0];
  }
  for (std::size_t b = 0; b < (only_first ? 1 : contestants.size()); ++b)
    for (std::size_t a = b + 1; a < contestants.size(); ++a)
      if (!compared.contains({contestants[a], contestants[b]}))
        throw failure(pairs.origin() + ": no row compares '" + clipped(contestants[a]) + "' with '" +
                      clipped(contestants[b]) + "', which " + climb.origin() +
                      " has: a part is missing; `ladder climb` writes both anew");
}

Verdicts judge_climb(const std::string& name, const std::filesystem::path& directory) {
  const Table climb = Table::read(directory / "climb.csv"), pairs = Table::read(directory / "pairs.csv");
  const std::filesystem::path page = directory / "climb.html";
  if (pairs.rows() == 0 && climb.rows() > 1 && std::filesystem::exists(page) &&
      read_file(page).find(unfinished_climb) == std::string::npos)
    throw failure(pairs.origin() + ": no pair, though the climb is finished by " + page.string() +
                  ": a part is missing; `ladder climb` writes both anew");
  return judge_climb(name, climb, pairs);
}

Verdicts judge_climb(const std::string& name, const Table& climb, const Table& pairs) {
  const std::string where = name + ", each at its best recipe";
  Verdicts verdicts;
  if (pairs.rows() > 0 || climb.rows() == 0) require_whole(climb, pairs);
  if (pairs.rows() == 0) {
    Names known;
    for (std::size_t row = 0; row < climb.rows(); ++row) known.push_back(frontier(climb, climb.at(row, "contestant")));
    return {{Claim::reach, "who climbs highest", where,
             climb.rows() == 1 ? "cannot be judged: one contestant" : "not finished: no pair is compared yet",
             "highest rung so far: " + join(known, ", ")}};
  }
  for (std::size_t row = 0; row < pairs.rows(); ++row) {
    const auto cell = [&](const char* column) -> const std::string& { return pairs.at(row, column); };
    const auto number = [&](const char* column) {
      return cell(column).empty() ? not_defined : pairs.number(row, column);
    };
    const std::string &contestant = cell("contestant"), &against = cell("against"), &verdict = cell("verdict");
    std::string evidence = "highest rung: " + frontier(climb, contestant) + ", " + frontier(climb, against);
    if (!cell("rung").empty())
      evidence += "; at " + cell("rung") + ": " + contestant + " " +
                  of_seeds(cell("seeds_solved"), cell("seeds")) + ", " + against + " " +
                  of_seeds(cell("against_seeds_solved"), cell("seeds")) + ", p " +
                  p_text(number("fisher_p_holm")) + " (Fisher, Holm)";
    const auto add = [&](Claim claim, const std::string& judged, const std::string& by) {
      verdicts.push_back({claim, words_of(claim, contestant, against), where, judged, by});
    };
    const bool higher = verdict == "higher", lower = verdict == "lower", equal = verdict == "equal";
    add(Claim::accuracy,
        higher  ? "holds: climbs higher"
        : lower ? "does not hold: climbs less high"
        : equal ? "holds: climbs as high"
                : "not contradicted: not shown to climb less high",
        evidence);
    add(Claim::reach,
        higher  ? "holds: climbs higher"
        : lower ? "does not hold: the other way round"
        : equal ? "does not hold: climbs as high"
                : "no difference shown",
        evidence);
    if (cell("time_rung").empty()) {
      add(Claim::time, "no rung that both solve", "highest rung: " + frontier(climb, contestant) + ", " +
                                                     frontier(climb, against));
      continue;
    }
    const Interval ratio{number("ratio_low"), number("ratio_high")};
    const Call steps = judge_steps(ratio, number("time_p_holm"));
    add(Claim::time,
        steps == Call::more    ? "sooner"
        : steps == Call::less  ? "later"
        : steps == Call::alike ? "as soon"
                               : "no difference shown",
        "steps " + contestant + " / " + against + " = " + rounded(number("steps_ratio"), 2) + " " + bracket(ratio, 2) +
            ", p " + p_text(number("time_p_holm")) + " (Holm); at " + cell("time_rung"));
  }
  return verdicts;
}

}  // namespace ladder::report
