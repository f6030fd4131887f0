#include "geometry/svm.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "base/columns.h"
#include "geometry/reader.h"
#include "ladder/base/random.h"

namespace ladder::geometry {

static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// ---- what is asked ------------------------------------------------------------------------------

namespace {

struct Place {
  int sequence, query;
};

// A query and what it chose.
struct Chosen {
  std::vector<double> query;                // (x_i, 1)
  std::vector<double> differences;          // x_chosen - x_j, one after another
  double z, attention;
  bool largest, largest_size;  // z is the row's largest, |z| is
};

// So many rows with a target and several keys, evenly from the first held-out sequences.
std::vector<Place> places_of(Reader& reader, int count) {
  std::vector<Place> all;
  constexpr int most_sequences = 256;
  for (int sequence = 0; sequence < most_sequences; ++sequence) {
    reader.draw(sequence);
    for (int query = 1; query < reader.context(); ++query)
      if (reader.has_target(query)) all.push_back({sequence, query});
  }
  std::vector<Place> some;
  const std::size_t wanted = std::min<std::size_t>(count, all.size());
  for (std::size_t i = 0; i < wanted; ++i) some.push_back(all[i * all.size() / wanted]);
  return some;
}

std::vector<double> input_of(const Reader& reader, int position) {
  const float* x = reader.input(position);
  return {x, x + reader.d_model()};
}

Chosen choice_of(Reader& reader, int query) {
  std::vector<Pair> row;
  std::vector<int> keys;
  reader.pairs(query, row, keys);
  if (row.empty()) return {};
  const auto most = [&](auto size) {
    return std::max_element(row.begin(), row.end(),
                            [&](const Pair& a, const Pair& b) { return size(a) < size(b); });
  };
  const auto chosen = most([](const Pair& p) { return std::abs(p.probability); });
  Chosen made{.query = input_of(reader, query),
              .differences = {},
              .z = chosen->z,
              .attention = std::abs(chosen->probability),
              .largest = chosen->z == most([](const Pair& p) { return p.z; })->z,
              .largest_size = std::abs(chosen->z) == std::abs(most([](const Pair& p) { return std::abs(p.z); })->z)};
  made.query.push_back(1);
  const std::vector<double> x = input_of(reader, keys[chosen - row.begin()]);
  for (const int key : keys) {
    std::vector<double> u = input_of(reader, key);
    std::transform(x.begin(), x.end(), u.begin(), u.begin(), std::minus<>());
    if (std::any_of(u.begin(), u.end(), [](double d) { return d != 0; }))
      made.differences.insert(made.differences.end(), u.begin(), u.end());
  }
  return made;
}

// W [d_model, d_model + 1] of a head.
std::vector<double> matrix_of(const Parameters<float>& parameters, int layer, int head, int d,
                              int head_size, double scale) {
  const std::string name = "blocks." + std::to_string(layer) + ".attn.";
  const auto values = [&](const std::string& part) {
    return parameters.values().data() + parameters.entry(name + part).offset;
  };
  const float *wq = values("query.weight"), *bq = values("query.bias"), *wk = values("key.weight");
  std::vector<double> w(static_cast<std::size_t>(d) * (d + 1));
  for (int r = head * head_size; r < (head + 1) * head_size; ++r)
    for (int i = 0; i < d; ++i)
      for (int j = 0; j <= d; ++j)
        w[i * (d + 1) + j] += scale * wk[r * d + i] * static_cast<double>(j < d ? wq[r * d + j] : bq[r]);
  return w;
}

// The root mean square of the correlation with W of the same shape and rank from random query and key.
double random_correlation(const std::vector<double>& best, int d, int head_size) {
  constexpr int draws = 100;
  const Random random(0, "random W");
  double square = 0;
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<double> w(best.size());
    std::uint32_t next = 0;
    for (int r = 0; r < head_size; ++r) {
      std::vector<double> query(d + 1), key(d);
      for (double& x : query) x = random.normal(draw, next++);
      for (double& x : key) x = random.normal(draw, next++);
      for (int i = 0; i < d; ++i)
        for (int j = 0; j <= d; ++j) w[i * (d + 1) + j] += key[i] * query[j];
    }
    const double c = correlation(w, best);
    square += c * c;
  }
  return std::sqrt(square / draws);
}

double stable_rank(const std::vector<double>& w, int d) {
  const double largest = singular_values(w, d, d + 1)[0];
  return largest > 0 ? norm(w) * norm(w) / (largest * largest) : unknown;
}

HeadMargin margin_of(const std::vector<Chosen>& all, const std::vector<double>& w,
                     const std::vector<double>& untrained, int d, int head_size) {
  HeadMargin found{};
  const auto count = [&](bool Chosen::*is) { return std::count_if(all.begin(), all.end(), std::mem_fn(is)); };
  found.by_size = count(&Chosen::largest_size) > count(&Chosen::largest);
  MarginProblem problem(d, d + 1);
  for (const Chosen& one : all) {
    found.attention += one.attention / static_cast<double>(all.size());
    if (one.differences.empty()) continue;
    std::vector<double> z = one.query;
    if (found.by_size && one.z < 0)
      for (double& x : z) x = -x;
    problem.add(z, one.differences);
  }
  found.queries = problem.queries(), found.constraints = problem.constraints();
  const std::vector<double> reached = margins(problem, w);
  found.satisfied = static_cast<double>(std::count_if(reached.begin(), reached.end(),
                                                      [](double m) { return m > 0; })) /
                    static_cast<double>(reached.size());
  found.norm = norm(w), found.untrained_norm = norm(untrained);
  found.margin = reached.empty() ? unknown : *std::min_element(reached.begin(), reached.end()) / found.norm;
  const auto values = singular_values(w, d, d + 1);
  found.stable_rank = stable_rank(w, d);
  found.nuclear = std::accumulate(values.begin(), values.end(), 0.0) / found.norm;
  found.solution = maximum_margin(problem);
  const std::vector<double>& best = found.solution.w;
  const bool known = found.solution.separable;
  found.best_margin = known ? 1 / norm(best) : unknown;
  found.correlation = known ? correlation(w, best) : unknown;
  found.untrained_correlation = known ? correlation(untrained, best) : unknown;
  found.random_correlation = known ? random_correlation(best, d, head_size) : unknown;
  found.best_stable_rank = known ? stable_rank(best, d) : unknown;
  return found;
}

}  // namespace

