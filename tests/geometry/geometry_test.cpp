#include "geometry/geometry.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <numbers>
#include <sstream>

#include "../plot/markup_check.h"
#include "../scratch.h"
#include "base/files.h"
#include "base/table.h"
#include "cli/command.h"
#include "train/checkpoint.h"

using namespace ladder;
using namespace ladder::train;
using namespace ladder::geometry;
using namespace ladder::cli;

namespace fs = std::filesystem;
using Map = std::map<std::string, std::string>;

static doctest::Approx near(double value, double tolerance = 1e-9) {
  return doctest::Approx(value).epsilon(tolerance);
}

static Settings settings_with(const Map& values) {
  Settings s;
  for (const auto& [key, value] : values) s.set(key, value, "test");
  s.resolve();
  return s;
}

static constexpr Standing all_standings[] = {Standing::suppressed, Standing::between,
                                             Standing::attended};
static const Map small = {{"base", "4"},  {"delay", "3"}, {"d_model", "8"},
                          {"heads", "2"}, {"steps", "40"}, {"eval_sequences", "16"}};

static Map with(Map values, const Map& others) {
  for (const auto& [key, value] : others) values[key] = value;
  return values;
}

static Geometry measured(const Map& values, int sequences) {
  const Settings s = settings_with(values);
  Trainer trainer(s);
  for (int i = 0; i < s.integer("steps"); ++i) trainer.step();
  return measure_geometry("model", s, trainer.parameters(), sequences);
}

// ---- measures -----------------------------------------------------------------------------------

TEST_CASE("geometry: eigenvalues of known matrices") {
  CHECK(symmetric_eigenvalues({7}, 1)[0] == 7);
  const auto two = symmetric_eigenvalues({2, 1, 1, 2}, 2);
  CHECK(two[0] == near(3));
  CHECK(two[1] == near(1));
  // The second difference matrix: 2 - 2 cos(k π / (n+1)).
  constexpr int n = 6;
  std::vector<double> matrix(n * n);
  for (int i = 0; i < n; ++i) {
    matrix[i * n + i] = 2;
    if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1;
  }
  const auto values = symmetric_eigenvalues(matrix, n);
  for (int k = 1; k <= n; ++k)
    CHECK(values[n - k] == near(2 - 2 * std::cos(k * std::numbers::pi / (n + 1))));
  CHECK(symmetric_eigenvalues({0, 0, 0, -1}, 2) == std::vector<double>{0, -1});
}

TEST_CASE("geometry: effective rank of known sets of keys") {
  CHECK(effective_rank({1, 0, 0, 0, 1, 0, 0, 0, 1}, 3) == near(3));           // orthonormal
  CHECK(effective_rank({5, 10, 10, 20}, 2) == near(1, 1e-6));                 // five times (1, 2)
  CHECK(effective_rank({0, 0, 0, 0}, 2) == 0);                                // no keys
  // Singular values 3 and 1: shares 3/4 and 1/4 of their sum, not of the sum of their squares.
  const double entropy = 0.75 * std::log(4.0 / 3) + 0.25 * std::log(4.0);
  CHECK(effective_rank({9, 0, 0, 1}, 2) == near(std::exp(entropy)));
}

TEST_CASE("geometry: random directions") {
  CHECK(random_abs_cosine(1) == near(1));
  CHECK(random_abs_cosine(2) == near(2 / std::numbers::pi));
  CHECK(random_abs_cosine(3) == near(0.5));  // cos is uniform in three dimensions
}

TEST_CASE("geometry: standing and bins have the stated edges") {
  CHECK(standing_of(0.25, 4) == Standing::between);  // uniform
  CHECK(standing_of(0.26, 4) == Standing::attended);
  CHECK(standing_of(0.026, 4) == Standing::between);
  CHECK(standing_of(0.024, 4) == Standing::suppressed);
  CHECK(standing_of(1.0f / 3 + 1e-8f, 3) == Standing::between);  // rounding attends to nothing
  CHECK(cosine_bin(-1) == 0);
  CHECK(cosine_bin(1) == cosine_bins - 1);
  CHECK(cosine_bin(0) == cosine_bins / 2);
  CHECK(cosine_bin(-0.01) == cosine_bins / 2 - 1);
}

