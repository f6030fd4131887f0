// Blocking, from the outside in:
//
//   k in blocks of <= 256             so that a panel of B about fits L1; C carries the chains on
//     columns in groups <= 512 KiB    of packed B, which stay in L2
//       rows in strips of 4 tiles     so that A's strip stays in L1 and C is written in few pages
//         panels of the group         three vectors wide where registers allow it, or two
//           tiles of the strip        panel.h
//
// The panels of a group are packed one after the other, rows side by side and padded to full
// vectors, unless B's rows are close together as they are or too few rows of A would use the copy.
// A transposed B is packed by transposing blocks of lanes x lanes in registers.
// A is read where it lies, except when it is transposed and wide: a tile would then read a few
// elements from each of 256 pages, which also compete for the same sets of L1. Such a strip is
// copied tile by tile into [k][tile_rows], if more than two panels use it.
#include "ladder/tensor/kernels/matmul.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "ladder/tensor/kernels/panel.h"
#include "ladder/tensor/kernels/scratch.h"
#include "ladder/tensor/kernels/simd.h"
#include "ladder/tensor/kernels/transpose.h"

namespace ladder::tensor {
namespace {

using panel::tile_rows;

constexpr int k_block = 256, strip_rows = 4 * tile_rows, group_bytes = 512 * 1024;

// to[p][j] = b(p, j) for p < k, j < n, and 0 for n <= j < width: one panel of B[k,n].
template <class T>
void pack_b(int k, int n, Strided<T> b, T* to, int width) {
  constexpr int L = simd::lanes<T>;
  const int whole = n / L * L;
  if (b.col_stride == 1) {
    for (int p = 0; p < k; ++p, to += width) {
      const T* from = b.data + p * b.row_stride;
      for (int j = 0; j < whole; j += L) simd::store(to + j, simd::load(from + j));
      for (int j = n; j < width; ++j) to[j] = 0;
      simd::copy_pieces<L / 2>(to + whole, from + whole, n - whole);
    }
    return;
  }
  int j = 0;
  for (; b.row_stride == 1 && j < whole; j += L) {
    int p = 0;
    for (; p + L <= k; p += L) {
      simd::Vec<T> x[L];
#pragma GCC unroll 16
      for (int i = 0; i < L; ++i) x[i] = simd::load(b.at(p, j + i).data);
      transpose_block<L / 2>(x);
#pragma GCC unroll 16
      for (int i = 0; i < L; ++i) simd::store(to + (p + i) * width + j, x[i]);
    }
    for (; p < k; ++p) {
      for (int i = 0; i < L; ++i) to[p * width + j + i] = *b.at(p, j + i).data;
    }
  }
  for (; j < width; ++j) {
    for (int p = 0; p < k; ++p) to[p * width + j] = j < n ? *b.at(p, j).data : 0;
  }
}

// The rows of A[m,k], contiguous in memory for each k, as tiles [k][tile_rows] one after the other.
template <class T>
void pack_a(int m, int k, Strided<T> a, T* to) {
  const int whole = m / tile_rows * tile_rows;
  for (int p = 0; p < k; ++p) {
    const T* from = a.at(0, p).data;
    T* const row = to + p * tile_rows;
    for (int i = 0; i < whole; i += tile_rows) {
      std::memcpy(row + i * k, from + i, tile_rows * sizeof(T));
    }
    for (int i = whole; i < m; ++i) row[whole * k + i - whole] = from[i];
  }
}

// The even division of k into the fewest blocks of at most k_block, in multiples of 16. It must
// depend on nothing else.
int block_of(int k) {
  const int blocks = std::max(1, (k + k_block - 1) / k_block);
  return std::min(k_block, ((k + blocks - 1) / blocks + 15) / 16 * 16);
}

// The width of the next panel where `left` > 0 columns are left: as few panels as possible, the
// last as narrow as possible, half a vector at the least.
template <class T>
int panel_width(int left) {
  constexpr int full = simd::lanes<T>, half = sizeof(simd::HalfVec<T>) / sizeof(T);
  if (left <= half) return half;
  const int vectors = (left + full - 1) / full;
  if (vectors == panel::max_vectors + 1) return 2 * full;  // 2 + 2 rather than 3 + 1
  return std::min(vectors, panel::max_vectors) * full;
}

// A strip of A in place, or packed by pack_a.
template <class T>
struct Strip {
  int rows;
  Strided<T> a;
  bool packed;
};

template <int V, class Vector, class T>
void multiply(const Strip<T>& strip, int k, const T* b, std::ptrdiff_t ldb, T* c,
              std::ptrdiff_t ldc, const panel::Edge<T>& edge) {
  const auto rows = [&](int m, Strided<T> a, T* to) {
    if (edge.columns == V * int{sizeof(Vector) / sizeof(T)}) {
      panel::rows<V, Vector, false>(m, k, a, b, ldb, to, ldc, edge);
    } else {
      panel::rows<V, Vector, true>(m, k, a, b, ldb, to, ldc, edge);
    }
  };
  if (!strip.packed) return rows(strip.rows, strip.a, c);
  for (int i = 0; i < strip.rows; i += tile_rows) {
    rows(std::min(tile_rows, strip.rows - i), {strip.a.data + i * k, 1, tile_rows}, c + i * ldc);
  }
}

}  // namespace

template <class T>
void matmul(int m, int n, int k, Strided<T> a, Strided<T> b, T* c, std::ptrdiff_t ldc, Write write,
            const T* bias) {
  using Vector = simd::Vec<T>;
  constexpr int full = simd::lanes<T>, widest = panel::max_vectors * full;
  if (m <= 0 || n <= 0) return;

  const int k_step = block_of(k);
  const int fitting = group_bytes / int{sizeof(T)} / std::max(k_step, 1);
  const int group = std::min(fitting, n + widest - 1) / widest * widest;
  const bool b_in_place = b.col_stride == 1 && (b.row_stride <= 4 * full || m <= strip_rows);
  const bool a_packed = a.row_stride == 1 && a.col_stride > 4 * full && n > 4 * full;

  thread_local Scratch<T> b_scratch, a_scratch;
  T* const b_room = b_scratch.reserve(std::size_t(k_step) * group);
  T* const a_room = a_packed ? a_scratch.reserve(std::size_t(k_step) * strip_rows) : nullptr;

  int p = 0;
  do {  // once even if k = 0
    const int depth = std::min(k_step, k - p);
    const bool from_c = p > 0 || write == Write::accumulate;
    for (int first = 0; first < n; first += group) {
      const int end = std::min(n, first + group);
      const auto packed = [&](int columns, int width) { return !b_in_place || columns < width; };
      for (int j = first, width; j < end; j += width) {
        width = panel_width<T>(end - j);
        const int columns = std::min(width, end - j);
        if (packed(columns, width)) {
          pack_b(depth, columns, b.at(p, j), b_room + (j - first) * depth, width);
        }
      }
      for (int i = 0; i < m; i += strip_rows) {
        Strip<T> strip{std::min(strip_rows, m - i), a.at(i, p), a_packed};
        if (a_packed) {
          pack_a(strip.rows, depth, strip.a, a_room);
          strip.a.data = a_room;
        }
        for (int j = first, width; j < end; j += width) {
          width = panel_width<T>(end - j);
          const int columns = std::min(width, end - j);
          const bool copy = packed(columns, width);
          const T* const panel = copy ? b_room + (j - first) * depth : b.at(p, j).data;
          const std::ptrdiff_t ldb = copy ? width : b.row_stride;
          T* const corner = c + i * ldc + j;
          const panel::Edge<T> edge{from_c, bias && p == 0 ? bias + j : nullptr, columns};
          if (width == 3 * full) {
            if constexpr (panel::max_vectors == 3) {
              multiply<3, Vector>(strip, depth, panel, ldb, corner, ldc, edge);
            }
          } else if (width == 2 * full) {
            multiply<2, Vector>(strip, depth, panel, ldb, corner, ldc, edge);
          } else if (width == full) {
            multiply<1, Vector>(strip, depth, panel, ldb, corner, ldc, edge);
          } else {
            multiply<1, simd::HalfVec<T>>(strip, depth, panel, ldb, corner, ldc, edge);
          }
        }
      }
    }
    p += depth;
  } while (p < k);
}

template void matmul(int, int, int, Strided<float>, Strided<float>, float*, std::ptrdiff_t, Write,
                     const float*);
template void matmul(int, int, int, Strided<double>, Strided<double>, double*, std::ptrdiff_t,
                     Write, const double*);

}  // namespace ladder::tensor
