// What the attention kernel computes, without the kernel: see kernels/attention.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ladder/tensor/kernels/mask.h"
#include "ladder/tensor/kernels/matmul.h"  // Write
#include "ladder/tensor/kernels/simd.h"    // lanes

namespace ladder::tensor {

// How weights become probabilities.
struct Normaliser {
  bool subtract_maximum;  // weight(z - max z): for exp, which overflows otherwise
  bool divide_by_sum;
  double epsilon;  // added to the sum
  bool one_more = false;  // as is a weight of exp(0) that no key gets
};
inline constexpr Normaliser softmax_rows{true, true, 0};
inline constexpr Normaliser divide_by_sum{false, true, 1e-9};
inline constexpr Normaliser unnormalised{false, false, 0};

// Vectors of queries a panel. Two reuse each broadcast key twice; one wastes less of few queries.
template <class T>
constexpr int panel_vectors(int queries) {
  return queries > 3 * simd::lanes<T> ? 2 : 1;
}

// Queries of a panel; a Mask must be made for panels of this size.
template <class T>
constexpr int panel_queries(int queries) {
  return panel_vectors<T>(queries) * simd::lanes<T>;
}

// The queries, rounded up to whole panels.
template <class T>
constexpr int padded_queries(int queries) {
  const int panel = panel_queries<T>(queries);
  return (queries + panel - 1) / panel * panel;
}

// Rows of a tensor that belong to sequences: row t of sequence b begins at data + b·sequence +
// t·stride; head h owns columns [h·head_size, (h+1)·head_size).
struct RowLayout {
  std::ptrdiff_t stride, sequence;
};

// One attention operation. Query i of a sequence stands at position first_query + i, key j at j.
template <class T>
struct AttentionProblem {
  int batch, queries, keys, first_query, heads, head_size;
  RowLayout query_rows, key_rows, out_rows;  // key_rows: of key and value; gradients alike
  const T *query, *key, *value;
  T* out;
  const Mask* masks;       // one, or one a (sequence, head)
  bool mask_a_head;
  T scale;
  T parameter = 0;  // of scores whose weight has one
  // Rotary angles of pair (d, d + head_size/2) at a position, [positions, head_size/2]; or null.
  const T *cosine = nullptr, *sine = nullptr;
  // Slope m of each head's decay exp(-m·(query - key)), [heads]; or null.
  const T* decay_slope = nullptr;
  // Saved by forward for backward, [batch, heads, padded_queries] each: 1/(Σ weight + epsilon); and
  // max z, where the score's normaliser subtracts it.
  T *one_by_sum = nullptr, *maximum = nullptr;
  // Backward only.
  const T* dout = nullptr;
  T *dquery = nullptr, *dkey = nullptr, *dvalue = nullptr;
  Write write_query = Write::replace, write_key = Write::replace, write_value = Write::replace;
};

// Where `weights` puts p, z and whether the key is legal, for queries begin .. end - 1 of one
// (sequence, head): [end - begin, keys] each, 0 where it is not legal; any of them may be null.
template <class T>
struct AttentionMaps {
  int sequence, head, begin, end;
  T* probabilities = nullptr;
  T* products = nullptr;
  std::uint8_t* legal = nullptr;
};

template <class T>
struct AttentionKernel {
  void (*forward)(const AttentionProblem<T>&);
  void (*backward)(const AttentionProblem<T>&);
  void (*weights)(const AttentionProblem<T>&, const AttentionMaps<T>&);  // for people to look at
};

}  // namespace ladder::tensor