TEST_CASE("geometry: a uniform row") {
  AttentionTally tally;
  tally.add_row(std::vector<Pair>(8, {0.125, 0.3, 1}));
  CHECK(tally.entropy_bits() == near(3));
  CHECK(tally.relative_entropy() == near(1));
  CHECK(tally.count(Standing::between) == 8);
  CHECK(std::isnan(tally.mean_abs_cosine(Standing::suppressed)));
  CHECK(std::isnan(tally.share(Standing::attended, 0)));
}

TEST_CASE("geometry: a row worked out by hand") {
  AttentionTally tally;
  // cos: -0.9, 0.1, 0.6, and none; of 4 keys a tenth of the uniform share is 0.025
  tally.add_row({{0.5, -1.8, 2}, {0, 0.1, 1}, {0.25, 1.8, 3}, {0.25, 0, 0}});
  CHECK(tally.rows() == 1);
  CHECK(tally.pairs() == 4);
  CHECK(tally.zero_norm_pairs() == 1);
  CHECK(tally.count(Standing::attended, cosine_bin(-0.9)) == 1);
  CHECK(tally.count(Standing::suppressed, cosine_bin(0.1)) == 1);
  CHECK(tally.count(Standing::between, cosine_bin(0.6)) == 1);
  CHECK(tally.share(Standing::attended, cosine_bin(-0.9)) == 1);
  CHECK(tally.share_of_all(Standing::attended) == near(1.0 / 3));
  CHECK(tally.share_of_all(Standing::attended, cosine_bin(0.1)) == 0);
  CHECK(tally.mean_abs_cosine(Standing::attended) == near(0.9));
  CHECK(tally.mean_abs_cosine(Standing::suppressed) == near(0.1));
  CHECK(tally.antiparallel_share() == near(2.0 / 3));
  CHECK(tally.parallel_share() == near(1.0 / 3));
  CHECK(tally.antiparallel_if_uniform() == near(1.0 / 3));
  CHECK(tally.parallel_if_uniform() == near(1.0 / 3));
  CHECK(tally.entropy_bits() == near(1.5));
  CHECK(tally.relative_entropy() == near(0.75));
  CHECK(tally.mean_abs_z() == near(3.7 / 4, 1e-6));
  CHECK(tally.median_abs_z() == near(0.95, 1e-6));  // of 0, 0.1, 1.8, 1.8
}

TEST_CASE("geometry: rows without attention and rows of one key") {
  AttentionTally tally;
  tally.add_row({{0, 0, 1}, {0, 0, 1}});
  CHECK(std::isnan(tally.entropy_bits()));
  CHECK(std::isnan(tally.antiparallel_share()));
  CHECK(tally.antiparallel_if_uniform() == 0);
  tally.add_row({{1, 0.7, 1}});
  CHECK(tally.entropy_bits() == 0);
  CHECK(std::isnan(tally.relative_entropy()));
  CHECK(tally.count(Standing::attended) == 0);
}

TEST_CASE("geometry: tallies add up") {
  const std::vector<Pair> first = {{0.9, 0.9, 1}, {0.1, -0.7, 1}};
  const std::vector<Pair> second = {{0.02, 0.1, 1}, {0.3, -2, 4}, {0.68, 3, 3}};
  AttentionTally a, b, both;
  a.add_row(first), b.add_row(second);
  both.add_row(first), both.add_row(second);
  a.add(b);
  CHECK(a.rows() == both.rows());
  CHECK(a.pairs() == both.pairs());
  CHECK(a.parallel_share() == near(both.parallel_share()));
  CHECK(a.antiparallel_share() == near(both.antiparallel_share()));
  CHECK(a.relative_entropy() == near(both.relative_entropy()));
  CHECK(a.median_abs_z() == both.median_abs_z());
  for (const Standing standing : all_standings)
    CHECK(a.mean_abs_cosine(standing) == near(both.mean_abs_cosine(standing)));
}

