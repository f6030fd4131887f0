// What `ladder inspect` writes of the measures: tables, pictures, and the answers in words.
#include "geometry/geometry.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/columns.h"
#include "plot/chart.h"

namespace ladder::geometry {

using namespace plot;

static bool suppresses_by_orthogonality(const AttentionTally& tally, double random) {
  const double suppressed = tally.mean_abs_cosine(Standing::suppressed);
  return suppressed < random && suppressed < 0.5 * tally.mean_abs_cosine(Standing::attended);
}

static bool matches_by_both_signs(const AttentionTally& tally) {
  return tally.antiparallel_share() > tally.antiparallel_if_uniform() &&
         tally.parallel_share() > tally.parallel_if_uniform();
}

// ---- tables -------------------------------------------------------------------------------------

static std::string number(double value) { return std::isnan(value) ? "" : fixed(value, 6); }

namespace {

// A head, or all heads of a layer together.
struct Row {
  const Geometry& model;
  int layer;
  std::string head;
  AttentionTally tally;
  double rank;
  double random() const { return random_abs_cosine(model.head_size); }
};

struct Column {
  const char *name, *type, *unit, *meaning;
  std::function<std::string(const Row&)> cell;
};

std::string whole(std::int64_t count) { return std::to_string(count); }
std::string flag(bool yes) { return yes ? "1" : "0"; }

const Column columns[] = {
    {"checkpoint", "word", "", "name of the file; with -initial: before training",
     [](const Row& r) { return r.model.name; }},
    {"contestant", "word", "", "mixer, score, pattern",
     [](const Row& r) { return r.model.contestant; }},
    {"sequences", "integer", "sequences", "held-out ones that were looked at",
     [](const Row& r) { return whole(r.model.sequences); }},
    {"accuracy", "number", "share", "of tokens, on these sequences",
     [](const Row& r) { return number(r.model.accuracy); }},
    {"chance", "number", "share", "accuracy of guessing",
     [](const Row& r) { return number(r.model.chance); }},
    {"head_size", "integer", "", "entries of a query and a key",
     [](const Row& r) { return whole(r.model.head_size); }},
    {"random_abs_cosine", "number", "", "mean |cos| of two random directions of that size",
     [](const Row& r) { return number(r.random()); }},
    {"layer", "integer", "", "from 0",
     [](const Row& r) { return whole(r.layer); }},
    {"head", "word", "", "from 0; all: the heads of the layer together",
     [](const Row& r) { return r.head; }},
    {"rows", "integer", "queries", "that were looked at",
     [](const Row& r) { return whole(r.tally.rows()); }},
    {"pairs", "integer", "pairs", "of query and legal key",
     [](const Row& r) { return whole(r.tally.pairs()); }},
    {"attended_pairs", "integer", "pairs", "with more than the uniform share of their row",
     [](const Row& r) { return whole(r.tally.count(Standing::attended)); }},
    {"suppressed_pairs", "integer", "pairs", "with less than a tenth of it",
     [](const Row& r) { return whole(r.tally.count(Standing::suppressed)); }},
    {"zero_norm_pairs", "integer", "pairs", "that have no cosine, as query or key is 0",
     [](const Row& r) { return whole(r.tally.zero_norm_pairs()); }},
    {"antiparallel_share", "number", "share", "of attention, to pairs of cos < -0.5",
     [](const Row& r) { return number(r.tally.antiparallel_share()); }},
    {"parallel_share", "number", "share", "of attention, to pairs of cos > 0.5",
     [](const Row& r) { return number(r.tally.parallel_share()); }},
    {"antiparallel_if_uniform", "number", "share", "what antiparallel_share would be if every row were uniform",
     [](const Row& r) { return number(r.tally.antiparallel_if_uniform()); }},
    {"parallel_if_uniform", "number", "share", "the same of parallel_share",
     [](const Row& r) { return number(r.tally.parallel_if_uniform()); }},
    {"abs_cosine_suppressed", "number", "", "mean |cos| of suppressed pairs",
     [](const Row& r) { return number(r.tally.mean_abs_cosine(Standing::suppressed)); }},
    {"abs_cosine_attended", "number", "", "mean |cos| of attended pairs",
     [](const Row& r) { return number(r.tally.mean_abs_cosine(Standing::attended)); }},
    {"mean_abs_z", "number", "", "mean |z| over all pairs",
     [](const Row& r) { return number(r.tally.mean_abs_z()); }},
    {"median_abs_z", "number", "", "median |z|",
     [](const Row& r) { return number(r.tally.median_abs_z()); }},
    {"entropy_bits", "number", "bits", "mean entropy of a row",
     [](const Row& r) { return number(r.tally.entropy_bits()); }},
    {"relative_entropy", "number", "share", "mean of entropy / that of a uniform row",
     [](const Row& r) { return number(r.tally.relative_entropy()); }},
    {"key_effective_rank", "number", "", "of the keys (Roy & Vetterli 2007)",
     [](const Row& r) { return number(r.rank); }},
    {"by_orthogonality", "flag", "", "suppressed pairs are nearer to orthogonal than random ones, and than half of the attended ones",
     [](const Row& r) { return flag(suppresses_by_orthogonality(r.tally, r.random())); }},
    {"by_both_signs", "flag", "", "parallel and antiparallel pairs both get more than uniform rows would give them",
     [](const Row& r) { return flag(matches_by_both_signs(r.tally)); }},
};

std::vector<ColumnMeaning> meanings() {
  std::vector<ColumnMeaning> all;
  for (const Column& c : columns) all.push_back({c.name, c.type, c.unit, c.meaning});
  return all;
}
const RegisteredColumns of_geometry("geometry.csv", meanings());
const RegisteredColumns of_attention(
    "attention.csv",
    {{"checkpoint", "word", "", "as in geometry.csv"},
     {"layer", "integer", "", "from 0"},
     {"head", "integer", "", "from 0"},
     {"query", "integer", "", "position"},
     {"key", "integer", "", "position; only legal pairs have a row"},
     {"mean_probability", "number", "share", "of the query's attention, mean over the sequences"},
     {"example_query", "integer", "", "token at the query in the first sequence"},
     {"example_key", "integer", "", "token at the key there"},
     {"example_probability", "number", "share", "of attention there"},
     {"example_z", "number", "", "z there"}});
const RegisteredColumns of_cosine(
    "cosine.csv",
    {{"checkpoint", "word", "", "as in geometry.csv"},
     {"layer", "integer", "", "from 0"},
     {"head", "integer", "", "from 0"},
     {"standing", "word", "", "suppressed, between or attended"},
     {"cosine_from", "number", "", "lower end of the bin"},
     {"cosine_to", "number", "", "upper end"},
     {"count", "integer", "pairs", "in the bin"},
     {"share", "number", "share", "of the pairs of that standing"}});

// The rows of a layer: each head, then all of them.
std::vector<Row> rows_of(const Geometry& model, int layer) {
  std::vector<Row> rows;
  for (int head = 0; head < model.heads; ++head)
    rows.push_back({model, layer, whole(head), model.at(layer, head).tally,
                    model.at(layer, head).effective_rank});
  // Heads have spaces of their own: no rank of all.
  rows.push_back({model, layer, "all", model.layer_tally(layer), no_value});
  return rows;
}

}  // namespace

std::string geometry_csv(const Geometries& models) {
  Table table = described_table("geometry.csv");
  for (const Geometry& model : models)
    for (const int layer : model.layers)
      for (const Row& row : rows_of(model, layer)) {
        std::vector<std::string> cells;
        for (const Column& column : columns) cells.push_back(column.cell(row));
        table.add_row(std::move(cells));
      }
  return table.to_csv();
}

std::string attention_csv(const Geometries& models) {
  std::string text = described_table("attention.csv").to_csv();
  const std::size_t heading = text.size();
  for (const Geometry& model : models)
    for (const HeadGeometry& head : model.measured)
      for (int query = 0; query < model.context; ++query) {  // a table of all rows would take much memory
        Table table = described_table("attention.csv");
        for (int key = 0; key < model.context; ++key) {
          const std::size_t at = static_cast<std::size_t>(query) * model.context + key;
          if (std::isnan(head.mean_probability[at])) continue;
          table.add_row({model.name, std::to_string(head.layer), std::to_string(head.head),
                         std::to_string(query), std::to_string(key),
                         number(head.mean_probability[at]), std::to_string(model.example[query]),
                         std::to_string(model.example[key]), number(head.example_probability[at]),
                         number(head.example_z[at])});
        }
        text += table.to_csv().substr(heading);
      }
  return text;
}

static double bin_edge(int bin) { return -1 + 2.0 * bin / cosine_bins; }

std::string cosine_csv(const Geometries& models) {
  Table table = described_table("cosine.csv");
  for (const Geometry& model : models)
    for (const HeadGeometry& head : model.measured)
      for (const Standing standing :
           {Standing::suppressed, Standing::between, Standing::attended})
        for (int bin = 0; bin < cosine_bins; ++bin)
          table.add_row({model.name, std::to_string(head.layer), std::to_string(head.head),
                         name_of(standing), fixed(bin_edge(bin), 2), fixed(bin_edge(bin + 1), 2),
                         std::to_string(head.tally.count(standing, bin)),
                         number(head.tally.share(standing, bin))});
  return table.to_csv();
}

// ---- pictures -----------------------------------------------------------------------------------

static std::string place_of(int layer, int head) {
  return "layer " + std::to_string(layer) + ", head " + std::to_string(head);
}

// The query rows that have a target in any sequence, and a legal key.
static std::vector<int> mapped_queries(const Geometry& model) {
  const std::vector<double>& map = model.measured[0].mean_probability;
  std::vector<int> queries;
  for (int query = 0; query < model.context; ++query) {
    const auto row = map.begin() + query * model.context;
    if (!std::all_of(row, row + model.context, [](double p) { return std::isnan(p); }))
      queries.push_back(query);
  }
  return queries;
}

// "ea-1", or "one (ea)".
static std::string title_of(const Geometry& model) {
  const bool told = model.name.find(model.contestant) != std::string::npos;
  return model.name + (told ? "" : " (" + model.contestant + ")");
}

// The largest absolute value, rounded up to one digit: the end of a scale.
static double scale_end(const Geometry& model, std::vector<double> HeadGeometry::*map) {
  double largest = 0;
  for (const HeadGeometry& head : model.measured)
    for (const double value : head.*map)
      if (std::abs(value) > largest) largest = std::abs(value);  // false for NaN
  if (largest == 0) return 1;
  const double digit = std::pow(10, std::floor(std::log10(largest)));
  return std::ceil(largest / digit) * digit;
}

static bool has_negative(const Geometry& model) {
  const auto negative = [](double p) { return p < 0; };
  return std::any_of(model.measured.begin(), model.measured.end(), [&](const HeadGeometry& head) {
    return std::any_of(head.example_probability.begin(), head.example_probability.end(), negative);
  });
}

std::string attention_svg(const Geometry& model) {
  const std::vector<int> queries = mapped_queries(model);
  HeatMap chart;
  chart.title = "Attention of " + title_of(model);
  chart.row_label = "query position";
  chart.column_label = "key position";
  for (const int query : queries) chart.rows.push_back(std::to_string(query));
  for (int key = 0; key < model.context; ++key) chart.columns.push_back(std::to_string(key));
  chart.across = 3;

  const double z_end = scale_end(model, &HeadGeometry::example_z);
  const auto add = [&](const HeadGeometry& head, std::vector<double> HeadGeometry::*map,
                       const std::string& what, HeatFacet facet) {
    facet.title = place_of(head.layer, head.head) + ", " + what;
    for (const int query : queries) {
      const auto row = (head.*map).begin() + query * model.context;
      facet.values.emplace_back(row, row + model.context);
    }
    chart.facets.push_back(std::move(facet));
  };
  // Blank where keys are not legal.
  HeatFacet probability{.title = "", .scale_label = "probability", .blank = true};
  if (has_negative(model))
    probability.shades = Shades::diverging, probability.low = -1, probability.scale_label = "weight";
  for (const HeadGeometry& head : model.measured) {
    add(head, &HeadGeometry::mean_probability, "mean", probability);
    add(head, &HeadGeometry::example_probability, "example", probability);
    add(head, &HeadGeometry::example_z, "z of the example",
        {.title = "", .shades = Shades::diverging, .low = -z_end, .high = z_end,
         .scale_label = "z", .blank = true});
  }
  return to_svg(chart);
}

static Series cosine_series(const std::string& name, std::size_t style, const AttentionTally& tally,
                            Standing standing) {
  Series series{name, style, {}};
  for (int bin = 0; bin < cosine_bins; ++bin)
    series.points.push_back(
        {bin_edge(bin) + 1.0 / cosine_bins, tally.share_of_all(standing, bin)});
  return series;
}

static LineChart cosine_chart(const std::string& title) {
  LineChart chart;
  chart.title = title;
  chart.x.label = "cos(query, key)";
  chart.x.low = -1, chart.x.high = 1;
  chart.y.label = "share of all pairs";
  chart.y.low = 0;
  return chart;
}

static Facet cosine_facet(const Geometry& model, const std::string& place,
                          const AttentionTally& tally) {
  return {title_of(model) + ", " + place,
          {cosine_series("attended (above uniform)", 4, tally, Standing::attended),
           cosine_series("suppressed (below a tenth of uniform)", 6, tally, Standing::suppressed),
           cosine_series("between", reference_style, tally, Standing::between)}};
}

std::string cosine_svg(const Geometries& models) {
  LineChart chart = cosine_chart("Attended and suppressed angles, all heads of a layer together");
  for (const Geometry& model : models)
    for (const int layer : model.layers)
      chart.facets.push_back(
          cosine_facet(model, "layer " + std::to_string(layer), model.layer_tally(layer)));
  return to_svg(chart);
}

// A row of facets a layer, if that can be had.
static std::size_t columns_for_heads(const Geometries& models) {
  const int heads = models[0].heads;
  for (const Geometry& model : models)
    if (model.heads != heads) return 0;
  return heads <= 4 ? static_cast<std::size_t>(heads) : 0;
}

std::string cosine_heads_svg(const Geometries& models) {
  LineChart chart = cosine_chart("Attended and suppressed angles, head by head");
  chart.columns = columns_for_heads(models);
  for (const Geometry& model : models)
    for (const HeadGeometry& head : model.measured)
      chart.facets.push_back(cosine_facet(model, place_of(head.layer, head.head), head.tally));
  return to_svg(chart);
}

// ---- summary ------------------------------------------------------------------------------------

static std::string cell(double value, int decimals, std::size_t width) {
  return pad_left(std::isnan(value) ? "-" : fixed(value, decimals), width);
}

static std::string summary_line(const Row& row) {
  const AttentionTally& tally = row.tally;
  return pad_left(std::to_string(row.layer), 5) + pad_left(row.head, 6) +
         cell(tally.mean_abs_cosine(Standing::suppressed), 3, 12) +
         cell(tally.mean_abs_cosine(Standing::attended), 3, 10) +
         cell(tally.antiparallel_share(), 3, 10) + cell(tally.parallel_share(), 3, 9) +
         cell(tally.mean_abs_z(), 3, 9) + cell(tally.median_abs_z(), 3, 8) +
         cell(tally.entropy_bits(), 2, 9) + cell(tally.relative_entropy(), 2, 12) +
         cell(row.rank, 2, 9) + "\n";
}

static std::string summary_table(const Geometry& model) {
  std::string text =
      "              mean |cos| of pairs   attention to cos        size of z          row entropy  "
      " rank of\n"
      "layer  head  suppressed  attended    < -0.5    > 0.5     mean  median     bits  of uniform  "
      "   keys\n";
  for (const int layer : model.layers)
    for (const Row& row : rows_of(model, layer)) text += summary_line(row);
  return text;
}

static std::string percent(double share) {
  return std::isnan(share) ? "-" : fixed(100 * share, 1) + " %";
}

// The answer for all heads of a layer together, and how many heads would answer yes by themselves.
template <class Question>
static std::string answer(const Geometry& model, int layer, Question is) {
  int heads = 0;
  for (int head = 0; head < model.heads; ++head) heads += is(model.at(layer, head).tally);
  return std::string(is(model.layer_tally(layer)) ? "yes" : "no") + " (" + std::to_string(heads) +
         " of " + std::to_string(model.heads) + " heads by themselves)\n";
}

static std::string answers(const Geometry& model, int layer) {
  const AttentionTally all = model.layer_tally(layer);
  const double random = random_abs_cosine(model.head_size);
  const auto orthogonal = [&](const AttentionTally& tally) {
    return suppresses_by_orthogonality(tally, random);
  };
  return "layer " + std::to_string(layer) + "\n  suppresses by orthogonality: " +
         answer(model, layer, orthogonal) + "    mean |cos| " +
         cell(all.mean_abs_cosine(Standing::suppressed), 3, 0) + " where suppressed (" +
         percent(all.share_of_all(Standing::suppressed)) + " of pairs), " +
         cell(all.mean_abs_cosine(Standing::attended), 3, 0) +
         " where attended; random directions: " + fixed(random, 3) +
         "\n  matches by both signs: " + answer(model, layer, matches_by_both_signs) +
         "    attention to cos < -0.5: " + percent(all.antiparallel_share()) + " (uniform rows: " +
         percent(all.antiparallel_if_uniform()) + "), to cos > 0.5: " +
         percent(all.parallel_share()) + " (uniform rows: " + percent(all.parallel_if_uniform()) +
         ")\n";
}

std::string geometry_summary(const Geometries& models) {
  std::string text;
  for (const Geometry& model : models) {
    text += model.name + ": " + model.contestant + ", accuracy " + fixed(model.accuracy, 4) +
            " (chance " + fixed(model.chance, 4) + ") on " + std::to_string(model.sequences) +
            " held-out sequences, head size " + std::to_string(model.head_size) + "\n";
    if (!model.left_out.empty())
      text += "without query·key, hence without angles: " + join(model.left_out, ", ") + "\n";
    if (has_negative(model))
      text += "some weights are negative: attention is their size here, the maps have their sign\n";
    text += summary_table(model);
    for (const int layer : model.layers) text += answers(model, layer);
    text += "\n";
  }
  return text +
         "Pairs: legal keys of query rows that have a target. Attended: probability above that of\n"
         "a uniform row; suppressed: below a tenth of it. By orthogonality: mean |cos| where\n"
         "suppressed is below that of random directions and below half of that where attended. By\n"
         "both signs: cos < -0.5 and cos > 0.5 both get more attention than from uniform rows.\n";
}

}  // namespace ladder::geometry
