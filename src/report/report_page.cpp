// The report as one HTML page that needs nothing else. It is well-formed XML too.
#include <algorithm>

#include "ladder/base/text.h"
#include "plot/svg.h"
#include "report/report_parts.h"

namespace ladder::report {

using namespace plot;

namespace {

using Names = std::vector<std::string>;

constexpr const char* head = R"(<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<style>
body { max-width: 66rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff;
  font: 15px/1.5 Helvetica, Arial, sans-serif; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
figure { margin: 1.6rem 0; break-inside: avoid; }
figure svg { max-width: 100%; height: auto; display: block; margin: 0 auto; }
figcaption, .note { font-size: 0.87rem; color: #444; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.76rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.14rem 0.42rem; text-align: right; white-space: nowrap; }
th { border-bottom: 1px solid #222; vertical-align: bottom; }
tr { break-inside: avoid; } tbody tr:nth-child(even) { background: #f4f4f4; }
@media print { body { max-width: none; margin: 0; font-size: 10pt; } .wide { overflow: visible; }
  table { font-size: 7pt; } th, td { padding: 1pt 3pt; } }
</style>
)";

std::string element(const char* name, const std::string& content) {
  return join({"<", name, ">", content, "</", name, ">"}, "");
}

std::string paragraph(const std::string& text) { return element("p", escape_xml(text)) + "\n"; }

std::string table_row(const char* cell, const Names& texts) {
  std::string cells;
  for (const std::string& text : texts) cells += element(cell, escape_xml(text));
  return element("tr", cells) + "\n";
}

std::string html_table(const Names& heading, const std::vector<Names>& rows) {
  std::string body;
  for (const Names& row : rows) body += table_row("td", row);
  return "<div class=\"wide\"><table>\n" + element("thead", table_row("th", heading)) + "\n" +
         element("tbody", body) + "\n</table></div>\n";
}

std::string summary(const Analysis& analysis) {
  std::vector<Names> rows;
  for (const Rung& rung : analysis.rungs)
    for (std::size_t score = 0; score < analysis.scores.size(); ++score) {
      const Cell& cell = rung.cells[score];
      const Values values = cell.accuracies();
      const int n = static_cast<int>(values.size());
      rows.push_back(followed_by(
          rung.values,
          {rounded(rung.complexity_bits, 1), rounded(rung.chance), analysis.scores[score],
           std::to_string(n), rounded(mean(values)), bracket(bootstrap_mean(values)),
           rounded(interquartile_mean(values)), rounded(quantile(values, 0)),
           rounded(quantile(values, 1)), std::to_string(cell.solved()) + "/" + std::to_string(n),
           bracket(wilson(cell.solved(), n), 2), median_steps(cell), std::to_string(cell.failed)}));
    }
  return html_table(followed_by(analysis.rung_keys,
                                {"bits", "chance", "contestant", "seeds", "mean accuracy", "95 %", "IQM",
                                 "min", "max", "solved", "95 %", "median steps", "failed"}),
                    rows);
}

std::string comparison(const Analysis& analysis) {
  std::vector<Names> rows;
  for (const Comparison& c : analysis.comparisons)
    rows.push_back(followed_by(
        analysis.rungs[c.rung].values,
        {rounded(analysis.rungs[c.rung].complexity_bits, 1), analysis.scores[c.score],
         std::to_string(c.pairs), signed_rounded(c.difference),
         signed_bracket(c.difference_interval), p_text(c.p), p_text(c.p_holm),
         rounded(c.improvement, 2), bracket(c.improvement_interval, 2), rounded(c.sooner, 2),
         bracket(c.sooner_interval, 2), c.verdict}));
  return html_table(
      followed_by(analysis.rung_keys,
                  {"bits", "contestant", "pairs", "difference", "95 %", "p", "p, Holm", "P(improved)",
                   "95 %", "P(sooner)", "95 %", "verdict"}),
      rows);
}

std::string climbs(const Analysis& analysis) {
  std::vector<Names> rows;
  for (const Climb& climb : analysis.climbs)
    rows.push_back(followed_by(
        climb.values.empty() ? Names(analysis.panel_keys.size(), "all") : climb.values,
        {analysis.scores[climb.score], std::to_string(climb.rungs.size()),
         climb.score ? std::to_string(climb.seeds) : "", signed_rounded(climb.margin),
         signed_bracket(climb.margin_interval), p_text(climb.margin_p),
         signed_rounded(climb.trend, 2), signed_bracket(climb.trend_interval, 2),
         signed_rounded(climb.telling_trend, 2), signed_bracket(climb.telling_trend_interval, 2),
         rounded(climb.highest_by_all, 1), rounded(climb.highest_by_most, 1)}));
  return html_table(followed_by(analysis.panel_keys,
                                {"contestant", "rungs", "seeds", "margin", "95 %", "p", "trend", "95 %",
                                 "telling trend", "95 %", "bits, all", "bits, most"}),
                    rows);
}

std::string marginals(const Analysis& analysis) {
  std::vector<Names> rows;
  for (const Marginal& marginal : analysis.marginals) {
    const Climb& climb = marginal.climb;
    const MarginalCount count = count_marginal(analysis, climb);
    Names row = {marginal.key, marginal.value, analysis.scores[climb.score],
                 std::to_string(climb.rungs.size()), std::to_string(count.failed),
                 rounded(count.mean_accuracy)};
    if (climb.score == 0) row.insert(row.end(), 6, "");
    else
      row = followed_by(row, {std::to_string(climb.compared.size()), std::to_string(climb.seeds),
                              signed_rounded(climb.margin), signed_bracket(climb.margin_interval),
                              std::to_string(count.better), std::to_string(count.worse)});
    rows.push_back(std::move(row));
  }
  return html_table({"setting", "value", "contestant", "rungs", "failed runs", "mean accuracy",
                     "compared rungs", "seeds", "margin", "95 %", "better", "worse"},
                    rows);
}

std::string score_settings(const Analysis& analysis) {
  std::vector<Names> rows;
  for (std::size_t score = 0; score < analysis.scores.size(); ++score)
    rows.push_back(followed_by({analysis.scores[score]}, analysis.score_values[score]));
  return paragraph("These settings differ between the scores. They are part of what is compared:") +
         html_table(followed_by({"contestant"}, analysis.score_keys), rows);
}

std::string shared_settings(const Table& runs) {
  Names shared;
  for (const std::string& column : runs.columns()) {
    if (column == first_result_column) break;
    if (column == "run" || column == "seed") continue;
    const std::string& value = runs.at(0, column);
    bool same = true;
    for (std::size_t row = 1; row < runs.rows(); ++row) same &= runs.at(row, column) == value;
    if (same && !value.empty()) shared.push_back(column + " " + value);
  }
  return join(shared, ", ");
}

std::string settings(const Analysis& analysis, const Table& runs) {
  std::string text = paragraph("All runs share: " + shared_settings(runs) + ".");
  if (!analysis.rung_keys.empty())
    text += paragraph("Rungs differ in: " + join(analysis.rung_keys, ", ") + "." +
                      (analysis.followers.empty() ? ""
                                                  : " Determined by these: " +
                                                        join(analysis.followers, ", ") + "."));
  return analysis.score_keys.empty() ? text : text + score_settings(analysis);
}

const char* const methods[] = {
    "A seed fixes the initial weights and the batches, for all contestants alike. Intervals of means "
    "are 95 % percentile bootstrap intervals (Efron 1979): seeds are resampled, never test "
    "tokens, 10000 times, from a fixed bootstrap seed. With few seeds they are somewhat too "
    "narrow; equal values give an interval without width, which is no certainty.",
    "IQM is the mean of the middle half. P(improved) is the probability that a run of the score "
    "is more accurate than one of the baseline, ties counting half, and P(sooner) that it is "
    "solved in fewer steps, unsolved runs being the latest of all (Agarwal et al. 2021).",
    "p is that of a two-sided sign-flip permutation test on the differences between paired seeds."
    " Holm's correction (1979) runs, for each score, over the rungs with at least 6 differences "
    "other than 0; with fewer, significance is out of reach whatever the signs (Tarone 1990). "
    "Better or worse: corrected p < 0.05 and an interval that excludes 0. No difference shown is "
    "not the same as no difference.",
    "The interval of solved runs is Wilson's (1927). Median steps: a run that was not solved "
    "counts as later than its budget; the median is then given as more than the budget.",
    "Margin is the mean difference over rungs, a seed being a unit if it has run all of them with "
    "both scores; rungs with failed runs are left out where that keeps more pairs. "
    "Trend is Spearman's rank correlation of the margin with complexity, its interval from "
    "resampling seeds over all rungs jointly: it speaks of these rungs. Telling rungs are those "
    "where not both are at the ceiling (99 % of the way from chance to 1) nor both at "
    "chance (5 %). Bits, all and most: the highest rung solved by all, or more than half, of the "
    "seeds."};

}  // namespace

std::string page(const Report& report, const Table& runs, const std::string& title) {
  const Analysis& analysis = report.analysis;
  std::string html = head;
  html += element("title", escape_xml(title)) + "\n</head>\n<body>\n";
  html += element("h1", escape_xml(title)) + "\n<h2>Findings</h2>\n<ul>\n";
  for (const std::string& finding : report.findings)
    html += element("li", escape_xml(finding)) + "\n";
  html += "</ul>\n<h2>Pictures</h2>\n";
  for (std::size_t i = 0; i < report.pictures.size(); ++i)
    html += "<figure>\n" + report.pictures[i].svg +
            element("figcaption",
                    escape_xml("Figure " + std::to_string(i + 1) + ". " +
                               report.pictures[i].caption + " (" + report.pictures[i].name +
                               ".svg)")) +
            "\n</figure>\n";
  if (analysis.scores.size() > 1)
    html += "<h2>Each rung against the baseline " + escape_xml(analysis.scores[0]) + "</h2>\n" +
            comparison(analysis) + "<h2>Over all rungs</h2>\n" + climbs(analysis);
  if (!analysis.marginals.empty())
    html += "<h2>By the value of one setting</h2>\n" + marginals(analysis);
  html += "<h2>Each score at each rung</h2>\n" + summary(analysis);
  html += "<h2>Settings</h2>\n" + settings(analysis, runs);
  html += "<h2>How it was worked out</h2>\n<div class=\"note\">\n";
  for (const char* method : methods) html += paragraph(method);
  return html + "</div>\n</body>\n</html>\n";
}

}  // namespace ladder::report
