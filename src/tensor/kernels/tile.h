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
// matmul cuts large products into such panels, panel.h has them for small matrices. The chain of each
// element is that of matmul.h, so all give the same bits.
#pragma once

#include <cstddef>

#include "ladder/tensor/kernels/panel.h"
#include "ladder/tensor/kernels/simd.h"

namespace ladder::tensor::panel {

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

}  // namespace ladder::tensor::panel
