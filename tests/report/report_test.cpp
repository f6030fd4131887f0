#include "report/report.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "../plot/markup_check.h"
#include "../scratch.h"
#include "base/files.h"
#include "ladder/base/error.h"

using namespace ladder;
using namespace ladder::report;

namespace {

struct Made {
  int base, delay;
  std::string score;
  int seed;
  double accuracy;       // solved if at least 0.99, at step 500
  std::string status = "ok";
  std::string optimizer = "sgd";
  std::string rate = "0.1";
};

const std::vector<std::string> columns = {
    "run", "task", "base", "delay", "context", "score", "optimizer", "learning_rate", "steps",
    "seed", "complexity_bits", "parameters", "chance", "holdout", "steps_done", "eval_loss",
    "accuracy", "sequence_accuracy", "rollout_accuracy", "solved", "step_solved", "seconds",
    "status"};

Table runs_of(const std::vector<Made>& list) {
  Table table(columns, "runs.csv");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Made& m = list[i];
    std::vector<std::string> row = {std::to_string(i), "nt", std::to_string(m.base),
                                    std::to_string(m.delay), std::to_string(2 * m.delay), m.score,
                                    m.optimizer, m.rate, "2000", std::to_string(m.seed)};
    const bool solved = m.accuracy >= 0.99;
    std::vector<std::string> results = {
        std::to_string(std::log2(m.base) * m.delay), "20000", std::to_string(1.0 / m.base), "hash",
        solved ? "500" : "2000", "0.5", std::to_string(m.accuracy), "0.5", "0.4",
        solved ? "1" : "0", solved ? "500" : "", "1.5", "ok"};
    if (m.status != "ok") results.assign(results.size(), ""), results.back() = m.status;
    row.insert(row.end(), results.begin(), results.end());
    table.add_row(row);
  }
  return table;
}

Table curves_of(const Table& runs) {
  Table table({"run", "step", "loss", "accuracy"});
  for (std::size_t row = 0; row < runs.rows(); ++row)
    for (const int step : {0, 250, 500})
      table.add_row({std::to_string(row), std::to_string(step), "1", step == 0 ? "0.1" : "0.7"});
  return table;
}

// Bases 4 and 8, delays 4, 8, 12; ea solves all, dpa the easier the better.
std::vector<Made> six_rungs(int seeds) {
  std::vector<Made> list;
  for (const int base : {4, 8})
    for (const int delay : {4, 8, 12})
      for (const char* score : {"dpa", "ea"})
        for (int seed = 0; seed < seeds; ++seed)
          list.push_back({base, delay, score, seed,
                          score[0] == 'e' ? 1.0 : 0.95 - 0.006 * base * delay - 0.001 * seed});
  return list;
}

Report report_of(const std::vector<Made>& list, const ReportOptions& options = {}) {
  const Table runs = runs_of(list);
  return make_report(runs, curves_of(runs), options);
}

const std::string& cell(const Sheet& sheet, std::size_t row, const char* column) {
  return sheet.csv.at(row, column);
}

// The page's cell under a heading, the first of that name.
const std::string& shown(const Sheet& sheet, std::size_t row, const std::string& heading) {
  const auto place = std::find(sheet.heading.begin(), sheet.heading.end(), heading);
  return sheet.page[row].at(static_cast<std::size_t>(place - sheet.heading.begin()));
}

bool any_finding(const Report& report, const std::string& part) {
  for (const std::string& finding : report.findings)
    if (contains(finding, part)) return true;
  return false;
}

}  // namespace

