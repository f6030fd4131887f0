#include "climb/climb_report.h"

#include <cmath>

#include "base/columns.h"
#include "base/files.h"
#include "climb/picture.h"
#include "ladder/base/text.h"
#include "lab/results.h"
#include "plot/svg.h"
#include "report/verdict.h"

namespace ladder::climb {

using statistics::Interval;

static std::string number(double value, int decimals) {
  return std::isnan(value) ? "" : fixed(value, decimals);
}

static Interval share_interval(const Confirmation& confirmation) {
  return statistics::wilson(confirmation.solved(), static_cast<int>(confirmation.solved_at.size()));
}

// ---- tables -------------------------------------------------------------------------------------

static const RegisteredColumns of_climb(
    "climb.csv",
    {{"contestant", "word", "", "who climbs"},
     {"rung", "word", "", "its frontier: the highest that its best recipe solves in enough fresh seeds; empty: none"},
     {"rung_number", "integer", "", "from 1 for the lowest; 0: none"},
     {"seeds_solved", "integer", "seeds", "fresh ones that solve it"},
     {"seeds", "integer", "seeds", "fresh ones"},
     {"share_low", "number", "share", "lower end of Wilson's 95 % interval of the share that solves"},
     {"share_high", "number", "share", "upper end"},
     {"mean_steps", "number", "steps", "to solve; an unsolved seed counts with all its steps"},
     {"recipe", "word", "", "the best one there"},
     {"edges", "word", "", "where it lies at the edge of what was searched"},
     {"monotone", "flag", "", "1: no solved rung lies above an unsolved one"},
     {"trainings", "integer", "trainings", "made for it, tuning and comparisons included"},
     {"steps", "integer", "steps", "of them all"},
     {"search_steps", "integer", "steps", "of those on tuning seeds"}});
static const RegisteredColumns of_rungs(
    "rungs.csv",
    {{"contestant", "word", "", "who climbs"},
     {"rung", "word", "", "that was searched"},
     {"rung_number", "integer", "", "from 1 for the lowest"},
     {"recipes_tried", "integer", "recipes", "on the first tuning seed"},
     {"recipes_solving", "integer", "recipes", "of these"},
     {"best_recipe", "word", "", "chosen by the tuning seeds"},
     {"tuning_seeds_solved", "integer", "seeds", "that it solves"},
     {"tuning_seeds", "integer", "seeds", "that it was tried on"},
     {"tuning_mean_steps", "number", "steps", "to solve there; an unsolved seed counts with all its steps"},
     {"seeds_solved", "integer", "seeds", "fresh ones that solve; empty: the rung was not judged"},
     {"seeds", "integer", "seeds", "fresh ones"},
     {"share_low", "number", "share", "lower end of Wilson's 95 % interval of the share that solves"},
     {"share_high", "number", "share", "upper end"},
     {"mean_steps", "number", "steps", "to solve, of the fresh seeds"}});
static const RegisteredColumns of_pairs(
    "pairs.csv",
    {{"contestant", "word", "", "one"},
     {"against", "word", "", "the other"},
     {"rung", "word", "", "the higher of their frontiers"},
     {"seeds_solved", "integer", "seeds", "of the one there"},
     {"against_seeds_solved", "integer", "seeds", "of the other there"},
     {"seeds", "integer", "seeds", "of each"},
     {"fisher_p", "number", "probability", "Fisher's exact test of these two counts"},
     {"fisher_p_holm", "number", "probability", "after Holm's correction over all tests of the climb"},
     {"time_rung", "word", "", "where times are compared: the lower frontier"},
     {"steps_ratio", "number", "ratio", "restricted mean steps to solve, the one's / the other's"},
     {"ratio_low", "number", "ratio", "lower end of its 95 % interval, by sign flips"},
     {"ratio_high", "number", "ratio", "upper end"},
     {"time_p", "number", "probability", "sign-flip test of the paired steps"},
     {"time_p_holm", "number", "probability", "after Holm's correction"},
     {"verdict", "word", "", "of the one: higher, lower, sooner, later, equal, or no difference shown"}});

static Table climb_table(const Plan& plan, const Contest& contest, const Ground& ground) {
  Table table = described_table("climb.csv");
  for (const Climber& climber : contest.climbers()) {
    std::vector<std::string> cells = {plan.contestant_name(climber.contestant())};
    const int rung = climber.frontier();
    if (rung >= 0) {
      const Confirmation& best = climber.confirmations().at(rung);
      const Interval interval = share_interval(best);
      for (const std::string& cell :
           {plan.rung_name(rung), std::to_string(rung + 1), std::to_string(best.solved()),
            std::to_string(best.solved_at.size()), number(interval.low, 3), number(interval.high, 3),
            number(statistics::mean(best.times(ground.steps(rung))), 1), text_of(plan.recipe(best.recipe)),
            plan.edges_of(best.recipe)})
        cells.push_back(cell);
    } else {
      cells.insert(cells.end(), {"", "0", "", "", "", "", "", "", ""});
    }
    cells.push_back(climber.monotone() ? "1" : "0");
    cells.push_back(std::to_string(climber.trainings()));
    cells.push_back(fixed(climber.steps(), 0));
    cells.push_back(fixed(climber.search_steps(), 0));
    table.add_row(cells);
  }
  return table;
}

static Table rungs_table(const Plan& plan, const Contest& contest, const Ground& ground) {
  Table table = described_table("rungs.csv");
  for (const Climber& climber : contest.climbers())
    for (const auto& [rung, search] : climber.searches()) {
      std::vector<std::string> cells = {plan.contestant_name(climber.contestant()), plan.rung_name(rung),
                                        std::to_string(rung + 1), std::to_string(search.tried),
                                        std::to_string(search.solving), text_of(plan.recipe(search.winner)),
                                        std::to_string(search.solved),
                                        std::to_string(plan.rules.tuning_seeds), number(search.steps, 1)};
      const auto fresh = climber.confirmations().find(rung);
      if (fresh != climber.confirmations().end()) {
        const Interval interval = share_interval(fresh->second);
        for (const std::string& cell :
             {std::to_string(fresh->second.solved()), std::to_string(fresh->second.solved_at.size()),
              number(interval.low, 3), number(interval.high, 3),
              number(statistics::mean(fresh->second.times(ground.steps(rung))), 1)})
          cells.push_back(cell);
      } else {
        cells.insert(cells.end(), 5, "");
      }
      table.add_row(cells);
    }
  return table;
}

static Table pairs_table(const Plan& plan, const std::vector<Pair>& pairs) {
  Table table = described_table("pairs.csv");
  for (const Pair& pair : pairs) {
    const bool reach = pair.rung >= 0, times = pair.time_rung >= 0;
    table.add_row({plan.contestant_name(pair.a), plan.contestant_name(pair.b),
                   reach ? plan.rung_name(pair.rung) : "", reach ? std::to_string(pair.solved_a) : "",
                   reach ? std::to_string(pair.solved_b) : "", reach ? std::to_string(pair.seeds) : "",
                   reach ? fixed(pair.p, 6) : "", reach ? fixed(pair.p_holm, 6) : "",
                   times ? plan.rung_name(pair.time_rung) : "", number(pair.ratio, 3),
                   number(pair.ratio_interval.low, 3), number(pair.ratio_interval.high, 3),
                   times ? fixed(pair.time_p, 6) : "", times ? fixed(pair.time_p_holm, 6) : "",
                   text_of(pair.verdict)});
  }
  return table;
}

// ---- words --------------------------------------------------------------------------------------

static std::string p_words(double p) { return p < 0.001 ? "p < 0.001" : "p " + fixed(p, 3); }

static std::string sentence(const Plan& plan, const Pair& pair) {
  const std::string a = plan.contestant_name(pair.a), b = plan.contestant_name(pair.b);
  std::string text = a + " against " + b + ": ";
  const bool turned = pair.verdict == Verdict::lower || pair.verdict == Verdict::later;
  switch (pair.verdict) {
    case Verdict::higher:
    case Verdict::lower: text += (turned ? b : a) + " climbs higher"; break;
    case Verdict::sooner:
    case Verdict::later: text += (turned ? b : a) + " solves sooner; in reach no difference is shown"; break;
    case Verdict::equal: text += "equal"; break;
    case Verdict::not_shown: text += "no difference shown"; break;
  }
  if (pair.rung >= 0)
    text += ". At " + plan.rung_name(pair.rung) + ": " + std::to_string(pair.solved_a) + "/" +
            std::to_string(pair.seeds) + " and " + std::to_string(pair.solved_b) + "/" +
            std::to_string(pair.seeds) + " seeds (" + p_words(pair.p_holm) + ")";
  else
    text += ". Neither solves a rung";
  if (pair.time_rung >= 0)
    text += "; steps to solve at " + plan.rung_name(pair.time_rung) + ": " + fixed(pair.ratio, 2) + " times [" +
            fixed(pair.ratio_interval.low, 2) + ", " + fixed(pair.ratio_interval.high, 2) + "] (" +
            p_words(pair.time_p_holm) + ")";
  return text + ".";
}

static std::string words_of(const Plan& plan, const Contest& contest, const ClimbReport& report,
                            const std::vector<Pair>& pairs, bool finished) {
  std::vector<std::vector<std::string>> rows = {
      {"contestant", "highest rung solved", "fresh seeds", "95 %", "mean steps", "recipes solving", "trainings", "steps"}};
  for (std::size_t i = 0; i < report.climb.rows(); ++i) {
    const auto cell = [&](const char* column) { return report.climb.at(i, column); };
    const bool any = !cell("rung").empty();
    const Climber& climber = contest.climbers()[i];
    std::string solving;
    if (any) {
      const Search& search = climber.searches().at(climber.frontier());
      solving = std::to_string(search.solving) + "/" + std::to_string(search.tried);
    }
    rows.push_back({cell("contestant"), any ? cell("rung") : "none",
                    any ? cell("seeds_solved") + "/" + cell("seeds") : "",
                    any ? cell("share_low") + " .. " + cell("share_high") : "", cell("mean_steps"), solving,
                    cell("trainings"), cell("steps")});
  }
  std::string text = aligned(rows);
  if (!finished) return text + "\n" + report::unfinished_climb + "\n";
  text += "\n";
  for (std::size_t i = 0; i < report.climb.rows(); ++i) {
    const std::string name = report.climb.at(i, "contestant");
    if (!report.climb.at(i, "recipe").empty())
      text += name + ": " + report.climb.at(i, "recipe") + "\n";
    if (!report.climb.at(i, "edges").empty())
      text += "  on the edge of the search: " + report.climb.at(i, "edges") + "" +
              (plan.extend ? "; what was tried beyond is no better\n" : "; a wider range may have better ones\n");
    if (report.climb.at(i, "monotone") == "0")
      text += "  an easier rung than " + (report.climb.at(i, "rung").empty() ? std::string("others") : "its highest") +
              " was not solved: its ladder is not monotone\n";
  }
  for (const Pair& pair : pairs) text += sentence(plan, pair) + "\n";
  return text;
}

// ---- the picture and the page -------------------------------------------------------------------

// "task nt, d_model 32, layers 1, steps 2000": what all rungs have in common of what matters most.
static std::string common_to(const Plan& plan) {
  const Settings settings = plan.settings({.contestant = 0, .rung = 0, .recipe = 0, .seed = 0, .steps = 0});
  std::vector<std::string> words;
  for (const char* name : {"task", "d_model", "layers", "steps"}) {
    const auto varies = [&](const Assignments& rung) {
      return std::any_of(rung.begin(), rung.end(), [&](const auto& one) { return one.first == name; });
    };
    if (std::none_of(plan.rungs.begin(), plan.rungs.end(), varies))
      words.push_back(std::string(name) + " " + settings.cell(name));
  }
  return join(words, ", ");
}

static std::string picture_of(const Plan& plan, const Contest& contest) {
  std::vector<std::string> rungs;
  for (int rung = 0; rung < std::ssize(plan.rungs); ++rung) rungs.push_back(plan.rung_name(rung));
  std::vector<Column> columns;
  for (const Climber& climber : contest.climbers()) {
    Column column{plan.contestant_name(climber.contestant()), climber.frontier(), std::vector<Bar>(rungs.size())};
    for (const auto& [rung, search] : climber.searches())
      column.bars[rung] = {search.solved / static_cast<double>(plan.rules.tuning_seeds), {}, true};
    for (const auto& [rung, confirmation] : climber.confirmations())
      column.bars[rung] = {confirmation.solved() / static_cast<double>(confirmation.solved_at.size()),
                           share_interval(confirmation), false};
    columns.push_back(std::move(column));
  }
  const Rules& r = plan.rules;
  return draw(plan.name + ": who climbs how high, each at its best recipe", common_to(plan),
              "Bars: share of " + std::to_string(r.fresh_seeds) + " fresh seeds that the best of " +
                  std::to_string(r.recipes) + " recipes solves, with its 95 % interval (Wilson). Hollow: share of the " +
                  std::to_string(r.tuning_seeds) + " tuning seeds, not tried on fresh ones. Framed: the highest rung where at least " +
                  std::to_string(r.fresh_needed()) + " fresh seeds solve. Blank: not tried.",
              rungs, columns);
}

static std::string html_table(const Table& table) {
  std::string html = "<div class=\"wide\"><table>\n<tr>";
  for (const std::string& column : table.columns()) html += "<th>" + plot::escape_xml(column) + "</th>";
  html += "</tr>\n";
  for (std::size_t row = 0; row < table.rows(); ++row) {
    html += "<tr>";
    for (const std::string& cell : table.row(row)) html += "<td>" + plot::escape_xml(cell) + "</td>";
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

static std::string page_of(const Plan& plan, const ClimbReport& report) {
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" + plot::escape_xml(plan.name) +
         "</title>\n<style>\nbody { font-family: sans-serif; margin: 1em auto; max-width: 70em; padding: 0 1em; "
         "color: #222; background: #fff }\ntable { border-collapse: collapse; font-size: 85% }\n"
         "td, th { padding: .2em .6em; border-bottom: 1px solid #ddd; text-align: left }\n"
         ".wide { overflow-x: auto }\nsvg { max-width: 100%; height: auto; background: #fff }\n"
         "pre { white-space: pre-wrap }\n</style></head><body>\n<h1>" + plot::escape_xml(plan.name) +
         "</h1>\n" + report.picture + "\n<pre>" + plot::escape_xml(report.words) +
         "</pre>\n<h2>Contestants</h2>\n" + html_table(report.climb) + "<h2>Pairs</h2>\n" +
         html_table(report.pairs) + "<h2>Rungs</h2>\n" + html_table(report.rungs) + "</body></html>\n";
}

ClimbReport make_report(const Plan& plan, const Contest& contest, const Ground& ground, bool finished) {
  ClimbReport report;
  report.climb = climb_table(plan, contest, ground);
  report.rungs = rungs_table(plan, contest, ground);
  const std::vector<Pair> pairs = finished ? compare(contest, ground) : std::vector<Pair>();
  report.pairs = pairs_table(plan, pairs);
  report.words = words_of(plan, contest, report, pairs, finished);
  report.picture = picture_of(plan, contest);
  report.page = page_of(plan, report);
  return report;
}

void write_report(const ClimbReport& report, const std::filesystem::path& directory) {
  write_page(directory / "climb.html", report.page);  // first: it may be refused
  write_file(directory / "climb.csv", report.climb.to_csv());
  write_file(directory / "rungs.csv", report.rungs.to_csv());
  write_file(directory / "pairs.csv", report.pairs.to_csv());
  write_columns(directory, {"climb.csv", "rungs.csv", "pairs.csv"}, lab::run_columns());
  write_file(directory / "climb.svg", report.picture);
}

}  // namespace ladder::climb
