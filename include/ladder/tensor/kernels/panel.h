// The register-blocked product of a few rows with a narrow panel of B, for matrices in cache.
//
// A tile of C, rows x (V vectors), is held in registers over the whole of k: each step loads V
// vectors of a row of B and multiplies them by one broadcast element of each row of A. Tile sizes
// follow the register file: enough independent chains to hide the latency of the multiply-add (at
// least 8 on current cores), and room left for a row of B and the broadcast element.
//
//   32 registers (AVX-512, NEON)   8 x 3 vectors, 8 x 2, 16 x 1   24, 16, 16 chains
//   16 registers (AVX)             6 x 2, 12 x 1                  12, 12
//   16 registers (SSE)             4 x 2, 8 x 1                    8, 8: products take some as well
//
// matmul cuts large products into such panels; attention calls panel_multiply and small_multiply on
// its own small matrices. The chain of each element is that of matmul.h, so all give the same bits.
#pragma once

#include <algorithm>
#include <cstddef>

#include "ladder/tensor/kernels/matmul.h"
#include "ladder/tensor/kernels/simd.h"

namespace ladder::tensor {
namespace panel {

#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int tile_rows = 8, max_vectors = 3;
#elif defined(__AVX__)
inline constexpr int tile_rows = 6, max_vectors = 2;
#else
inline constexpr int tile_rows = 4, max_vectors = 2;
#endif

// Rows of a tile of V vectors: a single vector per row takes twice as many.
template <int V>
inline constexpr int rows_of = V == 1 ? 2 * tile_rows : tile_rows;

// What a step adds to a chain, of an element of A and one of B.
struct Product {
  template <class X, class Vector>
  [[gnu::always_inline]] static inline Vector add(X a, Vector b, Vector sum) {
    return simd::fma(a, b, sum);
  }
};
struct SquaredDifference {
  template <class X, class Vector>
  [[gnu::always_inline]] static inline Vector add(X a, Vector b, Vector sum) {
    const Vector difference = b - a;
    return simd::fma(difference, difference, sum);
  }
};

// Where the chains begin, and how many columns of C there are.
template <class T>
struct Edge {
  bool from_c;    // start at C, not at 0
  const T* bias;  // added to the start of every row; has `columns` elements, or is null
  int columns;    // read by partial tiles only, which end inside their last vector
};

// C[M, V vectors] = start + A[M,k] B[k, V vectors] (or the sums of another Term). A partial tile has fewer columns in C and bias,
// but B has them all. Not inlined: alone, its pointers find registers too.
template <int M, int V, class Vector, bool partial, class Term = Product, class T>
[[gnu::noinline]] void tile(int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c,
                            std::ptrdiff_t ldc, const Edge<T>& edge) {
  constexpr int width = sizeof(Vector) / sizeof(T);
  const int rest = edge.columns - (V - 1) * width;  // columns in the last vector
  const auto load = [rest](const T* from, int v) {
    return partial && v == V - 1 ? simd::load_partial<T, Vector>(from + v * width, rest)
                                 : simd::load<T, Vector>(from + v * width);
  };
  Vector sum[M][V];
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      if (edge.from_c) {
        sum[i][v] = load(c + i * ldc, v);
      } else {
        __builtin_prefetch(c + i * ldc + v * width, 1);  // to be there when the tile is done
        sum[i][v] = Vector{};
      }
    }
  }
  if (edge.bias) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const Vector x = load(edge.bias, v);
#pragma GCC unroll 16
      for (int i = 0; i < M; ++i) sum[i][v] += x;
    }
  }
  const T* column = a.data;
  for (int p = k; p > 0; --p, column += a.col_stride, b += ldb) {
    Vector row[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) row[v] = simd::load<T, Vector>(b + v * width);
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i) {
      const T x = column[i * a.row_stride];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[i][v] = Term::add(x, row[v], sum[i][v]);
    }
  }
  // Not an instruction, but compilers then forget the rows' addresses, which would else occupy the
  // integer registers that the loop needs.
  asm("" : "+r"(ldc));
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      T* const to = c + i * ldc + v * width;
      if (partial && v == V - 1) {
        simd::store_partial<T, Vector>(to, sum[i][v], rest);
      } else {
        simd::store<T, Vector>(to, sum[i][v]);
      }
    }
  }
}