TEST_CASE("runs are grouped by what varies, in the order of complexity") {
  const Report report = report_of(six_rungs(8));
  CHECK(report.analysis.rung_keys == std::vector<std::string>{"base", "delay"});
  CHECK(report.analysis.followers == std::vector<std::string>{"context"});
  CHECK(report.analysis.ladder_keys.empty());
  CHECK(report.analysis.contestants == std::vector<std::string>{"dpa", "ea"});
  REQUIRE(report.summary.csv.rows() == 12);
  CHECK(cell(report.summary, 0, "delay") == "4");
  CHECK(cell(report.summary, 0, "base") == "4");
  CHECK(cell(report.summary, 0, "complexity_bits") == "8.000000");
  CHECK(cell(report.summary, 0, "n") == "8");
  CHECK(cell(report.summary, 11, "complexity_bits") == "36.000000");
  CHECK(cell(report.summary, 11, "contestant") == "ea");
  CHECK(cell(report.summary, 11, "median_step_solved") == "500");
  CHECK(cell(report.summary, 10, "median_step_solved") == "");
  CHECK(cell(report.summary, 10, "budget") == "2000");
  CHECK(shown(report.summary, 10, "median steps") == ">2000");
  CHECK(cell(report.summary, 11, "solved_runs") == "8");
  CHECK(cell(report.summary, 11, "solved_share_low") == "0.675592");  // Wilson 8/8: 8/(8 + 1.96²)
  CHECK(any_finding(report, "96 runs: 6 rungs, contestants dpa (baseline), ea, 8 seeds each."));
}

TEST_CASE("differences are paired, tested and judged") {
  const Report report = report_of(six_rungs(10));
  REQUIRE(report.comparison.csv.rows() == 6);
  CHECK(cell(report.comparison, 0, "n_pairs") == "10");
  CHECK(cell(report.comparison, 0, "p_sign_flip") == "0.001953");  // 2/1024
  CHECK(cell(report.comparison, 0, "p_holm") == "0.011719");       // times 6 rungs
  CHECK(cell(report.comparison, 0, "steps_ratio") == "0.250000");  // 500 of 2000
  CHECK(cell(report.comparison, 0, "steps_verdict") == "sooner");
  CHECK(cell(report.summary, 0, "restricted_mean_steps") == "");
  CHECK(cell(report.summary, 1, "restricted_mean_steps") == "500");
  CHECK(cell(report.comparison, 0, "probability_of_improvement") == "1.000000");
  CHECK(cell(report.comparison, 0, "verdict") == "better");
  // 1 - (0.95 - 0.006 · 16 - 0.001 · mean seed 4.5)
  CHECK(cell(report.comparison, 0, "difference") == "0.150500");
  const Margin& margin = report.analysis.margins[1];
  CHECK(margin.seeds == 10);
  CHECK(margin.trend.value == doctest::Approx(spearman({8, 16, 12, 24, 24, 36}, {1, 2, 2, 4, 3, 5})));
  CHECK(margin.highest_by_all == 36);
  CHECK(std::isnan(report.analysis.margins[0].highest_by_all));
  CHECK(any_finding(report, "ea is more accurate than dpa"));
  CHECK(any_finding(report, "ea solves sooner"));
  CHECK(any_finding(report, "better at 6 and worse at 0, sooner at 6 and later at 0 of 6 rungs"));
  CHECK(any_finding(report, "grows with complexity"));
}

TEST_CASE("the baseline can be chosen, and turns the signs") {
  const Report report = report_of(six_rungs(10), {"ea", "", "Report"});
  CHECK(cell(report.comparison, 0, "verdict") == "worse");
  CHECK(cell(report.comparison, 0, "difference") == "-0.150500");
  CHECK_THROWS_WITH_AS(report_of(six_rungs(2), {"eaa", "", ""}),
                       doctest::Contains("did you mean 'ea'"), Error);
}

