// What the attention kernel computes, without the kernel: see kernels/attention.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ladder/tensor/kernels/mask.h"
#include "ladder/tensor/kernels/matmul.h"  // Write
#include "ladder/tensor/kernels/simd.h"    // lanes

namespace ladder::tensor {

// How weights become probabilities.
struct Normaliser {
  bool subtract_maximum;  // weight(z - max z): for exp, which overflows otherwise
  bool divide_by_sum;
  double epsilon;  // added to the sum of weight(z)
};
inline constexpr Normaliser softmax_rows{true, true, 0};
inline constexpr Normaliser softmax_with_rest{true, true, 1};  // as if there were one more z, of 0
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

// The keys that the queries of a panel can have chosen together, at `most` each.
template <class T>
constexpr int most_chosen(int queries, int keys, int most) {
  return static_cast<int>(std::min<std::int64_t>(keys, std::int64_t{most} * panel_queries<T>(queries)));
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
  // What forward saves for backward: [batch, heads, AttentionKernel::saved, padded_queries].
  T* saved = nullptr;
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

// One step of generation, that of the token at `position`. A pair is a (sequence, head), sequences first.
// What is kept is laid out as attention_step.h says; the last key and value are there already.
template <class T>
constexpr int step_block = 2 * simd::lanes<T>;
template <class T>
struct AttentionStep {
  int pairs, heads, head_size, context, position;
  const T* query;                 // [pairs, head_size]
  const T *keys, *values;         // kept
  T* out;                         // [pairs, head_size]
  std::span<const KeyRun> runs;   // the keys that all pairs may see, or, with `most` > 0, choose from
  int most = 0;
  Mask* chosen = nullptr;         // room for the choice; a panel of `lanes`
  T scale, parameter;
  const T* decay_slope = nullptr;  // as AttentionProblem's
};

template <class T>
struct AttentionKernel {
  int saved;  // numbers a query and head that forward saves
  void (*forward)(const AttentionProblem<T>&);
  void (*backward)(const AttentionProblem<T>&);
  void (*weights)(const AttentionProblem<T>&, const AttentionMaps<T>&);  // for people to look at
  // Of the keys that the problem's masks allow, the `most` of each query with the largest weight before
  // normalisation (of equal ones the earlier): as one mask a (sequence, head), for panels of the same
  // size. Allocates nothing where `chosen` has reserved for most_chosen keys a panel.
  void (*choose)(const AttentionProblem<T>&, int most, Mask* chosen);
  void (*step)(const AttentionStep<T>&);
};

}  // namespace ladder::tensor
