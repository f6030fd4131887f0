#include "report/verdict.h"

#include <algorithm>
#include <cmath>

#include "ladder/base/error.h"
#include "ladder/base/text.h"
#include "report/other_pages.h"
#include "report/report_parts.h"
#include "statistics/judge.h"

namespace ladder::report {

std::string words_of(Claim claim, const std::string& contestant, const std::string& baseline) {
  switch (claim) {
    case Claim::accuracy: return contestant + " is at least as accurate as " + baseline;
    case Claim::trend: return "the margin grows with complexity";
    case Claim::reach: return contestant + " solves rungs that " + baseline + " does not";
    case Claim::time: return contestant + " solves sooner than " + baseline;
    case Claim::cost: return "at no additional cost";
    case Claim::geometry: return "the geometry of matching is reorganised";
  }
  throw failure("no such claim");
}

std::string note_of(Claim claim) {
  switch (claim) {
    case Claim::accuracy:
      return "“For a series of autoregressive prediction tasks, we find that expressive attention performs "
             "at least as well as vanilla DPA.” Judged over the rungs of each sweep, at its budget of steps and its "
             "recipe; “over these rungs” where the interval with rungs as units, as if others had been drawn, "
             "does not show the same; a difference below " + to_text(smallest_difference) + " does not count.";
    case Claim::trend:
      return "“Increasing task complexity, EA is observed to outperform DPA with increasing margins, which "
             "also holds for multi-task settings.” Judged over the rungs of each sweep that can show a difference; a "
             "correlation below " + to_text(smallest_correlation) + " does not count.";
    case Claim::reach:
      return "“For a given model size, EA manages to achieve 100% performance for a range of complexity "
             "levels not accessible to DPA.” A budget of steps does not test that alone: what is not solved "
             "within it may be accessible all the same, with more steps or at another recipe.";
    case Claim::time:
      return "No claim of the paper: what accuracy at a budget of steps is often made of. Judged over the rungs of "
             "each sweep that either solves; a ratio within a factor of " + to_text(smallest_ratio) + " does not count.";
    case Claim::cost:
      return "“EA can be introduced into any attention-based code without additional compute costs or memory "
             "requirements.” Judged for this program, not for any code.";
    case Claim::geometry:
      return "“Our results show that it is possible to reorganize the geometry of the matching condition in "
             "the space of attention heads without loss of performance.” The loss of performance is judged "
             "above, as accuracy.";
  }
  throw failure("no such claim");
}

namespace {

using Names = std::vector<std::string>;

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

// What a claim's verdict is, in this order: more, less, alike, not less; the others are the same for all.
std::string verdict_of(Call call, const Margin& margin, const Names& words) {
  switch (call) {
    case Call::more: return words[0];
    case Call::less: return words[1];
    case Call::alike: return words[2];
    case Call::not_less: return words[3];
    case Call::not_shown: return "no difference shown";
    case Call::both_ways: return "both ways";
    case Call::nothing_learned: return "nothing learned";
    case Call::none_solved: return "neither solves any rung";
    case Call::too_few_rungs: return "too few telling rungs";
    case Call::too_few_seeds:
      return "too few seeds (" + std::to_string(margin.seeds) + ", " + std::to_string(least_pairs) + " needed)";
  }
  throw failure("no such call");
}

// "+0.41 [+0.39, +0.44]", without what is not defined.
std::string estimate(double value, const Interval& interval, int decimals) {
  if (std::isnan(value)) return "not defined";
  const std::string bounds = signed_bracket(interval, decimals);
  return signed_rounded(value, decimals).append(bounds.empty() ? "" : " ").append(bounds);
}

// A verdict, its estimate in short, and what else is said.
struct Judged {
  Claim claim;
  std::string verdict, estimate, more;
};

Judged accuracy(const Part& part, const Analysis& analysis) {
  const Margin& margin = part.margin;
  const RungCounts count = count_rungs(analysis, margin);
  std::string more = "p " + p_text(margin.p_joint) + ", " + plural(margin.compared.size(), "rung") + " × " +
                     plural(static_cast<std::size_t>(margin.seeds), "seed");
  if (const std::string other = signed_bracket(margin.rung_interval); !other.empty())
    more += "; with rungs as units " + other;
  more += "; better at " + std::to_string(count.better) + ", worse at " + std::to_string(count.worse) +
          ", both solved at " + std::to_string(count.both_solved);
  const std::string where = holds_beyond_these_rungs(margin) ? ": " : " over these rungs: ";
  return {Claim::accuracy,
          verdict_of(judge_accuracy(margin), margin,
                     {"holds" + where + "more accurate", "does not hold" + where + "less accurate",
                      "holds" + where + "as accurate", "holds" + where + "not less accurate"}),
          difference_name(analysis, margin.contestant) + " = " + estimate(margin.difference, margin.interval, 3),
          more};
}

Judged trend(const Part& part) {
  const Margin& margin = part.margin;
  const Call call = judge_trend(margin);
  return {Claim::trend,
          call == Call::not_shown
              ? "no trend shown"
              : verdict_of(call, margin, {"holds on telling rungs", "does not hold: shrinks", "", ""}),
          "rank correlation " + estimate(margin.telling_trend.value, margin.telling_trend.interval, 2),
          "over " + plural(static_cast<std::size_t>(margin.telling_rungs), "telling rung") + "; " +
              estimate(margin.trend.value, margin.trend.interval, 2) + " over all"};
}

std::string highest(double bits) { return std::isnan(bits) ? "none" : rounded(bits, 1) + " bits"; }

Judged reach(const Part& part, const Analysis& analysis) {
  const Margin& margin = part.margin;
  const std::string &contestant = analysis.contestants[margin.contestant], &baseline = analysis.contestants[0];
  const Reach reach = judge_reach(analysis, margin);
  std::string more;
  if (analysis.has_ladder)
    more = "highest rung of most seeds: " + contestant + " " + highest(margin.highest_by_most) + ", " +
           baseline + " " + highest(part.baseline.highest_by_most);
  return {Claim::reach,
          verdict_of(reach.call, margin, {"holds within these steps", "does not hold: the other way round", "", ""}),
          "solved by more seeds: " + contestant + " at " + std::to_string(reach.more) + ", " + baseline + " at " +
              std::to_string(reach.less) + " of " + plural(margin.rungs.size(), "rung"),
          more};
}

Judged time(const Part& part, const Analysis& analysis) {
  const Margin& margin = part.margin;
  const RungCounts count = count_rungs(analysis, margin);
  const std::string interval = bracket(margin.ratio_interval, 2);
  std::string estimate = "steps " + analysis.contestants[margin.contestant] + " / " + analysis.contestants[0];
  estimate += std::isnan(margin.ratio) ? " not defined" : " = " + rounded(margin.ratio, 2);
  return {Claim::time,
          verdict_of(judge_time(margin), margin, {"sooner", "later", "as soon", ""}),
          estimate + (interval.empty() ? "" : " " + interval),
          "over " + plural(static_cast<std::size_t>(margin.timed_rungs), "rung") +
              " that either solves, unsolved runs at their budget; sooner at " + std::to_string(count.sooner) +
              ", later at " + std::to_string(count.later)};
}

std::vector<Judged> judged(const Part& part, const Analysis& analysis) {
  std::vector<Judged> all{accuracy(part, analysis)};
  if (analysis.has_ladder) all.push_back(trend(part));
  all.push_back(reach(part, analysis));
  all.push_back(time(part, analysis));
  return all;
}

int failed_runs(const Part& part, const Analysis& analysis) {
  int failed = 0;
  for (const std::size_t rung : part.margin.rungs)
    for (const std::size_t contestant : {std::size_t{0}, part.margin.contestant})
      failed += analysis.rungs[rung].cells[contestant].failed;
  return failed;
}

}  // namespace

Verdicts judge_sweep(const std::string& name, const Analysis& analysis) {
  Verdicts verdicts;
  const Analysis without = analysis.failed > 0 ? without_failed(analysis) : Analysis();
  const std::vector<Part> all = parts(name, analysis), all_without = parts(name, without);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::vector<Judged> found = judged(all[i], analysis);
    const int failed = failed_runs(all[i], analysis);
    const std::vector<Judged> other = failed > 0 ? judged(all_without[i], without) : found;
    for (std::size_t j = 0; j < found.size(); ++j) {
      std::string evidence = found[j].estimate + (found[j].more.empty() ? "" : "; " + found[j].more);
      if (failed > 0)
        evidence += "; without the " + plural(static_cast<std::size_t>(failed), "failed run") + ": " +
                    other[j].verdict + ", " + other[j].estimate;
      verdicts.push_back({found[j].claim,
                          words_of(found[j].claim, analysis.contestants[all[i].margin.contestant],
                                   analysis.contestants[0]),
                          all[i].where, found[j].verdict, evidence});
    }
  }
  return verdicts;
}