TEST_CASE("only seeds with both contestants are pairs, failed runs are unsolved and at chance") {
  std::vector<Made> list;
  for (int seed = 0; seed < 8; ++seed) list.push_back({8, 4, "dpa", seed, 0.5});
  for (int seed = 1; seed < 9; ++seed) list.push_back({8, 4, "ea", seed, 0.75});
  list[3].status = "failed: loss is not finite at step 300";  // dpa, seed 3
  const Report report = report_of(list);
  CHECK(cell(report.comparison, 0, "n_pairs") == "7");  // 1 .. 7
  CHECK(cell(report.comparison, 0, "difference") == "0.303571");  // (6 · 0.25 + 0.75 - 0.125) / 7
  CHECK(cell(report.comparison, 0, "p_sign_flip") == "0.015625");  // 2/128
  CHECK(cell(report.summary, 0, "n") == "8");
  CHECK(cell(report.summary, 0, "failed") == "1");
  CHECK(any_finding(report, "1 run failed"));
  CHECK(any_finding(report, "Without the failed runs the verdicts on accuracy and time are the same"));
  CHECK(any_finding(report, "ea − dpa = +0.250, 95 % interval +0.250 to +0.250, 6 seeds"));
}

TEST_CASE("a run done twice counts once, a failed one done again counts as done") {
  std::vector<Made> list;
  for (int seed = 0; seed < 6; ++seed)
    for (const char* score : {"dpa", "ea"}) list.push_back({8, 4, score, seed, 0.5});
  list.push_back({8, 4, "ea", 0, 0.5});
  list[2].status = "failed: disk full";  // dpa, seed 1
  list.push_back({8, 4, "dpa", 1, 0.5});
  const Report report = report_of(list);
  CHECK(cell(report.summary, 1, "n") == "6");
  CHECK(cell(report.summary, 0, "n") == "6");
  CHECK(report.analysis.failed == 0);
  CHECK(report.analysis.repeated == 1);
}

TEST_CASE("with fewer than six pairs nothing is claimed") {
  const Report report = report_of(six_rungs(5));
  for (std::size_t row = 0; row < report.comparison.csv.rows(); ++row) {
    CHECK(cell(report.comparison, row, "verdict") == "too few seeds");
    CHECK(cell(report.comparison, row, "p_holm").empty());
  }
  CHECK(any_finding(report, "significance cannot be claimed"));
  CHECK(!any_finding(report, "more accurate"));
  CHECK(!any_finding(report, "grows"));
}

TEST_CASE("one seed gives no interval, and no NaN anywhere") {
  const Report report = report_of(six_rungs(1));
  CHECK(cell(report.summary, 0, "mean_low").empty());
  CHECK(cell(report.comparison, 0, "difference_low").empty());
  CHECK(!contains(report.summary.csv.to_csv() + report.comparison.csv.to_csv(), "nan"));
  CHECK(!contains(report.headline, "nan"));
  for (const Picture& picture : report.pictures) CHECK(!has_unset_number(picture.svg));
}

TEST_CASE("equal runs show no difference") {
  std::vector<Made> list = six_rungs(8);
  for (Made& made : list) made.accuracy = 0.5;
  const Report report = report_of(list);
  CHECK(cell(report.comparison, 0, "verdict") == "no difference shown");
  CHECK(cell(report.comparison, 0, "p_sign_flip") == "1.000000");
  CHECK(any_finding(report, "ea is as accurate as dpa"));
  // As good in the mean, and far from sure.
  for (Made& made : list) made.accuracy += made.score == "ea" ? 0.1 * (made.seed % 2) - 0.05 : 0;
  CHECK(any_finding(report_of(list), "no difference between ea and dpa is shown"));
}

TEST_CASE("six seeds over six rungs cannot pass Holm's correction, and the report says so") {
  const Report report = report_of(six_rungs(6));
  CHECK(cell(report.comparison, 0, "p_holm") == "");  // out of reach: 6 · 2/64
  CHECK(cell(report.comparison, 0, "verdict") == "too few seeds");
  CHECK(any_finding(report, "that takes 8 seeds"));  // 6 · 2/2^8 = 0.047
}