Margins measure_margins(const std::string& name, const Settings& settings, Parameters<float>& parameters,
                        const Parameters<float>& untrained, int queries) {
  const std::string& position = settings.text("position");
  if (position == "rope" || position == "alibi")
    throw settings.invalid("position", "none, learned or sinusoidal: with others one matrix W does not give z");
  Reader reader(settings, parameters);
  const int d = reader.d_model(), size = reader.head_size();
  const std::vector<Place> places = places_of(reader, queries);
  Margins found{{}, reader.left_out()};
  for (const int layer : reader.layers())
    for (int head = 0; head < reader.heads(); ++head) {
      std::vector<Chosen> chosen;
      for (std::size_t i = 0; i < places.size(); ++i) {
        if (i == 0 || places[i].sequence != places[i - 1].sequence) {
          reader.read(places[i].sequence);
          reader.look(layer, head);
        }
        chosen.push_back(choice_of(reader, places[i].query));
      }
      HeadMargin one = margin_of(chosen, matrix_of(parameters, layer, head, d, size, reader.scale()),
                                 matrix_of(untrained, layer, head, d, size, reader.scale()), d, size);
      one.checkpoint = name, one.contestant = contestant_of(settings);
      one.layer = layer, one.head = head;
      found.heads.push_back(std::move(one));
    }
  return found;
}

// ---- output -------------------------------------------------------------------------------------

