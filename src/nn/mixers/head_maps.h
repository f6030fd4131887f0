// Maps of every head's entries by the same parameters: what linear, layer_norm and concatenation do to
// rows, done to the slices of rows. x [rows, heads·entries], possibly strided.
#pragma once

#include "nn/mixers/mixture.h"

namespace ladder::nn {

// Layer norm over a head's entries; weight, bias [1, entries].
template <class T>
Tensor<T> head_norm(Graph<T>& graph, Tensor<T> x, Tensor<T> weight, Tensor<T> bias, int heads);

// y = x·Wᵀ + b of each head; weight [out, entries], bias [1, out] or none -> [rows, heads·out].
template <class T>
Tensor<T> head_linear(Graph<T>& graph, Tensor<T> x, Tensor<T> weight, Tensor<T> bias, int heads);

// The entries of a and those of b behind them, for each head. Rows of a repeat (positions of a batch);
// shared: a has entries for one head, which all take.
template <class T>
Tensor<T> head_join(Graph<T>& graph, Tensor<T> a, Tensor<T> b, int heads, bool shared);

}  // namespace ladder::nn