TEST_CASE("a setting that goes with the contestant is its property, not a rung") {
  std::vector<Made> list = six_rungs(6);
  for (Made& made : list) made.rate = made.score == "ea" ? "0.2" : "0.1";
  const Report report = report_of(list);
  CHECK(report.analysis.contestant_keys == std::vector<std::string>{"learning_rate"});
  CHECK(report.analysis.contestant_values[1] == std::vector<std::string>{"0.2"});
  CHECK(cell(report.comparison, 0, "n_pairs") == "6");
  CHECK(contains(report.page, "learning_rate"));

  // Tuned for each score and optimizer: still pairs, at each optimizer.
  std::vector<Made> tuned = list;
  for (Made made : list) {
    made.optimizer = "adam";
    made.rate = made.score == "ea" ? "0.001" : "0.003";
    tuned.push_back(made);
  }
  const Report both = report_of(tuned);
  CHECK(both.analysis.contestant_keys == std::vector<std::string>{"learning_rate"});
  CHECK(both.analysis.ladder_keys == std::vector<std::string>{"optimizer"});
  CHECK(both.analysis.contestant_values[1] == std::vector<std::string>{"0.001|0.2"});
  CHECK(both.comparison.csv.rows() == 12);
  CHECK(both.margins.csv.rows() == 6);  // all, adam, sgd; two scores
}

TEST_CASE("the value of one setting is judged over all others") {
  const Report report = report_of(six_rungs(10));
  REQUIRE(report.marginals.csv.rows() == 10);  // bases 4 8, delays 4 8 12; two scores
  CHECK(cell(report.marginals, 1, "setting") == "base");
  CHECK(cell(report.marginals, 1, "value") == "4");
  CHECK(cell(report.marginals, 1, "rungs") == "3");
  CHECK(cell(report.marginals, 1, "complete_seeds") == "10");
  CHECK(cell(report.marginals, 1, "mean_accuracy") == "1.000000");
  // 1 - (0.95 - 0.006 · 4 · mean delay 8 - 0.001 · mean seed 4.5)
  CHECK(cell(report.marginals, 1, "margin") == "0.246500");
  CHECK(cell(report.marginals, 0, "mean_accuracy") == "0.753500");
  CHECK(cell(report.marginals, 0, "margin") == "");
  CHECK(cell(report.marginals, 1, "better") == "3");
  CHECK(cell(report.marginals, 1, "worse") == "0");
  CHECK(cell(report.marginals, 8, "value") == "12");

  std::vector<Made> two_optimizers = six_rungs(6);
  for (Made made : six_rungs(6)) {
    made.optimizer = "adam";
    if (made.score == "ea") made.accuracy = 0.1;
    two_optimizers.push_back(made);
  }
  const Report both = report_of(two_optimizers);
  // sgd: 1 - (0.95 - 0.006 · 6 · 8 - 0.001 · 2.5)
  CHECK(any_finding(both, "ea − dpa by optimizer: adam -0.56 [-0.56, -0.56], sgd +0.34 [+0.34, +0.34]"));

  std::vector<Made> one_key;
  for (const Made& made : six_rungs(6))
    if (made.base == 8) one_key.push_back(made);
  CHECK(report_of(one_key).marginals.csv.rows() == 0);
}

TEST_CASE("missing runs cost a rung or a seed, whichever is less, failed ones neither") {
  std::vector<Made> one_rung_fails = six_rungs(6);
  for (std::size_t i = 0; i < 5; ++i) one_rung_fails[i].status = "failed: loss is not finite";
  const Report failed = report_of(one_rung_fails);
  CHECK(failed.analysis.margins[1].compared.size() == 6);
  CHECK(any_finding(failed, "5 runs failed (dpa 5, ea 0)"));
  CHECK(any_finding(failed, "6 seeds, 5 rungs."));  // without them

  const std::vector<Made> few_at_a_rung(one_rung_fails.begin() + 5, one_rung_fails.end());
  const Report report = report_of(few_at_a_rung);
  CHECK(report.analysis.margins[1].compared.size() == 5);
  CHECK(report.analysis.margins[1].seeds == 6);
  CHECK(any_finding(report, "5 rungs (1 left out: missing runs)"));

  std::vector<Made> one_seed_misses = six_rungs(8);
  one_seed_misses.erase(one_seed_misses.begin());
  const Report seed = report_of(one_seed_misses);
  CHECK(seed.analysis.margins[1].compared.size() == 6);
  CHECK(seed.analysis.margins[1].seeds == 7);
}

