// The operations, each recorded into a graph by one function. Every one lives in a file of its own
// in src/tensor/ops/, its gradient beside it, followed by the case that checks the gradient.
// All are instantiated for float (which trains) and double (which checks).
//
// Shapes are [rows, cols]; rows are tokens, batch-major. An input without gradient is a constant.
#pragma once

#include <cstdint>
#include <vector>

#include "ladder/base/named.h"
#include "ladder/tensor/graph.h"

namespace ladder::tensor {

enum class Activation { none, gelu, relu, tanh };
// The words of the setting `activation`.
inline constexpr Named<Activation> activations[] = {
    {"gelu", Activation::gelu}, {"relu", Activation::relu}, {"tanh", Activation::tanh}};

// y = activation(x·Wᵀ + b)   x [rows, in], W [out, in], b [1, out] -> y [rows, out]
// x may be strided.
template <class T>
Tensor<T> linear(Graph<T>& graph, Tensor<T> x, Tensor<T> weight, Tensor<T> bias,
                 Activation activation = Activation::none);

// y = activation(x), element by element; gelu is its tanh approximation.
template <class T>
Tensor<T> activate(Graph<T>& graph, Tensor<T> x, Activation activation);

// y[r] = table[tokens[r]]   tokens [rows] is read at every replay; table [vocabulary, cols]
template <class T>
Tensor<T> embedding(Graph<T>& graph, const std::int32_t* tokens, int rows, Tensor<T> table);

// y[r] = value · unit vector number tokens[r]   -> [rows, cols], cols >= vocabulary; not trained
template <class T>
Tensor<T> one_hot(Graph<T>& graph, const std::int32_t* tokens, int rows, int cols, double value);

// y = a + b   a [rows, cols]; b [n, cols] with n dividing rows is repeated (positions of a batch)
template <class T>
Tensor<T> add(Graph<T>& graph, Tensor<T> a, Tensor<T> b);

// y = x[*row]   x [rows, cols]; *row is read at every replay -> [1, cols]; has no gradient
template <class T>
Tensor<T> row_at(Graph<T>& graph, Tensor<T> x, const int* row);

// y = factor · x
template <class T>
Tensor<T> scale(Graph<T>& graph, Tensor<T> x, double factor);

// y = weight · (x - mean) / sqrt(variance + 1e-5) + bias, row by row, biased variance.
// weight, bias [1, cols]. With a residual, the same of x + residual.
template <class T>
Tensor<T> layer_norm(Graph<T>& graph, Tensor<T> x, Tensor<T> weight, Tensor<T> bias,
                     Tensor<T> residual = {});

// x [rows, Σ widths] -> views [rows, widths[i]] on its columns; no copy. x itself must then have no
// other reader, and every part must be used.
template <class T>
std::vector<Tensor<T>> split(Graph<T>& graph, Tensor<T> x, const std::vector<int>& widths);

// What the losses compare with; read at every replay. The user owns it and keeps it alive.
struct Targets {
  std::vector<std::int32_t> token;  // [rows]; below 0: ignored
  double weight = 1;                // of each row: 1 / (number of targets) gives the mean
};

// loss = weight · Σ_r -log softmax(logits[r])[token[r]]   logits [rows, vocabulary] -> [1, 1]
template <class T>
Tensor<T> cross_entropy(Graph<T>& graph, Tensor<T> logits, const Targets& targets);

// loss = weight · Σ_r Σ_v (logits[r, v] - [v = token[r]])²
template <class T>
Tensor<T> squared_loss(Graph<T>& graph, Tensor<T> logits, const Targets& targets);

}  // namespace ladder::tensor
