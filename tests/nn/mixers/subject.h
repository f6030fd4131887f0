// A mixer under test: the operation, and the same mixer written out plainly, in double, by its formula.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "ladder/base/random.h"
#include "ladder/tensor/ops.h"
#include "nn/mixers/plain.h"

namespace ladder::nn::testing {

using plain::Numbers;

// Sizes of a problem, and what a subject wants beside query, key and value.
struct Shape {
  int batch = 1, heads = 1, context = 8, head_size = 4;
  int key_size = 0;    // of a head's query and key; 0: head_size
  int extra_rows = 0;  // of the extra input; -1: a row a token
  int extra_cols = 0;  // 0: there is none
  int rows() const { return batch * context; }
  int keys() const { return key_size ? key_size : head_size; }
};

template <class T>
struct Inputs {
  Tensor<T> query, key, value, extra;
};

struct Subject {
  std::string name;
  // Completes a shape of batch, heads, context and head_size.
  std::function<Shape(Shape)> shape;
  std::function<Mixture<float>(Graph<float>&, const Inputs<float>&, const Shape&)> single;
  std::function<Mixture<double>(Graph<double>&, const Inputs<double>&, const Shape&)> twice;
  // The weights [query, key] of one head by the formula: q, k [context, keys], extra as it is for this
  // head of this sequence.
  std::function<Numbers(const Shape&, const Numbers& q, const Numbers& k, const Numbers& extra)> plain;
  double tolerance = 1e-5;  // in float

  template <class T>
  Mixture<T> record(Graph<T>& graph, const Inputs<T>& inputs, const Shape& s) const {
    if constexpr (sizeof(T) == sizeof(float)) return single(graph, inputs, s);
    else return twice(graph, inputs, s);
  }
};

// One operation on inputs of its own; query, key and value are views side by side if they fit.
template <class T>
struct Run {
  Shape s;
  Graph<T> graph;
  Inputs<T> in;
  Mixture<T> mixed;

  Run(const Subject& subject, Shape shape, double size = 1) : s(subject.shape(shape)) {
    if (s.keys() == s.head_size) {
      const Tensor<T> all = graph.leaf(s.rows(), 3 * s.heads * s.head_size, true);
      const auto parts = split(graph, all, {s.heads * s.head_size, s.heads * s.head_size, s.heads * s.head_size});
      in = {parts[0], parts[1], parts[2], {}};
    } else {
      in.query = graph.leaf(s.rows(), s.heads * s.keys(), true);
      in.key = graph.leaf(s.rows(), s.heads * s.keys(), true);
      in.value = graph.leaf(s.rows(), s.heads * s.head_size, true);
    }
    if (s.extra_cols)
      in.extra = graph.leaf(s.extra_rows < 0 ? s.rows() : s.extra_rows, s.extra_cols, true);
    fill(in.query, "query", size), fill(in.key, "key", size), fill(in.value, "value", 1);
    if (in.extra) fill(in.extra, "extra", size);
    mixed = subject.record(graph, in, s);
  }

  static void fill(Tensor<T> x, const char* name, double size) {
    const Random random(5, name);
    for (int r = 0; r < x.rows(); ++r)  // the same for float and double
      for (int c = 0; c < x.cols(); ++c)
        x.value()[r * x.stride() + c] = static_cast<T>(static_cast<float>(
            size * random.normal(static_cast<std::uint64_t>(r) * x.cols() + c)));
  }

  std::vector<T> out() {
    graph.forward();
    return {mixed.out.value(), mixed.out.value() + mixed.out.size()};
  }
  std::vector<T> map() {
    std::vector<T> p(static_cast<std::size_t>(s.batch) * s.heads * s.context * s.context,
                     std::nan("") /* look must write every place */);
    const std::size_t head = static_cast<std::size_t>(s.context) * s.context;
    for (int b = 0; b < s.batch; ++b)
      for (int h = 0; h < s.heads; ++h)
        for (int begin = 0; begin < s.context; begin += 23) {
          T* rows = p.data() + (b * s.heads + h) * head + static_cast<std::size_t>(begin) * s.context;
          mixed.look({.sequence = b, .head = h, .begin = begin, .end = std::min(begin + 23, s.context),
                      .probabilities = rows});
        }
    return p;
  }
  // Gradients of all inputs for a fixed gradient of out, row by row.
  Numbers gradients() {
    graph.minimise(mixed.out);
    const Random random(6, "dout");
    for (std::size_t i = 0; i < mixed.out.size(); ++i)
      mixed.out.grad()[i] = static_cast<T>(static_cast<float>(random.normal(i)));
    graph.backward();
    Numbers result;
    for (const Tensor<T>& x : {in.query, in.key, in.value, in.extra})
      for (int r = 0; x && r < x.rows(); ++r)
        result.insert(result.end(), x.grad() + r * x.stride(), x.grad() + r * x.stride() + x.cols());
    return result;
  }
};

inline Numbers head_values(Tensor<double> x, const Shape& s, int size, int b, int h) {
  Numbers result;
  for (int t = 0; t < s.context; ++t)
    for (int c = 0; c < size; ++c)
      result.push_back(x.value()[(b * s.context + t) * x.stride() + h * size + c]);
  return result;
}

template <class T>
double largest_difference(const std::vector<T>& ours, const Numbers& expected) {
  double result = ours.size() == expected.size() ? 0 : 1e300;
  for (std::size_t i = 0; i < expected.size() && result < 1e300; ++i) {
    const double difference = std::fabs(ours[i] - expected[i]);
    if (!(difference <= result)) result = std::isnan(difference) ? 1e300 : difference;
  }
  return result;
}

// The numbers of the reference's small table: T = 8, e = 4, one head.
template <class T>
void fill_small(Run<T>& run) {
  const auto set = [&](Tensor<T> x, auto f) {
    for (int t = 0; t < x.rows(); ++t)
      for (int c = 0; c < x.cols(); ++c) x.value()[t * x.stride() + c] = static_cast<T>(f(t, c));
  };
  set(run.in.query, [](int t, int c) { return std::sin(0.9 * t + 1.7 * c + 0.3); });
  set(run.in.key, [](int t, int c) { return std::cos(1.1 * t + 0.6 * c + 0.1); });
  set(run.in.value, [](int t, int c) { return std::sin(0.5 * t - 0.8 * c + 0.2); });
}

template <class T>
std::vector<T> row_of(const std::vector<T>& x, int row, int cols = 4) {
  return {x.begin() + row * cols, x.begin() + (row + 1) * cols};
}

// What must hold for every mixer.
void check_subject(const Subject& subject);

}  // namespace ladder::nn::testing