TEST_CASE("the same runs give the same bytes, in well-formed files") {
  const Report one = report_of(six_rungs(7)), two = report_of(six_rungs(7));
  CHECK(one.page == two.page);
  CHECK(one.summary.csv.to_csv() == two.summary.csv.to_csv());
  CHECK(one.margins.csv.to_csv() == two.margins.csv.to_csv());
  CHECK(xml_fault(one.page) == "");
  std::vector<std::string> names;
  for (const Picture& picture : one.pictures) {
    CAPTURE(picture.name);
    names.push_back(picture.name);
    CHECK(xml_fault(picture.svg) == "");
    CHECK(text_collision(picture.svg) == "");
    CHECK(contains(one.page, picture.svg));
  }
  CHECK(names == std::vector<std::string>{"accuracy", "steps", "heat_accuracy",
                                          "heat_steps", "marginals", "rungs", "curves"});
}

TEST_CASE("a single rung and a single contestant make a report too") {
  std::vector<Made> list;
  for (int seed = 0; seed < 3; ++seed) list.push_back({8, 4, "ea", seed, 0.5});
  const Report report = report_of(list);
  CHECK(report.analysis.contestants == std::vector<std::string>{"ea"});
  CHECK(report.comparison.csv.rows() == 0);
  CHECK(xml_fault(report.page) == "");
  for (const Picture& picture : report.pictures) CHECK(text_collision(picture.svg) == "");
}

TEST_CASE("a table that is not one of runs is refused") {
  CHECK_THROWS_AS(analyse(runs_of({})), Error);
  CHECK_THROWS_WITH_AS(analyse(Table::parse("run,score\n0,ea\n", "x.csv")),
                       doctest::Contains("x.csv: no column 'seed'"), Error);
  CHECK_THROWS_AS(report_of(six_rungs(2), {"", "no_such_column", ""}), Error);
}

TEST_CASE("any measured column can be drawn against") {
  Table runs = runs_of(six_rungs(2));
  for (std::size_t row = 0; row < runs.rows(); ++row)  // means of 5, 25, ... 225
    runs.set(row, "eval_loss", std::to_string(20 * (row / 2) + 10 * (row % 2)));
  const Report report = make_report(runs, curves_of(runs), {"", "eval_loss", "Report"});
  const auto is_it = [](const Picture& picture) { return picture.name == "against_eval_loss"; };
  const auto picture = std::find_if(report.pictures.begin(), report.pictures.end(), is_it);
  REQUIRE(picture != report.pictures.end());
  CHECK(contains(picture->svg, ">eval_loss (mean over seeds)<"));
  CHECK(contains(picture->svg, ">128<"));  // a logarithmic axis from 5 to 225
}