// ---- models -------------------------------------------------------------------------------------

static double dot(const float* a, const float* b, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// z, probabilities and norms of the first sequence, taken from the network directly.
static void check_one_sequence(const Map& values, int window = 1000) {
  const Settings s = settings_with(values);
  const auto task = make_task(s);
  const ModelConfig config = model_config(s, task->vocabulary(), task->context());
  Parameters<float> parameters = declared_parameters<float>(config);
  parameters.initialise(0);
  const Geometry geometry = measure_geometry("model", s, parameters, 1);

  Sequence sequence;
  task->draw(0, Split::evaluation, 0, sequence);
  Network<float> network(config, parameters, 1, false);
  std::copy_n(sequence.tokens.begin(), config.context, network.tokens.begin());
  network.graph.forward();
  const Look<float>& look = network.looks[0];
  const int n = config.context, size = config.d_model / config.heads;
  std::vector<float> p(config.heads * n * n), z(p.size());
  for (int head = 0; head < config.heads; ++head)
    look.maps({.sequence = 0, .head = head, .begin = 0, .end = n,
               .probabilities = p.data() + head * n * n, .products = z.data() + head * n * n});
  const double scale = s.toggle("scale") ? 1 / std::sqrt(static_cast<double>(size)) : 1;

  std::int64_t pairs = 0;
  for (int head = 0; head < config.heads; ++head)
    for (int query = 0; query < n; ++query) {
      const std::size_t row = (static_cast<std::size_t>(head) * n + query) * n;
      const HeadGeometry& map = geometry.at(0, head);
      double sum = 0;
      for (int key = 0; key < n; ++key) {
        const std::size_t at = query * n + key;
        if (sequence.targets[query] < 0 || key > query || query - key >= window) {
          CHECK(std::isnan(map.mean_probability[at]));
          continue;
        }
        const auto vector = [&](const Tensor<float>& of, int position) {
          return of.value() + position * of.stride() + head * size;
        };
        const float *q = vector(look.query, query), *k = vector(look.key, key);
        const double length = scale * std::sqrt(dot(q, q, size) * dot(k, k, size));
        CHECK(std::abs(z[row + key]) <= length * (1 + 1e-5));
        if (config.position != Position::rope)
          CHECK(std::abs(z[row + key] - scale * dot(q, k, size)) <= 1e-5 * length);
        CHECK(map.mean_probability[at] == p[row + key]);
        CHECK(map.example_probability[at] == p[row + key]);
        CHECK(map.example_z[at] == z[row + key]);
        sum += map.mean_probability[at];
        ++pairs;
      }
      if (sequence.targets[query] >= 0) CHECK(sum == near(1, 1e-4));
    }
  CHECK(geometry.layer_tally(0).pairs() == pairs);
}

TEST_CASE("geometry: measures what the network computes") {
  for (const char* score : {"dpa", "ea"}) {
    check_one_sequence(with(small, {{"score", score}}));
    check_one_sequence(with(small, {{"score", score}, {"position", "rope"}, {"scale", "on"}}));
    check_one_sequence(with(small, {{"score", score}, {"position", "alibi"}, {"layers", "2"}}));
    check_one_sequence(with(small, {{"score", score}, {"pattern", "window"}, {"window", "2"}}), 2);
  }
}

TEST_CASE("geometry: numbers of a model keep within their bounds") {
  for (const char* score : {"dpa", "ea"}) {
    const Geometry geometry = measured(with(small, {{"score", score}, {"layers", "2"}}), 20);
    REQUIRE(geometry.measured.size() == 4);
    CHECK(geometry.layer_tally(1).rows() == 2 * geometry.at(1, 0).tally.rows());
    for (const HeadGeometry& head : geometry.measured) {
      const AttentionTally& tally = head.tally;
      for (const Standing standing : all_standings) {
        if (tally.count(standing) == 0) continue;
        double sum = 0;
        for (int bin = 0; bin < cosine_bins; ++bin) sum += tally.share(standing, bin);
        CHECK(sum == near(1));
        CHECK(tally.mean_abs_cosine(standing) <= 1);
      }
      CHECK(tally.antiparallel_share() + tally.parallel_share() <= 1);
      CHECK(tally.relative_entropy() > 0);
      CHECK(tally.relative_entropy() <= near(1));
      CHECK(head.effective_rank >= 1);
      CHECK(head.effective_rank <= near(geometry.head_size));
    }
  }
}

TEST_CASE("geometry: accuracy is that of evaluation") {
  const Settings s = settings_with(small);
  Trainer trainer(s);
  for (int i = 0; i < 40; ++i) trainer.step();
  const Geometry geometry = measure_geometry("model", s, trainer.parameters(), 16);
  CHECK(geometry.accuracy == near(evaluate(trainer.held_out(), 16, trainer.network()).accuracy));
}

TEST_CASE("geometry: keys that the pattern hides are neither counted, listed nor drawn") {
  const Geometry full = measured(with(small, {{"score", "ea"}}), 4);
  const Geometry window =
      measured(with(small, {{"score", "ea"}, {"pattern", "window"}, {"window", "2"}}), 4);
  CHECK(full.contestant == "ea");
  CHECK(window.contestant == "ea window");
  const AttentionTally tally = window.layer_tally(0);
  CHECK(tally.pairs() == 2 * tally.rows());  // no row with a target is the first of its sequence
  CHECK(tally.rows() == full.layer_tally(0).rows());
  const Table listed = Table::parse(attention_csv({window}), "attention.csv");
  std::map<std::string, double> sums;  // by head and query
  for (std::size_t row = 0; row < listed.rows(); ++row) {
    const double distance = listed.number(row, "query") - listed.number(row, "key");
    CHECK((distance == 0 || distance == 1));
    sums[listed.at(row, "head") + " " + listed.at(row, "query")] +=
        listed.number(row, "mean_probability");
  }
  CHECK(sums.size() == listed.rows() / 2);
  for (const auto& [place, sum] : sums) CHECK(sum == near(1, 1e-3));
  const std::string svg = attention_svg(window);
  CHECK(xml_fault(svg) == "");
  CHECK(contains(svg, ">Attention of model (ea window)<"));
  CHECK_FALSE(contains(svg, "stroke=\"#bbbbbb\""));  // blank, not crossed out as a missing value
}

TEST_CASE("geometry: what is written can be read") {
  const Geometries models = {measured(with(small, {{"score", "dpa"}}), 4),
                             measured(with(small, {{"base", "5"}, {"delay", "4"}}), 4)};
  const Table numbers = Table::parse(geometry_csv(models), "geometry.csv");
  CHECK(numbers.rows() == 6);  // two heads and all of them, twice
  CHECK(numbers.at(2, "head") == "all");
  CHECK(numbers.number(0, "accuracy") == near(models[0].accuracy, 1e-4));
  CHECK(Table::parse(cosine_csv(models), "cosine.csv").rows() == 2 * 2 * 3 * cosine_bins);
  CHECK(numbers.at(0, "contestant") == models[0].contestant);
  CHECK(numbers.at(0, "by_both_signs").size() == 1);
  for (const std::string& svg : {attention_svg(models[0]), attention_svg(models[1]),
                                 cosine_svg(models), cosine_heads_svg(models)}) {
    CHECK(xml_fault(svg) == "");
    CHECK(text_collision(svg) == "");
    CHECK_FALSE(has_unset_number(svg));
  }
  CHECK(contains(geometry_summary(models), "suppresses by orthogonality"));
}

// ---- the command --------------------------------------------------------------------------------

// What the command prints.
static std::string run_inspect(const std::vector<std::string>& words) {
  const Command& command = Registry<Command>::get("inspect");
  std::ostringstream printed;
  std::streambuf* before = std::cout.rdbuf(printed.rdbuf());
  try {
    command.run(parse_arguments(command, words));
  } catch (...) {
    std::cout.rdbuf(before);
    throw;
  }
  std::cout.rdbuf(before);
  return printed.str();
}

static std::string train_checkpoint(const fs::path& path, const Map& values) {
  const Settings s = settings_with(values);
  Trainer trainer(s);
  for (int i = 0; i < 40; ++i) trainer.step();
  save_checkpoint(path, s, trainer);
  return path.string();
}

static Map contents(const fs::path& directory) {
  Map files;
  for (const auto& entry : fs::directory_iterator(directory))
    files[entry.path().filename().string()] = read_file(entry.path());
  return files;
}

TEST_CASE("inspect: the same checkpoint gives the same bytes, beside it") {
  const Scratch folder;
  const std::string checkpoint = train_checkpoint(folder / "tiny.safetensors", small);
  const std::string first_text = run_inspect({checkpoint, "--sequences", "8"});
  const Map first = contents(folder / "tiny-geometry");
  CHECK(run_inspect({checkpoint, "--sequences", "8"}) == first_text);
  CHECK(contents(folder / "tiny-geometry") == first);
  for (const char* name : {"geometry.csv", "attention.csv", "cosine.csv", "cosine.svg",
                           "cosine-heads.svg", "attention-tiny.svg", "columns.csv"})
    CHECK_MESSAGE(first.contains(name), name);
  CHECK(first.size() == 7);
}

TEST_CASE("inspect: several checkpoints, and the models they started from") {
  const Scratch folder;
  fs::create_directories(folder / "one");
  const std::string ea = train_checkpoint(folder / "one" / "checkpoint.safetensors", small);
  const std::string dpa =
      train_checkpoint(folder / "one.safetensors", with(small, {{"score", "dpa"}}));
  const std::string out = (folder / "out").string();
  run_inspect({ea, dpa, "--initial", "--sequences", "4", "--out", out});
  const Table numbers = Table::read(folder / "out" / "geometry.csv");
  REQUIRE(numbers.rows() == 12);
  CHECK(numbers.at(0, "checkpoint") == "one");
  CHECK(numbers.at(3, "checkpoint") == "one-initial");
  CHECK(numbers.at(6, "checkpoint") == "one-2");  // a name of its own
  // Scores start from the same numbers: so do the angles.
  CHECK(numbers.at(3, "mean_abs_z") == numbers.at(9, "mean_abs_z"));
  CHECK(numbers.at(3, "antiparallel_if_uniform") == numbers.at(9, "antiparallel_if_uniform"));
}

TEST_CASE("geometry: what would take too much memory is refused, with its size") {
  const Settings s = settings_with(with(small, {{"context", "8192"}, {"position", "rope"}}));
  Trainer trainer(s);
  CHECK_THROWS_WITH_AS(measure_geometry("model", s, trainer.parameters(), 256), doctest::Contains(" GB of memory, expected at most 4.0"), Error);
}

TEST_CASE("inspect: what is wrong is told") {
  const Scratch folder;
  const std::string checkpoint = train_checkpoint(folder / "tiny.safetensors", small);
  CHECK_THROWS_AS(run_inspect({checkpoint, "--sequences", "0"}), Error);
  CHECK_THROWS_AS(run_inspect({checkpoint, "--seed", "1", "2"}), Error);
  CHECK_THROWS_AS(run_inspect({(folder / "none.safetensors").string()}), Error);
  CHECK_THROWS_AS(run_inspect({}), Error);
}

TEST_CASE("inspect: of a hybrid the layers of attention") {
  const Scratch folder;
  const std::string hybrid = train_checkpoint(folder / "hybrid.safetensors",
                                              with(small, {{"mixer", "abc+attention"}, {"layers", "2"}}));
  const std::string text = run_inspect({hybrid, "--sequences", "4", "--svm", "--queries", "20"});
  CHECK(contains(text, "layer 0 (abc)"));
  const Table numbers = Table::read(folder / "hybrid-geometry" / "geometry.csv");
  REQUIRE(numbers.rows() == 3);
  for (int row = 0; row < 3; ++row) CHECK(numbers.at(row, "layer") == "1");
  CHECK(Table::read(folder / "hybrid-geometry" / "svm.csv").rows() == 2);

  const std::string none = train_checkpoint(folder / "none.safetensors", with(small, {{"mixer", "abc"}}));
  CHECK_THROWS_WITH_AS(run_inspect({none}), doctest::Contains("query.key"), Error);
}

TEST_CASE("inspect: negative weights are attention of their size") {
  AttentionTally tally;
  tally.add_row({{-0.5, -1, 1}, {0.25, 1, 1}, {-0.25, -0.1, 1}});
  CHECK(tally.antiparallel_share() == near(0.5));
  CHECK(tally.parallel_share() == near(0.25));
  CHECK(tally.entropy_bits() == near(1.5));
  CHECK(tally.count(Standing::attended) == 1);

  const Geometry cog = measured(with(small, {{"score", "cog"}}), 8);
  const auto& p = cog.at(0, 0).example_probability;
  REQUIRE(std::any_of(p.begin(), p.end(), [](double x) { return x < 0; }));
  for (int head = 0; head < 2; ++head) {
    const AttentionTally& of_head = cog.at(0, head).tally;
    CHECK(of_head.antiparallel_share() >= 0);
    CHECK(of_head.antiparallel_share() + of_head.parallel_share() <= 1 + 1e-9);
    CHECK(of_head.relative_entropy() > 0);
    CHECK(of_head.relative_entropy() <= 1 + 1e-9);
  }
  CHECK(contains(geometry_summary({cog}), "some weights are negative"));
  CHECK_FALSE(contains(geometry_summary({measured(small, 4)}), "negative"));
  CHECK(contains(attention_svg(cog), ">weight<"));
  CHECK(xml_fault(attention_svg(cog)) == "");
}

TEST_CASE("inspect --svm: a row a head, with its columns explained") {
  const Scratch folder;
  const std::string ea = train_checkpoint(folder / "ea.safetensors", small);
  const std::string dpa = train_checkpoint(folder / "dpa.safetensors", with(small, {{"score", "dpa"}}));
  const std::string out = (folder / "out").string();
  const std::string text =
      run_inspect({dpa, ea, "--svm", "--queries", "30", "--initial", "--sequences", "4", "--out", out});
  const Table svm = Table::read(folder / "out" / "svm.csv");
  REQUIRE(svm.rows() == 8);
  for (const std::string& column : svm.columns()) CHECK_MESSAGE(contains(text, column), column);
  for (int row = 0; row < 8; ++row) {
    const bool is_dpa = svm.at(row, "contestant") == "dpa";
    if (is_dpa) CHECK(svm.at(row, "chosen_by") == "z");
    CHECK(svm.number(row, "satisfied") <= 1);
    if (is_dpa) CHECK(svm.number(row, "satisfied") > 0.99);  // softmax chooses the largest z
    if (svm.at(row, "separable") == "1") CHECK(svm.number(row, "margin_ratio") <= 1 + 1e-6);
    else CHECK(svm.at(row, "correlation") == "");
  }
  // Before training a head is its own untrained head.
  CHECK(svm.at(2, "checkpoint") == "dpa-initial");
  CHECK(svm.at(2, "correlation") == svm.at(2, "untrained_correlation"));
  CHECK(svm.at(2, "norm") == svm.at(0, "untrained_norm"));

  const std::string rope = train_checkpoint(folder / "rope.safetensors", with(small, {{"position", "rope"}}));
  CHECK_THROWS_WITH_AS(run_inspect({rope, "--svm"}), doctest::Contains("position"), Error);
  CHECK_THROWS_AS(run_inspect({ea, "--queries", "5"}), Error);
}