namespace {

struct Column {
  const char *name, *type, *meaning;
  std::string (*cell)(const HeadMargin&);
};

std::string number(double value) { return std::isnan(value) ? "" : fixed(value, 6); }
std::string whole(std::int64_t value) { return std::to_string(value); }

const Column columns[] = {
    {"checkpoint", "word", "the file's name", [](const HeadMargin& h) { return h.checkpoint; }},
    {"contestant", "word", "mixer, score, pattern", [](const HeadMargin& h) { return h.contestant; }},
    {"layer", "integer", "from 0", [](const HeadMargin& h) { return whole(h.layer); }},
    {"head", "integer", "from 0", [](const HeadMargin& h) { return whole(h.head); }},
    {"queries", "integer", "query rows asked, spread over held-out sequences",
     [](const HeadMargin& h) { return whole(h.queries); }},
    {"constraints", "integer", "pairs of the chosen key (that with most attention) and another one",
     [](const HeadMargin& h) { return whole(h.constraints); }},
    {"chosen_by", "word", "z, or |z| where that tells the chosen key better (even scores)",
     [](const HeadMargin& h) { return std::string(h.by_size ? "|z|" : "z"); }},
    {"attention", "number", "mean weight of the chosen key", [](const HeadMargin& h) { return number(h.attention); }},
    {"satisfied", "number", "share of constraints that the head's own W satisfies",
     [](const HeadMargin& h) { return number(h.satisfied); }},
    {"separable", "flag", "1: some matrix W satisfies all constraints, and W* is the one of largest margin",
     [](const HeadMargin& h) { return whole(h.solution.separable); }},
    {"sweeps", "integer", "of the descent that looked for W*", [](const HeadMargin& h) { return whole(h.solution.sweeps); }},
    {"margin", "number", "smallest margin of W / norm of W", [](const HeadMargin& h) { return number(h.margin); }},
    {"best_margin", "number", "the same of W*", [](const HeadMargin& h) { return number(h.best_margin); }},
    {"margin_ratio", "number", "margin / best_margin: 1 where W is a multiple of W*",
     [](const HeadMargin& h) { return number(h.margin / h.best_margin); }},
    {"correlation", "number", "of W and W*, as vectors", [](const HeadMargin& h) { return number(h.correlation); }},
    {"untrained_correlation", "number", "of the untrained head's W with the same W*",
     [](const HeadMargin& h) { return number(h.untrained_correlation); }},
    {"random_correlation", "number", "of random W (root mean square over 100 of the head's rank)",
     [](const HeadMargin& h) { return number(h.random_correlation); }},
    {"support_pairs", "integer", "constraints that hold W* in place",
     [](const HeadMargin& h) {
       const auto& l = h.solution.multipliers;
       return h.solution.separable
                  ? whole(std::count_if(l.begin(), l.end(), [](double x) { return x > 0; }))
                  : std::string();
     }},
    {"norm", "number", "of W", [](const HeadMargin& h) { return number(h.norm); }},
    {"untrained_norm", "number", "of W before training", [](const HeadMargin& h) { return number(h.untrained_norm); }},
    {"stable_rank", "number", "of W: squared norm / squared largest singular value",
     [](const HeadMargin& h) { return number(h.stable_rank); }},
    {"best_stable_rank", "number", "of W*", [](const HeadMargin& h) { return number(h.best_stable_rank); }},
    {"nuclear_ratio", "number", "nuclear norm / norm of W", [](const HeadMargin& h) { return number(h.nuclear); }},
};

std::vector<ColumnMeaning> meanings() {
  std::vector<ColumnMeaning> all;
  for (const Column& c : columns) all.push_back({c.name, c.type, "", c.meaning});
  return all;
}
const RegisteredColumns of_svm("svm.csv", meanings());

}  // namespace

std::string margins_csv(const std::vector<Margins>& models) {
  Table table = described_table("svm.csv");
  for (const Margins& model : models)
    for (const HeadMargin& head : model.heads) {
      std::vector<std::string> cells;
      for (const Column& column : columns) cells.push_back(column.cell(head));
      table.add_row(std::move(cells));
    }
  return table.to_csv();
}

std::string margins_summary(const std::vector<Margins>& models) {
  const auto cell = [](double value) { return std::isnan(value) ? "-" : fixed(value, 3); };
  std::vector<std::vector<std::string>> lines = {
      {"checkpoint", "layer", "head", "chosen by", "satisfied", "separable", "margin ratio",
       "correlation", "untrained", "random", "support", "stable rank"}};
  for (const Margins& model : models)
    for (const HeadMargin& h : model.heads) {
      const auto& l = h.solution.multipliers;
      const auto support = std::count_if(l.begin(), l.end(), [](double x) { return x > 0; });
      lines.push_back({h.checkpoint, whole(h.layer), whole(h.head), h.by_size ? "|z|" : "z",
                       cell(h.satisfied), h.solution.separable ? "yes" : "no",
                       cell(h.margin / h.best_margin), cell(h.correlation),
                       cell(h.untrained_correlation), cell(h.random_correlation),
                       h.solution.separable ? whole(support) + " of " + whole(h.constraints) : "-",
                       cell(h.stable_rank)});
    }
  std::string text = "heads as support-vector machines (svm.csv)\n" + aligned(lines) + "columns of svm.csv:\n";
  for (const Column& column : columns)
    text += "  " + pad_right(column.name, 23) + column.meaning + "\n";
  return text + "\n";
}

}  // namespace ladder::geometry
