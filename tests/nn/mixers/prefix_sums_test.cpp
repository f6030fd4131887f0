// Linear-time mixers, by both algorithms, against their formulas.
#include "ladder/nn/transformer.h"
#include "subject.h"

namespace ladder::nn {
namespace {

using namespace testing;

const std::pair<Algorithm, const char*> algorithms[] = {{Algorithm::quadratic, "quadratic"},
                                                        {Algorithm::linear, "linear"},
                                                        {Algorithm::automatic, "automatic"}};

Shape as_it_is(Shape s) { return s; }

Subject cosformer_subject(Algorithm a) {
  const auto record = [=](auto& graph, const auto& in, const Shape& s) {
    return cosformer(graph, in.query, in.key, in.value, {s.batch, s.heads}, a);
  };
  return {"cosformer", as_it_is, record, record,
          [](const Shape& s, const Numbers& q, const Numbers& k, const Numbers&) {
            return plain::cosformer(s.context, q, k);
          },
          2e-5};
}

Subject linear_subject(Algorithm a) {
  const auto record = [=](auto& graph, const auto& in, const Shape& s) {
    return linear_attention(graph, in.query, in.key, in.value, {s.batch, s.heads}, a);
  };
  return {"linear", as_it_is, record, record,
          [](const Shape& s, const Numbers& q, const Numbers& k, const Numbers&) {
            return plain::linear_attention(s.context, q, k);
          }};
}

// With one entry a head the weights are a product and cancel nothing; with more, z is a difference of
// large numbers where q and k are nearly orthogonal, which the sums feel more than direct forming.
Subject square_subject(Algorithm a) {
  const auto record = [=](auto& graph, const auto& in, const Shape& s) {
    return square_sums(graph, in.query, in.key, in.value, {{s.batch, s.heads}, 0.6, a});
  };
  return {"square", as_it_is, record, record,
          [](const Shape& s, const Numbers& q, const Numbers& k, const Numbers&) {
            return plain::square_sums(s.context, q, k, 0.6);
          },
          4e-5};
}

Subject rebased_subject(Algorithm a) {
  const auto record = [=](auto& graph, const auto& in, const Shape& s) {
    // Weight and bias are made of the one extra row, so that it can be one input of the test.
    const auto parts = split(graph, in.extra, {s.head_size, s.head_size});
    return rebased(graph, in.query, in.key, in.value, parts[0], parts[1],
                   {{s.batch, s.heads}, 1 / std::sqrt(s.head_size), a});
  };
  const auto shape = [](Shape s) {
    s.extra_rows = 1, s.extra_cols = 2 * s.head_size;
    return s;
  };
  return {"rebased", shape, record, record,
          [](const Shape& s, const Numbers& q, const Numbers& k, const Numbers& extra) {
            return plain::rebased(s.context, q, k, extra, 1 / std::sqrt(s.head_size));
          },
          1e-4};
}

template <class Make>
void check_all(Make make) {
  for (const auto& named : algorithms) {
    CAPTURE(std::string(named.second));  // clang 14 captures no bindings
    check_subject(make(named.first));
  }
}

TEST_CASE("cosformer: the formula, causal, by both algorithms") { check_all(cosformer_subject); }
TEST_CASE("linear: the formula, causal, by both algorithms") { check_all(linear_subject); }
TEST_CASE("square by sums: the formula, causal, by both algorithms") { check_all(square_subject); }
TEST_CASE("rebased: the formula, causal, by both algorithms") { check_all(rebased_subject); }

// Backward walks long contexts in chunks.
TEST_CASE("sums over prefixes: in long contexts, too, both algorithms agree") {
  for (const auto make : {cosformer_subject, linear_subject, square_subject, rebased_subject}) {
    const Shape shape{2, 2, 2100, 3};
    Run<double> linear(make(Algorithm::linear), shape), quadratic(make(Algorithm::quadratic), shape);
    CHECK(largest_difference(linear.out(), quadratic.out()) < 1e-8);
    const Numbers exact = quadratic.gradients();
    double size = 0;
    for (const double x : exact) size = std::max(size, std::fabs(x));
    CHECK(largest_difference(linear.gradients(), exact) < 1e-8 * size);
  }
}

TEST_CASE("cosformer: small numbers of the reference") {
  for (const auto& named : algorithms) {
    CAPTURE(std::string(named.second));
    Run<double> run(cosformer_subject(named.first), {1, 1, 8, 4});
    fill_small(run);
    const auto out = run.out();
    const Numbers v0(run.in.value.value(), run.in.value.value() + 4);
    CHECK(largest_difference(row_of(out, 0), v0) <= 1e-12);
    CHECK(largest_difference(row_of(out, 1), {0.304135583, -0.454617000, -0.937605010, -0.851854403}) <= 1e-9);
    CHECK(largest_difference(row_of(out, 7), {0.296841734, 0.714204014, 0.698339724, 0.258871927}) <= 1e-9);
  }
}

TEST_CASE("cosformer: weights of equal tokens fall as the cosine of the distance; a negative key has none") {
  Run<double> run(cosformer_subject(Algorithm::linear), {1, 1, 50, 3});
  for (int t = 0; t < 50; ++t)
    for (int c = 0; c < 3; ++c) {
      run.in.query.value()[t * run.in.query.stride() + c] = 1;
      run.in.key.value()[t * run.in.key.stride() + c] = t == 20 ? -1 : 1;
    }
  run.out();
  const auto p = run.map();
  for (int j = 0; j < 49; ++j)
    CHECK(p[49 * 50 + j] / p[49 * 50 + 49] ==
          doctest::Approx(j == 20 ? 0 : std::cos(std::acos(-1.0) * (49 - j) / 100)).epsilon(1e-12));
}

TEST_CASE("cosformer: where all products vanish, output and gradients are zero") {
  for (const auto& named : algorithms) {
    Run<float> run(cosformer_subject(named.first), {1, 2, 40, 4});
    for (int t = 0; t < 40; ++t)
      for (int c = 0; c < 8; ++c) {
        float& q = run.in.query.value()[t * run.in.query.stride() + c];
        q = -std::fabs(q);
      }
    for (const float x : run.out()) REQUIRE(x == 0);
    for (const double x : run.gradients()) REQUIRE(x == 0);
  }
}

TEST_CASE("prefix sums: both algorithms agree to rounding, also after many tokens") {
  for (const auto make : {cosformer_subject, linear_subject, square_subject, rebased_subject}) {
    const Shape shape{1, 2, 1000, 8};
    Run<double> quadratic(make(Algorithm::quadratic), shape), linear(make(Algorithm::linear), shape);
    const auto expected = quadratic.out();
    CHECK(largest_difference(linear.out(), expected) <= 1e-12);
    CHECK(largest_difference(linear.gradients(), quadratic.gradients()) <= 1e-9);
    Run<float> single(make(Algorithm::linear), shape);
    CHECK(largest_difference(single.out(), expected) <= 5e-5);
  }
}

// The loss and all gradients of a small model.
template <class T>
std::vector<double> model_numbers(const Choices& choices, int context) {
  Settings s;
  for (const auto& [key, value] : choices) s.set(key, value, "test");
  s.resolve();
  const ModelConfig config = model_config(s, 7, context);
  Parameters<T> parameters = declared_parameters<T>(config);
  parameters.initialise(3);
  Network<T> network(config, parameters, 2);
  const Random random(4, "tokens");
  for (std::size_t i = 0; i < network.tokens.size(); ++i) {
    network.tokens[i] = random.below(7, i, 0);
    network.targets.token[i] = random.below(7, i, 1);
  }
  network.targets.weight = 1.0 / static_cast<double>(network.tokens.size());
  std::vector<T> gradients(parameters.values().size());
  network.graph.bind_gradients(gradients.data());
  network.graph.forward(), network.graph.backward();
  std::vector<double> numbers(gradients.begin(), gradients.end());
  numbers.push_back(network.loss.value()[0]);
  return numbers;
}

TEST_CASE("score square: both algorithms are the same model to rounding") {
  for (const char* scale : {"on", "off"})
    for (const char* position : {"none", "learned", "sinusoidal"})
      for (const int context : {5, 33, 150}) {
        CAPTURE(context);
        const auto with = [&](const char* algorithm) {
          return Choices{{"score", "square"}, {"algorithm", algorithm}, {"scale", scale}, {"layers", "2"},
                         {"position", position}, {"d_model", "12"}, {"heads", "2"}};
        };
        const auto pairs = model_numbers<double>(with("quadratic"), context);
        const auto sums = model_numbers<double>(with("linear"), context);
        CHECK(sums != pairs);  // or one of them was not asked
        double largest = 0, difference = 0;
        for (std::size_t i = 0; i < pairs.size(); ++i) {
          largest = std::max(largest, std::fabs(pairs[i]));
          difference = std::max(difference, std::fabs(pairs[i] - sums[i]));
        }
        CHECK(difference <= 1e-7 * largest);
      }
}

std::string algorithm_of(Choices choices) {
  Settings s;
  choices.insert(choices.begin(), {{"score", "square"}, {"d_model", "32"}, {"heads", "4"}});
  for (const auto& [key, value] : choices) s.set(key, value, "test");
  s.resolve();
  return s.text("algorithm");
}

TEST_CASE("score square: auto is the cheaper algorithm, and quadratic where linear cannot be") {
  CHECK(algorithm_of({{"context", "24"}}) == "quadratic");
  CHECK(algorithm_of({{"context", "2048"}}) == "linear");
  CHECK(algorithm_of({{"context", "512"}, {"heads", "1"}}) == "quadratic");  // 528 products of 32 entries
  CHECK(algorithm_of({{"context", "2048"}, {"pattern", "window"}}) == "quadratic");
  CHECK(algorithm_of({{"context", "2048"}, {"position", "rope"}}) == "quadratic");
  CHECK(algorithm_of({{"context", "2048"}, {"position", "alibi"}}) == "quadratic");
  const auto built = [](Choices choices) {
    Settings s;
    choices.insert(choices.begin(), {{"score", "square"}, {"algorithm", "linear"}});
    for (const auto& [key, value] : choices) s.set(key, value, "test");
    s.resolve();
    model_config(s, 7, 30);
  };
  built({});
  CHECK_THROWS_WITH_AS(built({{"pattern", "window"}}), doctest::Contains("pattern"), Error);
  CHECK_THROWS_WITH_AS(built({{"position", "rope"}}), doctest::Contains("position"), Error);
  CHECK_THROWS_WITH_AS(built({{"position", "alibi"}}), doctest::Contains("position"), Error);
}

}  // namespace
}  // namespace ladder::nn
