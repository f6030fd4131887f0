#include "report/verdict.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/files.h"
#include "geometry/geometry.h"
#include "ladder/base/error.h"
#include "lab/results.h"
#include "ladder/base/text.h"
#include "report/report_parts.h"
#include "statistics/contestant.h"

namespace ladder::report {

namespace {

using Names = std::vector<std::string>;

constexpr double noise = 0.02;  // of medians of times that were measured in turn
constexpr std::size_t least_rungs = 4;

std::string words_of(Claim claim, const std::string& contestant, const std::string& baseline) {
  switch (claim) {
    case Claim::accuracy: return contestant + " is at least as accurate as " + baseline;
    case Claim::trend: return "the margin grows with complexity";
    case Claim::reach: return contestant + " solves rungs that " + baseline + " does not";
    case Claim::cost: return "at no additional cost";
    case Claim::geometry: return "the geometry of matching is reorganised";
  }
  throw failure("no such claim");
}

// One contestant over some rungs of a sweep, and the baseline over the same.
struct Part {
  std::string where;
  const Margin &margin, &baseline;
};

// By optimizer where it varies, else the whole.
std::vector<Part> parts(const std::string& name, const Analysis& analysis) {
  std::vector<Part> found;
  const Margin* baseline = nullptr;  // comes before the others of its rungs
  const auto add = [&](const std::string& where, const Margin& margin) {
    if (margin.contestant == 0) baseline = &margin;
    else found.push_back({where, margin, *baseline});
  };
  for (const Marginal& marginal : analysis.marginals)
    if (marginal.key == "optimizer") add(name + ", " + marginal.value, marginal.margin);
  if (!found.empty()) return found;
  for (const Margin& margin : analysis.margins)
    if (margin.ladder.empty()) add(name, margin);
  return found;
}

std::string few(const Margin& margin) {
  return "too few seeds (" + std::to_string(margin.seeds) + ", " + std::to_string(least_pairs) +
         " needed)";
}

// "+0.41 [+0.39, +0.44]", without what is not defined.
std::string estimate(double value, const Interval& interval, int decimals) {
  if (std::isnan(value)) return "not defined";
  const std::string bounds = signed_bracket(interval, decimals);
  return signed_rounded(value, decimals).append(bounds.empty() ? "" : " ").append(bounds);
}

Verdict judge_accuracy(const Part& part, const Analysis& analysis) {
  const Margin& margin = part.margin;
  const std::string& contestant = analysis.contestants[margin.contestant];
  const std::string& baseline = analysis.contestants[0];
  std::string verdict = "no difference shown";
  if (margin.seeds < least_pairs) verdict = few(margin);
  else if (margin.direction() > 0) verdict = "holds: more accurate";
  else if (margin.direction() < 0) verdict = "does not hold: less accurate";
  const RungCounts count = count_rungs(analysis, margin);
  return {Claim::accuracy, words_of(Claim::accuracy, contestant, baseline), part.where, verdict,
          difference_name(analysis, margin.contestant) + " = " +
              estimate(margin.difference, margin.interval, 3) + ", p " + p_text(margin.p) + ", " +
              plural(margin.compared.size(), "rung") + " × " +
              plural(static_cast<std::size_t>(margin.seeds), "seed") + "; better at " +
              std::to_string(count.better) +
              ", worse at " + std::to_string(count.worse) + " (Holm)"};
}

Verdict judge_trend(const Part& part) {
  const Margin& margin = part.margin;
  const Interval& telling = margin.telling_trend.interval;
  std::string verdict = "no trend shown";
  if (margin.seeds < least_pairs) verdict = few(margin);
  else if (static_cast<std::size_t>(margin.telling_rungs) < least_rungs)
    verdict = "too few telling rungs";
  else if (telling.above(0)) verdict = "holds on telling rungs";
  else if (telling.below(0)) verdict = "does not hold: shrinks";
  return {Claim::trend, words_of(Claim::trend, "", ""), part.where, verdict,
          "rank correlation " + estimate(margin.telling_trend.value, telling, 2) + " over " +
              plural(static_cast<std::size_t>(margin.telling_rungs), "telling rung") + ", " +
              estimate(margin.trend.value, margin.trend.interval, 2) + " over all"};
}

std::string highest(double bits) { return std::isnan(bits) ? "none" : rounded(bits, 1) + " bits"; }

Verdict judge_reach(const Part& part, const Analysis& analysis) {
  const Margin& margin = part.margin;
  const std::string& contestant = analysis.contestants[margin.contestant];
  const std::string& baseline = analysis.contestants[0];
  int mine = 0, theirs = 0;
  for (const std::size_t place : margin.rungs) {
    const Rung& rung = analysis.rungs[place];
    const auto solved = [&](std::size_t which) {
      const Cell& cell = rung.cells[which];
      return wilson(cell.solved(), static_cast<int>(cell.runs.size()));
    };
    mine += solved(margin.contestant).low > solved(0).high;
    theirs += solved(margin.contestant).high < solved(0).low;
  }
  std::string verdict = "no difference shown";
  if (margin.seeds < least_pairs) verdict = few(margin);
  else if (mine > 0 && theirs > 0) verdict = "both ways";
  else if (mine > 0) verdict = "holds";
  else if (theirs > 0) verdict = "does not hold: the other way round";
  std::string evidence = "solved by more seeds: " + contestant + " at " + std::to_string(mine) + ", " +
                         baseline + " at " + std::to_string(theirs) + " of " +
                         plural(margin.rungs.size(), "rung");
  if (analysis.has_ladder)
    evidence += "; highest rung of most seeds: " + contestant + " " +
                highest(margin.highest_by_most) + ", " + baseline + " " +
                highest(part.baseline.highest_by_most);
  return {Claim::reach, words_of(Claim::reach, contestant, baseline), part.where, verdict, evidence};
}

// "0.07 … 0.12", or the one value.
std::string range(const Values& values) {
  const std::string low = rounded(quantile(values, 0), 2), high = rounded(quantile(values, 1), 2);
  return values.empty() ? "-" : low == high ? low : low + " … " + high;
}

}  // namespace

Verdicts judge_sweep(const std::string& name, const Analysis& analysis) {
  Verdicts verdicts;
  for (const Part& part : parts(name, analysis)) {
    verdicts.push_back(judge_accuracy(part, analysis));
    if (analysis.has_ladder) verdicts.push_back(judge_trend(part));
    verdicts.push_back(judge_reach(part, analysis));
  }
  return verdicts;
}

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

Verdicts judge_geometry(const std::string& name, const Table& geometry) {
  struct Models {
    int all = 0, orthogonal = 0, both_signs = 0;
    Values suppressed, antiparallel;
  };
  std::map<std::string, Models> by_contestant;
  const Names names = contestants(geometry);
  for (std::size_t row = 0; row < geometry.rows(); ++row) {
    if (geometry.at(row, "head") != "all") continue;
    if (geometry.at(row, "checkpoint").ends_with(geometry::initial_suffix)) continue;
    Models& models = by_contestant[names[row]];
    ++models.all;
    models.orthogonal += geometry.at(row, "by_orthogonality") == "1";
    models.both_signs += geometry.at(row, "by_both_signs") == "1";
    if (const auto cosine = parse_real(geometry.at(row, "abs_cosine_suppressed")))
      models.suppressed.push_back(*cosine);
    if (const auto share = parse_real(geometry.at(row, "antiparallel_share")))
      models.antiparallel.push_back(*share);
  }
  Verdicts verdicts;
  for (const auto& [contestant, models] : by_contestant) {
    const std::string both = std::to_string(models.orthogonal) + " and " +
                             std::to_string(models.both_signs) + " of " +
                             plural(static_cast<std::size_t>(models.all), "layer");
    verdicts.push_back({Claim::geometry, words_of(Claim::geometry, contestant, ""),
                        name + ", " + contestant,
                        "suppress by orthogonality, match by both signs: " + both,
                        "mean |cos| of suppressed pairs " + range(models.suppressed) +
                            ", attention to cos < −0.5 " + range(models.antiparallel)});
  }
  return verdicts;
}

Verdicts judge(const std::filesystem::path& directory) {
  const std::string name = last_name(directory);
  Verdicts verdicts;
  bool any = false;
  const auto add = [&](const char* file, auto verdicts_of) {
    if (!std::filesystem::exists(directory / file)) return;
    any = true;
    const Verdicts more = verdicts_of(Table::read(directory / file));
    verdicts.insert(verdicts.end(), more.begin(), more.end());
  };
  add("runs.csv", [&](const Table& runs) { return judge_sweep(name, analyse(lab::with_words_for_flags(runs))); });
  add("bench.csv", [&](const Table& bench) { return judge_cost(name, bench); });
  add("geometry.csv", [&](const Table& geometry) { return judge_geometry(name, geometry); });
  if (!any)
    throw failure(directory.string() + ": no runs.csv, bench.csv or geometry.csv to judge by");
  return verdicts;
}

std::string verdict_table(const Verdicts& verdicts) {
  Verdicts sorted = verdicts;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Verdict& a, const Verdict& b) { return a.claim < b.claim; });
  std::string text = "| claim | in | verdict | evidence |\n|---|---|---|---|\n";
  const std::string* last = nullptr;
  for (const Verdict& v : sorted) {
    const std::string claim = last && *last == v.words ? "" : v.words;
    text += "|";
    for (const std::string& cell : {claim, v.where, v.verdict, v.evidence})
      text.append(" ").append(join(split(cell, '|'), "\\|")).append(" |");
    text += "\n";
    last = &v.words;
  }
  return text;
}

}  // namespace ladder::report