TEST_CASE("accuracy against the state, where contestants carry different ones") {
  const Table runs = runs_of(six_rungs(2));
  std::vector<std::string> names = runs.columns();
  names.push_back("state_size");
  const auto pictures_with = [&](const char* ea, const char* dpa) {
    Table table(names, "runs.csv");
    for (std::size_t row = 0; row < runs.rows(); ++row) {
      std::vector<std::string> cells = runs.row(row);
      cells.push_back(runs.at(row, "score") == "ea" ? ea : dpa);
      table.add_row(cells);
    }
    return make_report(table, curves_of(runs), {"", "", "Report"}).pictures;
  };
  const auto state = [](const std::vector<Picture>& pictures) {
    return std::find_if(pictures.begin(), pictures.end(), [](const Picture& p) { return p.name == "state"; });
  };
  const auto differ = pictures_with("64", "1024");
  REQUIRE(state(differ) != differ.end());
  CHECK(contains(state(differ)->svg, "numbers carried while generating"));
  CHECK(xml_fault(state(differ)->svg) == "");
  CHECK(text_collision(state(differ)->svg) == "");
  for (const auto& same : {pictures_with("64", "64"), pictures_with("", "64"),  // older rows: not known
                           report_of(six_rungs(2)).pictures})
    CHECK(state(same) == same.end());
}

TEST_CASE("a table says the same in its file and on the page") {
  const Report report = report_of(six_rungs(10));
  CHECK(shown(report.summary, 0, "mean accuracy") == "0.850");  // 0.95 - 0.006 · 16 - 0.001 · 4.5
  CHECK(cell(report.summary, 0, "mean") == "0.849500");
  CHECK(shown(report.summary, 0, "95 %") == "[0.847, 0.852]");
  CHECK(cell(report.summary, 0, "mean_low").starts_with("0.847"));
  CHECK(shown(report.summary, 0, "seeds") == "10");
  CHECK(shown(report.comparison, 0, "difference") == "+0.151");
  CHECK(shown(report.comparison, 0, "p") == "0.002");
  CHECK(shown(report.margins, 1, "bits, all") == "36.0");
  CHECK(shown(report.marginals, 1, "better") == "3");
  // The baseline is not compared with itself.
  for (const char* column : {"compared_rungs", "complete_seeds", "margin", "better", "worse"})
    CHECK(cell(report.marginals, 0, column) == "");
  for (const Sheet* sheet :
       {&report.summary, &report.comparison, &report.margins, &report.marginals})
    for (const auto& row : sheet->page) CHECK(row.size() == sheet->heading.size());
}

TEST_CASE("sweeps are read from directories, joined, and written back as a report") {
  namespace fs = std::filesystem;
  const Scratch root;
  const Table runs = runs_of(six_rungs(2));
  for (const char* part : {"a", "b"}) {
    fs::create_directories(root / part);
    write_file(root / part / "runs.csv", runs.to_csv());
    write_file(root / part / "curves.csv", curves_of(runs).to_csv());
  }
  const Sweeps sweeps = read_sweeps({root / "a", root / "b"});
  CHECK(sweeps.runs.rows() == 2 * runs.rows());
  CHECK(sweeps.runs.at(runs.rows(), "run") == std::to_string(runs.rows()));
  CHECK(sweeps.curves.at(3 * runs.rows(), "run") == std::to_string(runs.rows()));
  const Report report = make_report(sweeps.runs, sweeps.curves);
  CHECK(report.analysis.repeated == static_cast<int>(runs.rows()));
  write_report(report, root / "out");
  CHECK(read_file(root / "out" / "summary.csv") == report.summary.csv.to_csv());
  CHECK(read_file(root / "out" / "comparison.csv") == report.comparison.csv.to_csv());
  CHECK(read_file(root / "out" / "margins.csv") == report.margins.csv.to_csv());
  CHECK(read_file(root / "out" / "marginals.csv") == report.marginals.csv.to_csv());
  CHECK(read_file(root / "out" / "report.html") == report.page);
  CHECK(fs::exists(root / "out" / "heat_accuracy.svg"));
  CHECK_THROWS_AS(read_sweeps({root / "missing"}), Error);
  for (const std::string wrong : {"1e300", "-1"}) {
    write_file(root / "b/curves.csv", "run,step,eval_loss,accuracy\n" + wrong + ",10,1,0.5\n");
    CHECK_THROWS_WITH_AS(read_sweeps({root / "b"}), doctest::Contains("curves.csv: row 1: column 'run': got"), Error);
  }
}
