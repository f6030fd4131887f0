// The mixers' formulas written plainly, in double, each defined beside its fast form: what cases and
// tests compare with.
//
// A map has the weights [context, context] of one head, 0 above the diagonal, from q, k [context, size].
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "ladder/tensor/operation_case.h"
#include "nn/mixers/operations.h"

namespace ladder::nn {

namespace plain {

using Numbers = std::vector<double>;

Numbers cosformer(int context, const Numbers& q, const Numbers& k, double scale = 1);
Numbers linear_attention(int context, const Numbers& q, const Numbers& k, double scale = 1);
Numbers square_sums(int context, const Numbers& q, const Numbers& k, double scale);
// weight_and_bias: of the norm, one behind the other.
Numbers rebased(int context, Numbers q, Numbers k, const Numbers& weight_and_bias, double scale);
Numbers abc(int context, const Numbers& q, const Numbers& k, const Numbers& slots);

// A combiner's plan by the words of the paper: of query i, the first direct key and the spans
// [begin, end) before it.
struct CombinerWords {
  std::function<int(int i)> first_direct;
  std::function<std::vector<std::pair<int, int>>(int i)> spans;
};
CombinerWords fixed_plan(int span);
CombinerWords logsparse_plan();
Numbers combiner(int context, const Numbers& q, const Numbers& k, const CombinerWords& plan);

std::vector<int> zeta_selection(const Numbers& q, const Numbers& k, int size, int query, const ZetaOptions& o);
Numbers zeta(int context, const Numbers& q, const Numbers& k, double gamma, const ZetaOptions& o);

// The columns kept by a row of scores [heads, width] with so many visible keys.
std::vector<std::vector<bool>> sea_kept(const Numbers& scores, int heads, int width, int top_k, int visible);
// Of one head alone; scores [context, width], gates [context, 2].
Numbers sea_attention(int context, const Numbers& q, const Numbers& k, const Numbers& scores,
                      const Numbers& gates, int top_k);

// s(i, j), divided by what `divisor` makes of its row's sum.
template <class S>
Numbers divided(int context, S s, double (*divisor)(double)) {
  Numbers p(static_cast<std::size_t>(context) * context);
  for (int i = 0; i < context; ++i) {
    double sum = 0;
    for (int j = 0; j <= i; ++j) sum += p[i * context + j] = s(i, j);
    for (int j = 0; j <= i; ++j) p[i * context + j] /= divisor(sum);
  }
  return p;
}
inline double plus_epsilon(double sum) { return sum + 1e-9; }

// f(q_i)·f(k_j), f of each element.
template <class F>
double product(const Numbers& q, int i, const Numbers& k, int j, int size, F f) {
  double z = 0;
  for (int c = 0; c < size; ++c) z += f(q[i * size + c]) * f(k[j * size + c]);
  return z;
}
inline double product(const Numbers& q, int i, const Numbers& k, int j, int size) {
  return product(q, i, k, j, size, [](double x) { return x; });
}

}  // namespace plain

// A case of the operation of a mixer, of query, key, value and `more` inputs; sizes are batch, heads,
// context, a head's query size and its value size. map(context, q, k, more...) gives a head's weights;
// it gets the head's columns of inputs that have a row a token, others whole.
struct MixtureCase {
  std::string name;
  Sizes sizes, timed = {};
  std::function<CaseInputs(const Sizes&)> more = [](const Sizes&) { return CaseInputs{}; };
  std::function<plain::Numbers(int context, const std::vector<plain::Numbers>&)> map;
  double tolerance = 1e-5;
};

OperationCase mixture_card(const MixtureCase& mixture);

template <class F>
OperationCase mixture_case(const MixtureCase& mixture, F record) {
  return operation_case(mixture_card(mixture), [record](auto& graph, const auto& in, const Sizes& n) {
    return record(graph, in, Cut{n[0], n[1]});
  });
}

// The cases of a map's prefix sums, by both algorithms and over several blocks.
template <class Map>
bool register_prefix_sum_cases(const std::string& name,
                               plain::Numbers (*map)(int, const plain::Numbers&, const plain::Numbers&, double),
                               const char* file = __builtin_FILE()) {
  const auto add = [&](const std::string& what, const Sizes& sizes, double scale, Algorithm algorithm,
                       const Sizes& timed = {}) {
    const MixtureCase mixture = {
        .name = name + "_" + what, .sizes = sizes, .timed = timed,
        .map = [=](int context, const auto& in) { return map(context, in[0], in[1], scale); },
        .tolerance = 5e-5};  // large numbers cancel in the sums
    const Registered<OperationCase> registered(
        mixture_case(mixture, [=](auto& graph, const auto& in, Cut cut) {
          return prefix_sums<Map>(graph, in[0], in[1], in[2], {cut, scale, algorithm}).out;
        }), file);
  };
  const Sizes timed = {32, 4, 128, 32, 32};
  add("quadratic", {2, 2, 9, 3, 3}, 0.7, Algorithm::quadratic, timed);
  add("quadratic_long", {1, 1, 35, 2, 2}, 1, Algorithm::quadratic);
  add("linear", {2, 2, 9, 3, 3}, 0.7, Algorithm::linear, timed);
  add("linear_long", {1, 1, 67, 2, 2}, 1, Algorithm::linear);
  return true;
}

}  // namespace ladder::nn
