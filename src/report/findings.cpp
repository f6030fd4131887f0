// The numbers in words. A sentence claims what its interval shows, and nothing beyond.
#include <algorithm>
#include <cmath>

#include "base/terminal.h"
#include "ladder/base/text.h"
#include "report/report_parts.h"
#include "statistics/judge.h"

namespace ladder::report {

namespace {

using Names = std::vector<std::string>;

// "dpa 3, ea 0"
std::string failures(const Analysis& analysis) {
  Names parts;
  for (std::size_t contestant = 0; contestant < analysis.contestants.size(); ++contestant) {
    int failed = 0;
    for (const Rung& rung : analysis.rungs) failed += rung.cells[contestant].failed;
    parts.push_back(analysis.contestants[contestant] + " " + std::to_string(failed));
  }
  return join(parts, ", ");
}

std::string design(const Analysis& analysis) {
  std::size_t fewest = SIZE_MAX, most = 0;
  for (const Rung& rung : analysis.rungs)
    for (const Cell& cell : rung.cells) {
      fewest = std::min(fewest, cell.runs.size());
      most = std::max(most, cell.runs.size());
    }
  Names contestants = analysis.contestants;
  contestants[0] += " (baseline)";
  std::string text = plural(static_cast<std::size_t>(analysis.runs), "run") + ": " +
                     plural(analysis.rungs.size(), "rung") + ", contestants " +
                     join(contestants, ", ") +
                     ", " + (fewest == most ? "" : std::to_string(fewest) + " to ") +
                     plural(most, "seed") + " each";
  if (analysis.failed > 0)
    text += "; " + plural(static_cast<std::size_t>(analysis.failed), "run") + " failed (" +
            failures(analysis) + "), counted as unsolved, at chance where their accuracy is not known";
  if (analysis.repeated > 0)
    text += "; " + plural(static_cast<std::size_t>(analysis.repeated), "repeated run") +
            " of the same settings and seed, counted once";
  return text + ".";
}

std::string with_interval(double value, const Interval& interval) {
  return signed_rounded(value) + ", 95 % interval " + signed_rounded(interval.low) + " to " +
         signed_rounded(interval.high);
}

std::string ladder_name(const Analysis& analysis, const Margin& margin) {
  Names parts;
  for (std::size_t i = 0; i < margin.ladder.size(); ++i)
    parts.push_back(analysis.ladder_keys[i] + " " + margin.ladder[i]);
  return parts.empty() ? "" : "At " + join(parts, ", ") + ": ";
}

std::string compared_rungs(const Margin& margin) {
  const std::size_t left_out = margin.rungs.size() - margin.compared.size();
  return plural(margin.compared.size(), "rung") +
         (left_out == 0 ? "" : " (" + std::to_string(left_out) + " left out: missing runs)");
}

std::string over_all(const Analysis& analysis, const Margin& margin) {
  const std::string pair = difference_name(analysis, margin.contestant);
  const std::string &contestant = analysis.contestants[margin.contestant],
                    &baseline = analysis.contestants[0];
  if (margin.seeds == 0)
    return "No seed has run every rung with both " + contestant + " and " + baseline +
           ": no margin over all rungs.";
  if (margin.seeds < least_pairs)
    return "The mean difference in accuracy " + pair + " over " +
           compared_rungs(margin) + " is " + signed_rounded(margin.difference) + ", from " +
           plural(static_cast<std::size_t>(margin.seeds), "seed") +
           ": significance cannot be claimed with fewer than " + std::to_string(least_pairs) +
           " paired seeds.";
  std::string claim;
  switch (judge_accuracy(margin)) {
    case Call::more: claim = contestant + " is more accurate than " + baseline; break;
    case Call::less: claim = contestant + " is less accurate than " + baseline; break;
    case Call::alike: claim = contestant + " is as accurate as " + baseline; break;
    case Call::not_less: claim = contestant + " is not less accurate than " + baseline; break;
    case Call::nothing_learned:
      return "Nothing learned: at none of " + compared_rungs(margin) + " is " + contestant + " or " + baseline +
             " above chance (5 % of the way to the best possible); " + pair + " = " +
             signed_rounded(margin.difference) + " is no claim.";
    default: claim = "no difference between " + contestant + " and " + baseline + " is shown";
  }
  std::string text = "Over these " + compared_rungs(margin) + ", " + claim + " (effects below " +
                     to_text(smallest_difference) + " do not count): " + pair + " = " +
                     with_interval(margin.difference, margin.interval) + ", sign-flip p " +
                     (margin.p_joint < 0.001 ? "< 0.001" : "= " + p_text(margin.p_joint)) + ", " +
                     plural(static_cast<std::size_t>(margin.seeds), "seed");
  if (const std::string other = signed_bracket(margin.rung_interval); !other.empty())
    text += std::string("; with the rungs as units, as if others of their kind had been drawn, the interval is ") + other +
            (judge_accuracy(margin) == Call::not_shown || holds_beyond_these_rungs(margin)
                 ? ""
                 : ": of others nothing is shown");
  return text + ".";
}

std::string in_time(const Analysis& analysis, const Margin& margin) {
  const std::string &contestant = analysis.contestants[margin.contestant], &baseline = analysis.contestants[0];
  if (std::isnan(margin.ratio)) return "";
  std::string claim;
  switch (judge_time(margin)) {
    case Call::more: claim = contestant + " solves sooner"; break;
    case Call::less: claim = contestant + " solves later"; break;
    case Call::alike: claim = contestant + " solves as soon"; break;
    case Call::too_few_seeds: claim = "too few seeds for a claim on time"; break;
    default: claim = "no difference in time is shown";
  }
  const std::string interval = bracket(margin.ratio_interval, 2);
  return "Over the " + plural(static_cast<std::size_t>(margin.timed_rungs), "rung") +
         " that either solves, " + claim + ": mean steps to solve, " + contestant + " / " + baseline + ", unsolved "
         "runs at their budget, = " + rounded(margin.ratio, 2) +
         (interval.empty() ? "" : ", 95 % interval " + interval) + ".";
}

std::string verdicts(const Analysis& analysis, const Margin& margin) {
  const std::size_t contestant = margin.contestant;
  const Comparison* largest = nullptr;
  for (const Comparison& c : analysis.comparisons)
    if (c.contestant == contestant && c.pairs >= least_pairs &&
        (!largest || std::fabs(c.difference) > std::fabs(largest->difference)))
      largest = &c;
  if (!largest) return "";  // said already: too few seeds
  const RungCounts count = count_rungs(analysis, margin);
  std::string text = "Rung by rung, " + analysis.contestants[contestant] + " is better at " +
                     std::to_string(count.better) + " and worse at " + std::to_string(count.worse) + ", sooner at " +
                     std::to_string(count.sooner) + " and later at " + std::to_string(count.later) + " of " +
                     plural(margin.rungs.size(), "rung") + " (Holm-corrected p < 0.05)";
  const auto add = [&](int rungs, const std::string& what) {
    if (rungs > 0) text += ", " + what + " at " + std::to_string(rungs);
  };
  add(count.both_solved, "both solved");
  add(count.nothing_learned, "nothing learned");
  add(count.too_few, "too few seeds");
  const std::string where = analysis.name(analysis.rungs[largest->rung]);
  return text + "; the largest difference in accuracy is " +
         with_interval(largest->difference, largest->difference_interval) +
         (where.empty() ? "" : ", at " + where) + ".";
}

// What leaving out the failed runs would do.
std::string sensitivity(const Analysis& analysis, const Margin& margin, const Analysis& without) {
  for (const Margin& other : without.margins) {
    if (other.contestant != margin.contestant || !other.ladder.empty()) continue;
    if (other.seeds < least_pairs || margin.seeds < least_pairs) return "";
    const bool same = judge_accuracy(other) == judge_accuracy(margin) && judge_time(other) == judge_time(margin);
    return std::string("Without the failed runs the verdicts on accuracy and time are ") +
           (same ? "the same: " : "not the same: ") + difference_name(analysis, margin.contestant) + " = " +
           with_interval(other.difference, other.interval) +
           (std::isnan(other.ratio) ? "" : ", ratio of steps " + rounded(other.ratio, 2) + " " +
                                               bracket(other.ratio_interval, 2)) +
           ", " + plural(static_cast<std::size_t>(other.seeds), "seed") + ", " +
           plural(other.compared.size(), "rung") + ".";
  }
  return "";
}

// So few seeds that Holm's correction cannot be passed even if every difference had the same sign.
std::string power(const Analysis& analysis, std::size_t contestant) {
  int pairs = 0;
  for (const Comparison& c : analysis.comparisons) {
    if (c.contestant != contestant) continue;
    if (!std::isnan(c.p_holm) || !std::isnan(c.time_p_holm)) return "";
    pairs = std::max(pairs, c.pairs);
  }
  const int rungs = analysis.families[contestant].possible;
  if (rungs == 0) return "";
  int needed = pairs;
  while (rungs * std::ldexp(2.0, -needed) >= significance) ++needed;
  return "With " + plural(static_cast<std::size_t>(pairs), "seed") + " and " +
         plural(static_cast<std::size_t>(rungs), "tested rung") +
         " no single rung can reach a corrected p < 0.05, whatever the outcome: that takes " +
         std::to_string(needed) + " seeds.";
}

std::string correlation(double value, const Interval& interval) {
  return "rank correlation " + signed_rounded(value, 2) +
         (std::isnan(interval.low) ? std::string(", too few seeds for an interval")
                                   : ", 95 % interval " + signed_rounded(interval.low, 2) + " to " +
                                         signed_rounded(interval.high, 2));
}

std::string trend(const Analysis& analysis, const Margin& margin) {
  if (std::isnan(margin.trend.value)) return "";
  std::string text = ladder_name(analysis, margin) + "the margin " + difference_name(analysis, margin.contestant) + " ";
  switch (judge_trend(margin)) {
    case Call::more: text += "grows with complexity"; break;
    case Call::less: text += "shrinks with complexity"; break;
    case Call::too_few_seeds: text += "has too few seeds for a claim on its trend"; break;
    case Call::too_few_rungs: text += "has too few telling rungs for a claim on its trend"; break;
    case Call::nothing_learned: text += "is that of untrained models: no claim on its trend"; break;
    default: text += "shows no trend with complexity";
  }
  text += ", judged by the " + plural(static_cast<std::size_t>(margin.telling_rungs), "rung") +
          " where not both are at the ceiling or at chance";
  if (!std::isnan(margin.telling_trend.value))
    text += " (" + correlation(margin.telling_trend.value, margin.telling_trend.interval) + ")";
  text += "; over all " + correlation(margin.trend.value, margin.trend.interval) + ".";
  if (text[0] == 't') text[0] = 'T';
  return text;
}

std::string highest(const Analysis& analysis, const Margin& margin) {
  const std::string& contestant = analysis.contestants[margin.contestant];
  const bool ran = std::any_of(margin.rungs.begin(), margin.rungs.end(), [&](std::size_t place) {
    return !analysis.rungs[place].cells[margin.contestant].runs.empty();
  });
  if (!ran) return contestant + " has no runs there";
  if (std::isnan(margin.highest_by_most)) return contestant + " none";
  for (const std::size_t place : margin.rungs) {
    const Rung& rung = analysis.rungs[place];
    const int n = static_cast<int>(rung.cells[margin.contestant].runs.size());
    const int solved = rung.cells[margin.contestant].solved();
    if (rung.complexity_bits != margin.highest_by_most || 2 * solved <= n) continue;
    return contestant + " " + rounded(rung.complexity_bits, 1) + " bits (" +
           analysis.name(rung, analysis.complexity_keys) + ": " + std::to_string(solved) + "/" +
           std::to_string(n) + ", 95 % interval " + bracket(wilson(solved, n), 2) + ")";
  }
  return contestant + " none";
}

// The margins to be put in words: of all rungs, or of each ladder where these are few.
std::vector<const Margin*> told(const Analysis& analysis) {
  std::vector<const Margin*> all, ladders;
  for (const Margin& margin : analysis.margins)
    (margin.ladder.empty() ? all : ladders).push_back(&margin);
  return ladders.empty() || ladders.size() > 3 * analysis.contestants.size() ? all : ladders;
}

std::string highest_by_ladder(const Analysis& analysis) {
  std::string text;
  const auto margins = told(analysis);
  for (std::size_t i = 0; i < margins.size(); ++i) {
    if (margins[i]->contestant == 0)
      text += (i ? ". " : "") + ladder_name(analysis, *margins[i]) +
              (margins[i]->ladder.empty() ? "Highest" : "highest") +
              " rung solved by most seeds: ";
    else text += "; ";
    text += highest(analysis, *margins[i]);
  }
  return text + ".";
}

// "ea − dpa by optimizer: adam −0.01 [−0.03, +0.01], sgd +0.41 [+0.39, +0.44]."
std::string by_value(const Analysis& analysis, const std::string& key, std::size_t contestant) {
  Names parts;
  for (const Marginal& marginal : analysis.marginals) {
    const Margin& margin = marginal.margin;
    if (marginal.key != key || margin.contestant != contestant || margin.seeds < least_pairs) continue;
    parts.push_back(value_text(marginal.value) + " " + signed_rounded(margin.difference, 2) + " " +
                    signed_bracket(margin.interval, 2));
  }
  if (parts.empty()) return "";
  return difference_name(analysis, contestant) + " by " + key + ": " +
         join(parts, ", ") + ".";
}

void add(Names& findings, std::string sentence) {
  if (!sentence.empty()) findings.push_back(std::move(sentence));
}

std::string accuracy_cell(const Cell& cell) {
  if (cell.runs.empty()) return "no runs";
  const Values values = cell.accuracies();
  const std::string solved =
      std::to_string(cell.solved()) + "/" + std::to_string(values.size());
  const std::string interval = bracket(mean_interval(values), 2);
  return rounded(mean(values), 2) + " " + interval + (interval.empty() ? "" : " ") + solved;
}

std::string difference_cell(const Comparison& c) {
  if (c.pairs == 0) return "no pairs";
  std::string text = signed_rounded(c.difference, 2);
  if (const std::string interval = signed_bracket(c.difference_interval, 2); !interval.empty())
    text += " " + interval;
  return text + " p " + p_text(c.p) + (c.shown() ? " *" : "");
}

}  // namespace

Names find(const Analysis& analysis) {
  Names findings{design(analysis)};
  const Analysis without = analysis.failed > 0 ? without_failed(analysis) : Analysis();
  for (const Margin& margin : analysis.margins) {
    if (!margin.ladder.empty() || margin.contestant == 0) continue;
    add(findings, over_all(analysis, margin));
    add(findings, in_time(analysis, margin));
    add(findings, verdicts(analysis, margin));
    add(findings, sensitivity(analysis, margin, without));
    add(findings, power(analysis, margin.contestant));
  }
  for (std::size_t contestant = 1; contestant < analysis.contestants.size(); ++contestant)
    for (const std::string& key : analysis.ladder_keys)
      add(findings, by_value(analysis, key, contestant));
  for (const Margin* margin : told(analysis))
    if (margin->contestant > 0) add(findings, trend(analysis, *margin));
  if (analysis.has_ladder) findings.push_back(highest_by_ladder(analysis));
  return findings;
}

std::string headline(const Analysis& analysis, const Names& findings, std::size_t width) {
  Names heading = analysis.rung_keys;
  if (analysis.has_ladder) heading.push_back("bits");
  heading.push_back("chance");
  const std::vector<bool> right(heading.size(), true);
  for (const std::string& contestant : analysis.contestants)
    heading.push_back(contestant + ", mean [95 %], solved");
  for (std::size_t contestant = 1; contestant < analysis.contestants.size(); ++contestant)
    heading.push_back(difference_name(analysis, contestant));
  std::vector<Names> rows{heading};
  for (std::size_t place = 0; place < analysis.rungs.size(); ++place) {
    const Rung& rung = analysis.rungs[place];
    Names row = rung.values;
    if (analysis.has_ladder) row.push_back(rounded(rung.complexity_bits, 1));
    row.push_back(rounded(rung.chance, 2));
    for (const Cell& cell : rung.cells) row.push_back(accuracy_cell(cell));
    for (std::size_t contestant = 1; contestant < analysis.contestants.size(); ++contestant)
      row.push_back(difference_cell(*analysis.comparison(place, contestant)));
    rows.push_back(std::move(row));
  }
  const auto as_wide = [&](const std::string& line) { return width > 0 ? wrapped(line, width, 0) : line; };
  std::string text = folded(rows, right, right.size(), width) + "\n";
  if (analysis.contestants.size() > 1)
    text += as_wide("p: sign flip, this rung alone; *: better or worse after Holm's correction, by 0.01 at least.") + "\n\n";
  for (const std::string& finding : findings) text += as_wide(finding) + "\n";
  return text;
}

}  // namespace ladder::report
