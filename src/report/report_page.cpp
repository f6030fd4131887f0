// The report as one HTML page that needs nothing else. It is well-formed XML too.
#include <algorithm>

#include "ladder/base/text.h"
#include "plot/svg.h"
#include "report/report_parts.h"

namespace ladder::report {

using namespace plot;

namespace {

using Names = std::vector<std::string>;

std::string paragraph(const std::string& text) { return html_element("p", escape_xml(text)) + "\n"; }

std::string section(const std::string& title, const Sheet& sheet) {
  return html_element("h2", escape_xml(title)) + "\n" +
         html_table(sheet.heading, sheet.page, sheet.row_names, sheet.row_series);
}

// The script makes boxes of the names; without it nothing is here.
std::string switches(const Names& contestants) {
  Names quoted;
  for (const std::string& name : contestants) quoted.push_back(join({"\"", name, "\""}, ""));
  return "<div id=\"contestants\" data-names=\"" + escape_xml(join({"[", join(quoted, ","), "]"}, "")) + "\"></div>\n";
}

std::string contestant_settings(const Analysis& analysis) {
  std::vector<Names> rows;
  for (std::size_t i = 0; i < analysis.contestants.size(); ++i)
    rows.push_back(followed_by({analysis.contestants[i]}, analysis.contestant_values[i]));
  return paragraph("These settings differ between the contestants. They are part of what is "
                   "compared:") +
         html_table(followed_by({"contestant"}, analysis.contestant_keys), rows);
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
  return analysis.contestant_keys.empty() ? text : text + contestant_settings(analysis);
}

const char* const methods[] = {
    "A seed fixes the initial weights and the batches, for all contestants alike. Intervals of "
    "means, of paired differences and of ratios are 95 % sign-flip intervals: all values that a sign-flip "
    "permutation test over seeds, never over test tokens, does not reject (Hartigan 1969). For the differences of "
    "two contestants that do not differ they are exact; where rare seeds do something else than the rest, they know "
    "nothing of seeds that were not run: the share solved and its interval do. With fewer than 6 seeds no interval "
    "is a 95 % one, and none is given.",
    "A run that failed or diverged counts as unsolved, with its accuracy if it is known, else at chance; the "
    "findings say what leaving such runs out would do. Two runs of a pair that are both solved differ in accuracy "
    "by when they were stopped: they count as equal in accuracy, and are compared by time.",
    "Time is the restricted mean of steps to solve: an unsolved run counts as the budget, the steps that both were "
    "given. The ratio is that of the contestant's to the baseline's.",
    "IQM is the mean of the middle half. P(improved) is the probability that a run of the "
    "contestant is more accurate than one of the baseline, ties counting half, and P(sooner) that "
    "it is solved in fewer steps, unsolved runs being the latest of all (Agarwal et al. 2021). Their intervals are "
    "percentile bootstrap ones, somewhat too narrow with few seeds: no verdict is made of them.",
    "p is that of a two-sided sign-flip permutation test on the differences between paired seeds. "
    "Accuracy and time of a rung are corrected for each other (Westfall & Young 1993). "
    "Holm's correction (1979) then runs, for each contestant, over its rungs, those that "
    "can reach significance given how many of their differences are not 0 (Tarone 1990). "
    "Better or worse: corrected p < 0.05, an interval beyond 0.01 (the smallest effect of interest), and at least "
    "one of the two above chance (5 % of the way to the best possible accuracy), else nothing learned. Sooner or "
    "later: the same with an interval beyond a factor of 1.1. Both solved: in every seed. Too few seeds: "
    "fewer than 6 pairs, or fewer than the correction needs even if all had one sign. No difference shown "
    "is not the same as no difference.",
    "The interval of solved runs is Wilson's (1927): 95 % on average over shares. Median steps: a run that was not solved "
    "counts as later than its budget; the median is then given as more than the budget.",
    "Margin is the mean difference over rungs, a seed being a unit if it has run all of them with "
    "both contestants; rungs with missing runs are left out where that keeps more pairs. It speaks of these rungs; "
    "with rungs as units, the interval is that over other rungs of their kind. Its p and that of the ratio of steps "
    "are corrected for each other. "
    "Trend is the mean over seeds of Spearman's rank correlation of the margin with complexity, over these rungs; it "
    "is judged by the telling rungs, with an interval beyond 0.1. Telling rungs are those "
    "where not both contestants are at the ceiling (99 % of the way from chance to the best "
    "possible accuracy) nor both at chance (5 %). Bits, all and most: the highest rung solved by "
    "all, or more than half, of the seeds."};

}  // namespace

std::string page(const Report& report, const Table& runs, const ReportOptions& options) {
  const Analysis& analysis = report.analysis;
  std::string html = page_head(options.title) + "<h2>Findings</h2>\n<ul>\n";
  for (const std::string& finding : report.findings)
    html += html_element("li", escape_xml(finding)) + "\n";
  html += "</ul>\n" + html_provenance(options.provenance) + "<h2>Pictures</h2>\n";
  if (analysis.contestants.size() > 1) html += switches(analysis.contestants);
  for (std::size_t i = 0; i < report.pictures.size(); ++i)
    html += html_figure(report.pictures[i], i + 1);
  if (analysis.contestants.size() > 1)
    html += section("Each rung against the baseline " + analysis.contestants[0], report.comparison) +
            section("Over all rungs", report.margins);
  if (!report.marginals.page.empty())
    html += section("By the value of one setting", report.marginals);
  html += section("Each contestant at each rung", report.summary);
  html += "<h2>Settings</h2>\n" + settings(analysis, runs);
  html += "<h2>How it was worked out</h2>\n<div class=\"note\">\n";
  for (const char* method : methods) html += paragraph(method);
  return html + "</div>\n" + page_end();
}

}  // namespace ladder::report