// The last m < M rows of a panel, as one tile.
template <int M, int V, class Vector, bool partial, class Term = Product, class T>
inline void last_rows(int m, int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c,
                      std::ptrdiff_t ldc, const Edge<T>& edge) {
  if constexpr (M > 1) {
    if (m == M - 1) return tile<M - 1, V, Vector, partial, Term>(k, a, b, ldb, c, ldc, edge);
    last_rows<M - 1, V, Vector, partial, Term>(m, k, a, b, ldb, c, ldc, edge);
  }
}

// All m rows of a panel.
template <int V, class Vector, bool partial, class Term = Product, class T>
inline void rows(int m, int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c,
                 std::ptrdiff_t ldc, const Edge<T>& edge) {
  constexpr int step = rows_of<V>;
  int i = 0;
  for (; i + step <= m; i += step) {
    tile<step, V, Vector, partial, Term>(k, a.at(i, 0), b, ldb, c + i * ldc, ldc, edge);
  }
  if (step > tile_rows && i + tile_rows <= m) {
    tile<tile_rows, V, Vector, partial, Term>(k, a.at(i, 0), b, ldb, c + i * ldc, ldc, edge);
    i += tile_rows;
  }
  last_rows<tile_rows, V, Vector, partial, Term>(m - i, k, a.at(i, 0), b, ldb, c + i * ldc, ldc, edge);
}

}  // namespace panel

// C[m, V*lanes] = A[m,k] B[k, V*lanes], or += : rows of B and C are V full vectors (V = 1 or 2) at
// ldb and ldc; A has any strides. Nothing is packed, so B should be in cache. No throw.
template <int V, class T>
inline void panel_multiply(int m, int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c,
                           std::ptrdiff_t ldc, Write write = Write::replace) {
  static_assert(V == 1 || V == 2);
  panel::rows<V, simd::Vec<T>, false>(m, k, a, b, ldb, c, ldc,
                                      {write == Write::accumulate, nullptr, 0});
}

// C[i, j] = Σ_p (A[i,p] - B[p,j])², likewise: nothing cancels where rows are close to each other.
template <int V, class T>
inline void panel_distances(int m, int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c,
                            std::ptrdiff_t ldc) {
  panel::rows<V, simd::Vec<T>, false, panel::SquaredDifference>(m, k, a, b, ldb, c, ldc,
                                                                {false, nullptr, 0});
}

namespace panel {

// The last n columns, fewer than half a vector: copied into rows of a whole one, a block of k at a
// time; from the second block on the chains go on from C. Apart from small_multiply, whose other
// cases should not pay for the copy's room.
template <class T>
[[gnu::noinline]] void last_columns(int m, int n, int k, Strided<T> a, const T* b,
                                    std::ptrdiff_t ldb, T* c, std::ptrdiff_t ldc, Write write) {
  using Half = simd::HalfVec<T>;
  constexpr int half = sizeof(Half) / sizeof(T), block = 64;
  alignas(64) T copy[block * half] = {};
  Edge<T> edge{write == Write::accumulate, nullptr, n};
  int p = 0;
  do {
    const int depth = std::min(block, k - p);
    for (int q = 0; q < depth; ++q) simd::copy_pieces<half / 2>(copy + q * half, b + (p + q) * ldb, n);
    rows<1, Half, true>(m, depth, a.at(0, p), copy, half, c, ldc, edge);
    edge.from_c = true;
    p += depth;
  } while (p < k);
}

}  // namespace panel

// The same for any n: C[m,n] = A[m,k] B[k,n], or +=, with contiguous columns in B and C. Nothing is
// read or written past column n. Fastest where n is a multiple of half a vector. No throw.
template <class T>
inline void small_multiply(int m, int n, int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c,
                           std::ptrdiff_t ldc, Write write = Write::replace) {
  using Half = simd::HalfVec<T>;
  constexpr int full = simd::lanes<T>, half = sizeof(Half) / sizeof(T);
  const panel::Edge<T> edge{write == Write::accumulate, nullptr, 0};
  if (m == 0) return;
  int j = 0;
  for (; j + 2 * full <= n; j += 2 * full)
    panel::rows<2, simd::Vec<T>, false>(m, k, a, b + j, ldb, c + j, ldc, edge);
  if (j + full <= n) {
    panel::rows<1, simd::Vec<T>, false>(m, k, a, b + j, ldb, c + j, ldc, edge);
    j += full;
  }
  if (half < full && j + half <= n) {
    panel::rows<1, Half, false>(m, k, a, b + j, ldb, c + j, ldc, edge);
    j += half;
  }
  if (j < n) panel::last_columns(m, n - j, k, a, b + j, ldb, c + j, ldc, write);
}

}  // namespace ladder::tensor