Verdicts judge(const std::filesystem::path& directory, const std::string& name) {
  const Results results = results_of(directory);
  if (results == Results::none)
    throw failure(directory.string() + ": no runs.csv, climb.csv, bench.csv or geometry.csv to judge by");
  Verdicts verdicts;
  const auto add = [&](const char* file, auto verdicts_of) {
    if (!std::filesystem::exists(directory / file)) return;
    const Verdicts more = verdicts_of(Table::read(directory / file));
    verdicts.insert(verdicts.end(), more.begin(), more.end());
  };
  if (results == Results::climb) verdicts = judge_climb(name, directory);
  if (results == Results::sweep) verdicts = judge_sweep(name, analyse(read_sweeps({directory}).runs));
  add("bench.csv", [&](const Table& bench) { return judge_cost(name, bench); });
  add("geometry.csv", [&](const Table& geometry) { return judge_geometry(name, geometry); });
  return verdicts;
}

std::string verdict_table(const Verdicts& verdicts) {
  Verdicts sorted = verdicts;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Verdict& a, const Verdict& b) { return a.claim < b.claim; });
  std::string text = "| claim | in | verdict | evidence |\n|---|---|---|---|\n", notes;
  const Verdict* last = nullptr;
  for (const Verdict& v : sorted) {
    const std::string claim = last && last->words == v.words ? "" : v.words;
    text += "|";
    for (const std::string& cell : {claim, v.where, v.verdict, v.evidence})
      text.append(" ").append(join(split(cell, '|'), "\\|")).append(" |");
    text += "\n";
    if (!last || last->claim != v.claim) notes += "- " + v.words + ": " + note_of(v.claim) + "\n";
    last = &v;
  }
  return text + "\nIn the paper's words:\n\n" + notes;
}

}  // namespace ladder::report
