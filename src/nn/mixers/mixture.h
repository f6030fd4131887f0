// What the operation of a mixer gives, and the small pieces that mixers share.
//
// A mixer takes query, key and value [batch·context, d], possibly strided views; row b·context + t is
// token t of sequence b, and head h owns the columns from h·(d/heads) on. It is causal bit for bit:
// neither an output nor a chosen list depends on a later token.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>

#include "ladder/base/error.h"
#include "ladder/tensor/graph.h"
#include "ladder/tensor/kernels/attention_problem.h"
#include "ladder/tensor/kernels/elementwise.h"

namespace ladder::nn {

using namespace tensor;

template <class T>
struct Mixture {
  Tensor<T> out;  // [batch·context, columns of value]
  // Rows of the dense map p of the last forward, out[i] = Σ_j p[i, j]·v[j]. There are no products.
  std::function<void(const AttentionMaps<T>&)> look;
  Tensor<T> extra_loss = {};  // [1, 1], to be added to the loss; may be empty
};

// Fills the asked for rows of the maps of a context; row(i, p) writes p[0 .. i], the rest is 0.
template <class T, class F>
void fill_maps(const AttentionMaps<T>& maps, int context, F row) {
  const std::size_t size = static_cast<std::size_t>(maps.end - maps.begin) * context;
  if (maps.products) std::fill_n(maps.products, size, T(0));
  if (maps.probabilities) std::fill_n(maps.probabilities, size, T(0));
  for (int i = maps.begin; i < maps.end; ++i) {
    const std::size_t at = static_cast<std::size_t>(i - maps.begin) * context;
    for (int j = 0; maps.legal && j < context; ++j) maps.legal[at + j] = j <= i;
    if (maps.probabilities) row(i, maps.probabilities + at);
  }
}

// How rows and columns are cut.
struct Cut {
  int batch, heads;
};

// The rows of one (sequence, head), [context, size], inside a tensor's values or gradients.
template <class T>
struct HeadRows {
  T* data;
  std::ptrdiff_t stride;
  T* row(std::ptrdiff_t t) const { return data + t * stride; }
};

template <class T>
HeadRows<T> head_rows(T* whole, Tensor<T> x, Cut cut, int b, int h) {
  const std::ptrdiff_t context = x.rows() / cut.batch, size = x.cols() / cut.heads;
  return {whole + b * context * x.stride() + h * size, x.stride()};
}

// Throws a failure unless query and key have the same shape, value as many rows, and heads divide.
template <class T>
void check_shapes(const char* mixer, Tensor<T> query, Tensor<T> key, Tensor<T> value, Cut cut) {
  const std::string name(mixer);
  if (query.rows() != key.rows() || query.rows() != value.rows() || query.cols() != key.cols())
    throw failure(name + ": the shapes of query, key and value do not fit");
  if (query.rows() % cut.batch != 0) throw failure(name + ": batch must divide the rows");
  if (query.cols() % cut.heads != 0 || value.cols() % cut.heads != 0)
    throw failure(name + ": heads must divide the columns");
}

// Backward writes all three gradients; a mixture would cost every inner loop a branch.
template <class T>
void check_gradients(const char* mixer, std::initializer_list<Tensor<T>> inputs) {
  for (const Tensor<T>& x : inputs)
    if (!x.grad()) throw failure(std::string(mixer) + ": every input needs a gradient, or none");
}

// Sums with a fixed number of partial sums, however wide the target's vectors are: element i belongs
// to partial sum i % 16, and the partial sums are added as a tree.
namespace sums {

inline constexpr int parts = 16;

template <class T>
inline T fold(T* part) {
  for (int half = parts / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) part[l] += part[l + half];
  return part[0];
}

}  // namespace sums

template <class T>
inline T sum(const T* x, int n) {
  T part[sums::parts] = {};
  int i = 0;
  for (; i + sums::parts <= n; i += sums::parts)
    for (int l = 0; l < sums::parts; ++l) part[l] += x[i + l];
  for (int l = 0; i + l < n; ++l) part[l] += x[i + l];
  return sums::fold(part);
}

template <class T>
inline T dot(const T* x, const T* y, int n) {
  T part[sums::parts] = {};
  int i = 0;
  for (; i + sums::parts <= n; i += sums::parts)
    for (int l = 0; l < sums::parts; ++l) part[l] = simd::fma(x[i + l], y[i + l], part[l]);
  for (int l = 0; i + l < n; ++l) part[l] = simd::fma(x[i + l], y[i + l], part[l]);
  return sums::fold(part);
}

}  // namespace ladder::nn
