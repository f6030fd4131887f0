// The numbers in words. A sentence claims what its interval shows, and nothing beyond.
#include <algorithm>
#include <cmath>

#include "ladder/base/text.h"
#include "report/report_parts.h"

namespace ladder::report {

namespace {

using Names = std::vector<std::string>;

// "dpa 3, ea 0"
std::string failures(const Analysis& analysis) {
  Names parts;
  for (std::size_t score = 0; score < analysis.scores.size(); ++score) {
    int failed = 0;
    for (const Rung& rung : analysis.rungs) failed += rung.cells[score].failed;
    parts.push_back(analysis.scores[score] + " " + std::to_string(failed));
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
  Names scores = analysis.scores;
  scores[0] += " (baseline)";
  std::string text = plural(static_cast<std::size_t>(analysis.runs), "run") + ": " +
                     plural(analysis.rungs.size(), "rung") + ", contestants " + join(scores, ", ") +
                     ", " + (fewest == most ? "" : std::to_string(fewest) + " to ") +
                     plural(most, "seed") + " each";
  if (analysis.failed > 0)
    text += "; " + plural(static_cast<std::size_t>(analysis.failed), "run") + " failed (" +
            failures(analysis) + "), left out of all numbers";
  if (analysis.repeated > 0)
    text += "; " + plural(static_cast<std::size_t>(analysis.repeated), "repeated run") +
            " of the same settings and seed, counted once";
  return text + ".";
}

std::string with_interval(double value, const Interval& interval) {
  return signed_rounded(value) + ", 95 % interval " + signed_rounded(interval.low) + " to " +
         signed_rounded(interval.high);
}

std::string panel_name(const Analysis& analysis, const Climb& climb) {
  Names parts;
  for (std::size_t i = 0; i < climb.values.size(); ++i)
    parts.push_back(analysis.panel_keys[i] + " " + climb.values[i]);
  return parts.empty() ? "" : "At " + join(parts, ", ") + ": ";
}

std::string compared_rungs(const Climb& climb) {
  const std::size_t left_out = climb.rungs.size() - climb.compared.size();
  return plural(climb.compared.size(), "rung") +
         (left_out == 0 ? "" : " (" + std::to_string(left_out) + " left out: failed or missing runs)");
}

std::string margin(const Analysis& analysis, const Climb& climb) {
  const std::string pair = analysis.scores[climb.score] + " − " + analysis.scores[0];
  if (climb.seeds == 0)
    return "No seed has run every rung with both " + analysis.scores[climb.score] + " and " +
           analysis.scores[0] + ": no margin over all rungs.";
  if (climb.seeds < least_pairs)
    return "The mean difference in accuracy " + pair + " over " +
           compared_rungs(climb) + " is " + signed_rounded(climb.margin) + ", from " +
           plural(static_cast<std::size_t>(climb.seeds), "seed") +
           ": significance cannot be claimed with fewer than " + std::to_string(least_pairs) +
           " paired seeds.";
  const std::string claim =
      climb.direction() == 0
          ? "no difference between " + analysis.scores[climb.score] + " and " +
                analysis.scores[0] + " is shown"
          : analysis.scores[climb.score] + " is " + (climb.direction() > 0 ? "more" : "less") +
                " accurate than " + analysis.scores[0];
  return "On the mean of " + compared_rungs(climb) + ", " + claim + ": " + pair + " = " +
         with_interval(climb.margin, climb.margin_interval) + ", sign-flip p " +
         (climb.margin_p < 0.001 ? "< 0.001" : "= " + p_text(climb.margin_p)) + ", " +
         plural(static_cast<std::size_t>(climb.seeds), "seed") + ".";
}

std::string verdicts(const Analysis& analysis, std::size_t score) {
  int better = 0, worse = 0, few = 0;
  const Comparison* largest = nullptr;
  for (const Comparison& c : analysis.comparisons) {
    if (c.score != score) continue;
    better += c.verdict == "better";
    worse += c.verdict == "worse";
    few += c.verdict == "too few seeds";
    if (c.pairs >= least_pairs &&
        (!largest || std::fabs(c.difference) > std::fabs(largest->difference)))
      largest = &c;
  }
  if (!largest) return "";  // said already: too few seeds
  std::string text = "Rung by rung, " + analysis.scores[score] + " is better at " +
                     std::to_string(better) + " and worse at " + std::to_string(worse) + " of " +
                     plural(analysis.rungs.size(), "rung") + " (Holm-corrected p < 0.05)";
  if (few > 0) text += ", with too few seeds at " + std::to_string(few);
  const std::string where = analysis.name(analysis.rungs[largest->rung]);
  return text + "; the largest difference is " +
         with_interval(largest->difference, largest->difference_interval) +
         (where.empty() ? "" : ", at " + where) + ".";
}

// So few seeds that Holm's correction cannot be passed even if every difference had the same sign.
std::string power(const Analysis& analysis, std::size_t score) {
  int tested = 0, pairs = 0;
  for (const Comparison& c : analysis.comparisons)
    if (c.score == score && !std::isnan(c.p_holm)) {
      ++tested;
      pairs = std::max(pairs, c.pairs);
    }
  if (tested == 0 || tested * std::ldexp(2.0, -pairs) < significance) return "";
  int needed = pairs;
  while (tested * std::ldexp(2.0, -needed) >= significance) ++needed;
  return "With " + plural(static_cast<std::size_t>(pairs), "seed") + " and " +
         plural(static_cast<std::size_t>(tested), "tested rung") +
         " no single rung can reach a corrected p < 0.05, whatever the outcome: that takes " +
         std::to_string(needed) + " seeds.";
}

std::string trend_word(const Interval& interval) {
  if (interval.above(0)) return "grows with complexity";
  if (interval.below(0)) return "shrinks with complexity";
  return "shows no trend with complexity";
}

std::string correlation(double value, const Interval& interval) {
  return "rank correlation " + signed_rounded(value, 2) +
         (std::isnan(interval.low) ? std::string(", no interval from one seed")
                                   : ", 95 % interval " + signed_rounded(interval.low, 2) + " to " +
                                         signed_rounded(interval.high, 2));
}

std::string trend(const Analysis& analysis, const Climb& climb) {
  if (std::isnan(climb.trend)) return "";
  const std::string pair = analysis.scores[climb.score] + " − " + analysis.scores[0];
  std::string text = panel_name(analysis, climb) + "the margin " + pair + " ";
  text += climb.seeds < least_pairs ? "has too few seeds for a claim on its trend"
                                    : trend_word(climb.trend_interval);
  text += " (" + correlation(climb.trend, climb.trend_interval) + ")";
  if (!std::isnan(climb.telling_trend) &&
      static_cast<std::size_t>(climb.telling_rungs) < climb.compared.size())
    text += "; on the " + std::to_string(climb.telling_rungs) +
            " rungs where not both are at the ceiling or at chance, " +
            correlation(climb.telling_trend, climb.telling_trend_interval);
  text += ".";
  if (text[0] == 't') text[0] = 'T';
  return text;
}

std::string highest(const Analysis& analysis, const Climb& climb) {
  const std::string& score = analysis.scores[climb.score];
  if (std::isnan(climb.highest_by_most)) return score + " none";
  for (const std::size_t place : climb.rungs) {
    const Rung& rung = analysis.rungs[place];
    const int n = static_cast<int>(rung.cells[climb.score].runs.size());
    const int solved = rung.cells[climb.score].solved();
    if (rung.complexity_bits != climb.highest_by_most || 2 * solved <= n) continue;
    return score + " " + rounded(rung.complexity_bits, 1) + " bits (" +
           analysis.name(rung, analysis.complexity_keys) + ": " + std::to_string(solved) + "/" +
           std::to_string(n) + ", 95 % interval " + bracket(wilson(solved, n), 2) + ")";
  }
  return score + " none";
}

// The climbs to be put in words: of all rungs, or of each panel where these are few.
std::vector<const Climb*> told(const Analysis& analysis) {
  std::vector<const Climb*> all, panels;
  for (const Climb& climb : analysis.climbs)
    (climb.values.empty() ? all : panels).push_back(&climb);
  return panels.empty() || panels.size() > 3 * analysis.scores.size() ? all : panels;
}

std::string highest_by_panel(const Analysis& analysis) {
  std::string text;
  const auto climbs = told(analysis);
  for (std::size_t i = 0; i < climbs.size(); ++i) {
    if (climbs[i]->score == 0)
      text += (i ? ". " : "") + panel_name(analysis, *climbs[i]) +
              (climbs[i]->values.empty() ? "Highest" : "highest") +
              " rung solved by most seeds: ";
    else text += "; ";
    text += highest(analysis, *climbs[i]);
  }
  return text + ".";
}

// "ea − dpa by optimizer: adam −0.01 [−0.03, +0.01], sgd +0.41 [+0.39, +0.44]."
std::string by_value(const Analysis& analysis, const std::string& key, std::size_t score) {
  Names parts;
  for (const Marginal& marginal : analysis.marginals) {
    const Climb& climb = marginal.climb;
    if (marginal.key != key || climb.score != score || climb.seeds < least_pairs) continue;
    parts.push_back(marginal.value + " " + signed_rounded(climb.margin, 2) + " " +
                    signed_bracket(climb.margin_interval, 2));
  }
  if (parts.empty()) return "";
  return analysis.scores[score] + " − " + analysis.scores[0] + " by " + key + ": " +
         join(parts, ", ") + ".";
}

void add(Names& findings, std::string sentence) {
  if (!sentence.empty()) findings.push_back(std::move(sentence));
}

std::string score_heading(const std::string& score) { return score + ", mean [95 %], solved"; }

std::string score_cell(const Cell& cell) {
  if (cell.runs.empty()) return "no runs";
  const Values values = cell.accuracies();
  const std::string solved =
      std::to_string(cell.solved()) + "/" + std::to_string(values.size());
  const std::string interval = bracket(bootstrap_mean(values), 2);
  return rounded(mean(values), 2) + " " + interval + (interval.empty() ? "" : " ") + solved;
}

std::string difference_cell(const Comparison& c) {
  if (c.pairs == 0) return "no pairs";
  std::string text = signed_rounded(c.difference, 2);
  if (const std::string interval = signed_bracket(c.difference_interval, 2); !interval.empty())
    text += " " + interval;
  return text + " p " + p_text(c.p) + (c.verdict == "better" || c.verdict == "worse" ? " *" : "");
}

}  // namespace

Names find(const Analysis& analysis) {
  Names findings{design(analysis)};
  for (const Climb& climb : analysis.climbs) {
    if (!climb.values.empty() || climb.score == 0) continue;
    add(findings, margin(analysis, climb));
    add(findings, verdicts(analysis, climb.score));
    add(findings, power(analysis, climb.score));
  }
  for (std::size_t score = 1; score < analysis.scores.size(); ++score)
    for (const std::string& key : analysis.panel_keys)
      add(findings, by_value(analysis, key, score));
  for (const Climb* climb : told(analysis))
    if (climb->score > 0) add(findings, trend(analysis, *climb));
  if (analysis.has_ladder) findings.push_back(highest_by_panel(analysis));
  return findings;
}

std::string headline(const Analysis& analysis, const Names& findings) {
  Names heading = analysis.rung_keys;
  if (analysis.has_ladder) heading.push_back("bits");
  heading.push_back("chance");
  const std::vector<bool> right(heading.size(), true);
  for (const std::string& score : analysis.scores) heading.push_back(score_heading(score));
  for (std::size_t score = 1; score < analysis.scores.size(); ++score)
    heading.push_back(analysis.scores[score] + " − " + analysis.scores[0]);
  std::vector<Names> rows{heading};
  for (std::size_t place = 0; place < analysis.rungs.size(); ++place) {
    const Rung& rung = analysis.rungs[place];
    Names row = rung.values;
    if (analysis.has_ladder) row.push_back(rounded(rung.complexity_bits, 1));
    row.push_back(rounded(rung.chance, 2));
    for (const Cell& cell : rung.cells) row.push_back(score_cell(cell));
    for (std::size_t score = 1; score < analysis.scores.size(); ++score)
      row.push_back(difference_cell(*analysis.comparison(place, score)));
    rows.push_back(std::move(row));
  }
  std::string text = aligned(rows, right) + "\n";
  if (analysis.scores.size() > 1)
    text += "p: sign flip, this rung alone; *: better or worse after Holm's correction.\n\n";
  for (const std::string& finding : findings) text += finding + "\n";
  return text;
}

}  // namespace ladder::report
