// The graph: every operation against its plain computation, who replaces and who accumulates, and that a step
// allocates nothing.
#include "ladder/nn/score.h"
#include "ladder/tensor/graph.h"

#include <doctest/doctest.h>

#include <cmath>

#include "../allocation_count.h"
#include "ladder/tensor/operation_case.h"
#include "ladder/tensor/ops.h"
#include "nn/cases.h"
#include "train/trainer.h"

namespace ladder {

using namespace tensor;
using namespace train;
namespace {

// y = x², element by element, with `slope` times x for its gradient: 2 is right.
template <class T>
Tensor<T> square(Graph<T>& graph, Tensor<T> x, double slope) {
  const Tensor<T> y = graph.tensor(x.rows(), x.cols());
  graph.record(
      {x}, {y},
      [=] {
        for (std::size_t i = 0; i < y.size(); ++i) y.value()[i] = x.value()[i] * x.value()[i];
      },
      [=](Writes mode) {
        for (std::size_t i = 0; i < y.size(); ++i) {
          const T d = static_cast<T>(slope) * x.value()[i] * y.grad()[i];
          x.grad()[i] = mode[0] == Write::replace ? d : x.grad()[i] + d;
        }
      });
  return y;
}

// Its case; the plain computation adds `more`.
OperationCase square_case(double slope, double more = 0, double size = 1) {
  return operation_case(
      {.name = "square",
       .sizes = {3, 4},
       .inputs = [=](const Sizes& n) { return CaseInputs{{n[0], n[1], size}}; },
       .plain = [=](const Matrices& in, const Sizes&) {
         Matrix y = in[0];
         for (double& x : y.values) x = x * x + more;
         return Matrices{y};
       }},
      [=](auto& graph, const auto& in, const Sizes&) { return square(graph, in[0], slope); });
}

// Σ x, as a [1, 1] tensor
Tensor<double> sum(Graph<double>& graph, Tensor<double> x) {
  const Tensor<double> ones = graph.leaf(1, x.cols()), zero = graph.leaf(1, 1);
  std::fill_n(ones.value(), ones.size(), 1.0);
  REQUIRE(x.rows() == 1);
  return linear(graph, x, ones, zero);
}

Tensor<double> filled(Tensor<double> x, std::vector<double> values) {
  REQUIRE(x.size() == values.size());
  std::copy(values.begin(), values.end(), x.value());
  return x;
}

// Differentiates an ordinary result: it is its own derivative's source.
void minimise(Graph<double>& graph, Tensor<double> loss) {
  graph.minimise(loss);
  loss.grad()[0] = 1;
}

using Numbers = std::vector<double>;

Numbers gradient(Tensor<double> x) { return {x.grad(), x.grad() + x.size()}; }

TEST_CASE("cases: every operation, score, pattern and mixer agrees with its plain computation") {
  const std::vector<OperationCase> cases = nn::all_cases();
  REQUIRE(cases.size() >= 100);
  for (const OperationCase& c : cases) {
    CAPTURE(c.name);
    const CaseErrors errors = check(c);
    CHECK(verdict(errors, c) == "");
    CHECK(errors.derivatives > 0);
  }
}

TEST_CASE("cases: what is timed runs, and is the same at every replay") {
  for (const OperationCase& c : nn::all_cases()) {
    if (c.timed.empty()) continue;
    CAPTURE(c.name);
    if (c.multiply_adds) CHECK(c.multiply_adds(c.timed) > 0);
    RecordedCase<float> recorded(c, c.sizes);
    recorded.forward(), recorded.backward();
    const double first = recorded.loss();
    const long before = allocation_count();
    recorded.forward(), recorded.backward();
    CHECK(allocation_count() == before);
    CHECK(recorded.loss() == first);
    CHECK(std::isfinite(first));
  }
}

TEST_CASE("cases: the check finds what is wrong") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto fault = [](const OperationCase& c) { return verdict(check(c), c); };
  CHECK(fault(square_case(2)) == "");
  CHECK(check(square_case(2)).gradient <= 1e-9);
  CHECK(check(square_case(2)).derivatives == 12);
  CHECK(check(square_case(2.00001)).gradient == doctest::Approx(5e-6).epsilon(0.01));
  CHECK(fault(square_case(2.00001)) == "gradient beyond 1e-06");
  CHECK(check(square_case(-2)).gradient == doctest::Approx(2).epsilon(0.01));
  CHECK(fault(square_case(2, 1e-9)) == "results in double beyond 1e-11");
  CHECK(fault(square_case(2, 1e-3)) == "results in double beyond 1e-11, results in float beyond 1e-05");
  // NaN compares false with everything, but is no agreement
  CHECK(fault(square_case(nan)).starts_with("gradient beyond"));
  CHECK(fault(square_case(2, nan)).starts_with("results in double beyond"));
  CHECK(fault(square_case(2, 0, std::numeric_limits<double>::infinity())) != "");
}

// y = |x|, with the slope of the other side if `wrong`.
OperationCase kink_case(double size, bool wrong = false) {
  return operation_case(
      {.name = "kink",
       .sizes = {1, 40},
       .inputs = [=](const Sizes& n) { return CaseInputs{{n[0], n[1], size}}; },
       .plain = [](const Matrices& in, const Sizes&) {
         Matrix y = in[0];
         for (double& x : y.values) x = std::fabs(x);
         return Matrices{y};
       }},
      [=](auto& graph, const auto& in, const Sizes&) {
        const auto x = in[0], y = graph.tensor(x.rows(), x.cols());
        graph.record({x}, {y},
                     [=] { for (std::size_t i = 0; i < y.size(); ++i) y.value()[i] = std::fabs(x.value()[i]); },
                     [=](Writes) {
                       for (std::size_t i = 0; i < y.size(); ++i)
                         x.grad()[i] = ((x.value()[i] > 0) == wrong ? -1 : 1) * y.grad()[i];
                     });
        return y;
      });
}

TEST_CASE("cases: derivatives beside a kink are left out, but not too many, and wrong ones are found") {
  const CaseErrors few = check(kink_case(0.01));
  CHECK(few.left_out > 0);
  CHECK(few.left_out + few.derivatives == 40);
  CHECK(verdict(few, kink_case(0.01)) == "");
  CHECK(verdict(check(kink_case(0.01, true)), kink_case(0.01)).starts_with("gradient beyond"));
  CHECK(verdict(check(kink_case(1e-4)), kink_case(1e-4)) == "most numeric derivatives are uncertain");
}

TEST_CASE("graph: a tensor with several readers gets the sum of their gradients") {
  Graph<double> graph;
  const auto x = filled(graph.leaf(1, 3, true), {1, -2, 3});
  const auto squares = square(graph, x, 2);
  // x² + 5x + (x + x): three readers of x, one of which reads it twice
  const auto y = add(graph, add(graph, squares, scale(graph, x, 5)), add(graph, x, x));
  minimise(graph, sum(graph, y));
  for (int replay = 0; replay < 3; ++replay) {  // nothing is left over from the replay before
    graph.forward();
    graph.backward();
    CHECK(gradient(x) == Numbers{9, 3, 13});
  }
}

TEST_CASE("graph: gradients of parameters replace what the buffer holds, or are added to it") {
  Numbers values = {1, 2, 3}, buffer(5, 100), other(5, 100);
  Graph<double> graph;
  const auto p = graph.parameter(values.data(), 1, 3, 1);
  minimise(graph, sum(graph, add(graph, scale(graph, p, 2), square(graph, p, 2))));
  graph.bind_gradients(buffer.data());
  graph.forward();
  graph.backward();
  CHECK(buffer == Numbers{100, 4, 6, 8, 100});
  graph.backward(Write::accumulate);
  CHECK(buffer == Numbers{100, 8, 12, 16, 100});
  graph.bind_gradients(other.data());  // from now on elsewhere
  graph.backward(Write::accumulate);
  CHECK(other == Numbers{100, 104, 106, 108, 100});
  CHECK(buffer == Numbers{100, 8, 12, 16, 100});

  values = {0, 0, 1};  // a replay reads the parameters anew
  graph.forward();
  graph.backward();
  CHECK(other == Numbers{100, 2, 2, 4, 100});
}

TEST_CASE("graph: results in between are replaced even when parameters accumulate") {
  Numbers values = {3}, buffer(1);
  Graph<double> graph;
  const auto p = graph.parameter(values.data(), 1, 1, 0);
  const auto squared = square(graph, scale(graph, p, 1), 2);
  minimise(graph, square(graph, squared, 2));  // p⁴
  graph.bind_gradients(buffer.data());
  for (int i = 1; i <= 3; ++i) {
    graph.forward();
    graph.backward(Write::accumulate);
    CHECK(buffer[0] == 108 * i);  // 4p³
  }
}

TEST_CASE("graph: a branch that the loss does not depend on takes no part in backward") {
  Graph<double> graph;
  const auto x = filled(graph.leaf(1, 2, true), {1, 2});
  const auto y = scale(graph, x, 3);
  const auto dead = square(graph, y, std::numeric_limits<double>::quiet_NaN());
  const auto loss = sum(graph, y);
  scale(graph, loss, 7);  // reads the loss: comes after it
  minimise(graph, loss);
  graph.forward();
  graph.backward();
  CHECK(gradient(x) == Numbers{3, 3});
  CHECK(dead.value()[1] == 36);  // forward computes it
}

TEST_CASE("graph: split gives the parts' gradients to the whole") {
  Graph<double> graph;
  const auto x = filled(graph.leaf(1, 4, true), {1, 2, 3, 4});
  const auto parts = split(graph, scale(graph, x, 1), {2, 2});
  CHECK(parts[1].value()[1] == 0);  // a view, before the first replay
  minimise(graph, add(graph, sum(graph, parts[0]), scale(graph, sum(graph, parts[1]), 10)));
  graph.forward();
  CHECK(parts[1].value()[1] == 4);
  graph.backward();
  CHECK(gradient(x) == Numbers{1, 1, 10, 10});
}

TEST_CASE("graph: what was split can have no other reader") {
  Graph<double> graph;
  const auto x = scale(graph, graph.leaf(1, 4, true), 1);
  const auto parts = split(graph, x, {2, 2});
  const auto both = add(graph, sum(graph, parts[0]), sum(graph, parts[1]));
  minimise(graph, add(graph, sum(graph, x), both));
  graph.forward();
  CHECK_THROWS_WITH_AS(graph.backward(), "split: the tensor that was split has another reader",
                       Error);
}

TEST_CASE("graph: a part of a split that is not used is refused") {
  Graph<double> graph;
  const auto parts = split(graph, scale(graph, graph.leaf(1, 4, true), 1), {2, 2});
  CHECK_THROWS_AS(graph.minimise(sum(graph, parts[0])), Error);
}

TEST_CASE("graph: shapes that do not fit are refused while recording") {
  Graph<double> graph;
  const auto x = graph.leaf(4, 6);
  CHECK_THROWS_AS(add(graph, x, graph.leaf(4, 5)), Error);
  CHECK_THROWS_AS(add(graph, x, graph.leaf(3, 6)), Error);  // 3 does not divide 4
  CHECK_THROWS_AS(split(graph, x, {3, 2}), Error);
}

TEST_CASE("graph: losses can be added and scaled like any other result") {
  static const Targets targets = {{2, 0, 1}, 1.0 / 3};
  const OperationCase mixed = operation_case(
      {.name = "mixed", .sizes = {3, 4}, .inputs = [](const Sizes& n) { return CaseInputs{{n[0], n[1]}}; }},
      [](auto& graph, const auto& in, const Sizes&) {
        return add(graph, cross_entropy(graph, in[0], targets),
                   scale(graph, squared_loss(graph, in[0], targets), 0.1));
      });
  CHECK(verdict(check(mixed), mixed) == "");
}

TEST_CASE("graph: without gradients it computes the same in less memory") {
  std::size_t bytes[2];
  for (const bool with_gradients : {false, true}) {
    using Purpose = Graph<double>::Purpose;
    Graph<double> graph(with_gradients ? Purpose::training : Purpose::inference);
    const auto x = filled(graph.leaf(1, 2), {1, 2});
    const auto y = sum(graph, scale(graph, x, 3));
    graph.forward();
    CHECK(y.value()[0] == 9);
    CHECK((y.grad() != nullptr) == with_gradients);
    bytes[with_gradients] = graph.bytes();
  }
  CHECK(bytes[0] < bytes[1]);
}

TEST_CASE("trainer: a step allocates nothing, for every plug-in") {
  // The counter itself counts.
  const long before = allocation_count();
  std::vector<int> three(3);
  three.resize(1000);
  CHECK(allocation_count() == before + 2);

  // Each plug-in beside the defaults of the other kinds.
  for (const Kind& kind : Registry<Kind>::all())
    for (const Plugin* plugin : kind.plugins())
      for (const std::string position : {"learned", "sinusoidal"})
        for (const int threads : {1, 2}) {
          CAPTURE(plugin->name);
          CAPTURE(position);
          CAPTURE(threads);
          Settings s;
          Choices chosen = plugin->tiny;
          for (const auto& choice : Choices{{kind.name, plugin->name}, {"position", position},
                                            {"batch", "8"}, {"schedule", "cosine"}, {"clip", "0.1"}})
            chosen.push_back(choice);
          for (const auto& [key, value] : chosen) s.set(key, value, "test");
          s.resolve();
          Trainer trainer(s, threads);
          for (int i = 0; i < 3; ++i) trainer.step();  // buffers of the threads grow
          const long warm = allocation_count();
          for (int i = 0; i < 5; ++i) trainer.step();
          const long allocations = allocation_count() - warm;
          CHECK(allocations == 0);
        }
}

}  // namespace
}  // namespace ladder
