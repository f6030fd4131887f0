// Blocking, from the outside in:
//
//   k in blocks of <= 256             so that a panel of B about fits L1; C carries the chains on
//     columns in groups <= 512 KiB    of packed B, which stay in L2
//       rows in strips of 4 tiles     so that A's strip stays in L1 and C is written in few pages
//         panels of the group         three vectors wide where registers allow it, or two
//           tiles of the strip        tile.h
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

#include "ladder/tensor/kernels/scratch.h"
#include "ladder/tensor/kernels/simd.h"
#include "ladder/tensor/kernels/transpose.h"
#include "tensor/kernels/tile.h"

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

// How B[k,n] is cut: blocks of k, groups of columns.
template <class T>
struct Cut {
  static constexpr int widest = panel::max_vectors * simd::lanes<T>;
  int k_step, group;
  Cut(int k, int n) : k_step(block_of(k)) {
    const int fitting = group_bytes / int{sizeof(T)} / std::max(k_step, 1);
    group = std::min(fitting, n + widest - 1) / widest * widest;
  }
};

// Calls f(first column, columns, width) for the panels of columns [begin, end).
template <class T, class F>
void each_panel(int begin, int end, F&& f) {
  for (int j = begin, width; j < end; j += width) {
    width = panel_width<T>(end - j);
    f(j, std::min(width, end - j), width);
  }
}

// The columns that the panels of n columns have together.
template <class T>
int padded_columns(int k, int n) {
  const Cut<T> cut(k, n);
  int padded = 0;
  for (int first = 0; first < n; first += cut.group)
    each_panel<T>(first, std::min(n, first + cut.group), [&](int j, int, int width) { padded = j + width; });
  return padded;
}

// A panel of B, rows at a distance of `stride`.
template <class T>
struct Panel {
  const T* data;
  std::ptrdiff_t stride;
};

// B where it lies, packed as it is needed: a group at a time.
template <class T>
class Unpacked {
 public:
  Unpacked(int m, Strided<T> b, Cut<T> cut)
      : b_(b), in_place_(b.col_stride == 1 && (b.row_stride <= 4 * simd::lanes<T> || m <= strip_rows)) {
    static thread_local Scratch<T> scratch;
    room_ = scratch.reserve(std::size_t(cut.k_step) * cut.group);
  }
  void prepare(int p, int depth, int first, int end) {
    each_panel<T>(first, end, [&](int j, int columns, int width) {
      if (packs(columns, width)) pack_b(depth, columns, b_.at(p, j), room_ + (j - first) * depth, width);
    });
  }
  Panel<T> panel(int p, int depth, int first, int j, int columns, int width) const {
    if (packs(columns, width)) return {room_ + (j - first) * depth, width};
    return {b_.at(p, j).data, b_.row_stride};
  }

 private:
  bool packs(int columns, int width) const { return !in_place_ || columns < width; }

  Strided<T> b_;
  bool in_place_;
  T* room_;
};

// B from pack(): block of k after block of k, panel after panel.
template <class T>
struct Repeated {
  const T* data;
  int padded;
  void prepare(int, int, int, int) {}
  Panel<T> panel(int p, int depth, int, int j, int, int width) const {
    return {data + std::size_t(p) * padded + std::size_t(j) * depth, width};
  }
};

template <class T, class Source>
void multiply(int m, int n, int k, Strided<T> a, Source b, Cut<T> cut, T* c, std::ptrdiff_t ldc,
              Write write, const T* bias) {
  using Vector = simd::Vec<T>;
  constexpr int full = simd::lanes<T>;
  const bool a_packed = a.row_stride == 1 && a.col_stride > 4 * full && n > 4 * full;
  static thread_local Scratch<T> a_scratch;
  T* const a_room = a_packed ? a_scratch.reserve(std::size_t(cut.k_step) * strip_rows) : nullptr;

  int p = 0;
  do {  // once even if k = 0
    const int depth = std::min(cut.k_step, k - p);
    const bool from_c = p > 0 || write == Write::accumulate;
    for (int first = 0; first < n; first += cut.group) {
      const int end = std::min(n, first + cut.group);
      b.prepare(p, depth, first, end);
      for (int i = 0; i < m; i += strip_rows) {
        Strip<T> strip{std::min(strip_rows, m - i), a.at(i, p), a_packed};
        if (a_packed) {
          pack_a(strip.rows, depth, strip.a, a_room);
          strip.a.data = a_room;
        }
        each_panel<T>(first, end, [&](int j, int columns, int width) {
          const auto [panel, ldb] = b.panel(p, depth, first, j, columns, width);
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
        });
      }
    }
    p += depth;
  } while (p < k);
}

}  // namespace

template <class T>
void matmul(int m, int n, int k, Strided<T> a, Strided<T> b, T* c, std::ptrdiff_t ldc, Write write,
            const T* bias) {
  if (m <= 0 || n <= 0) return;
  const Cut<T> cut(k, n);
  multiply(m, n, k, a, Unpacked<T>(m, b, cut), cut, c, ldc, write, bias);
}

template <class T>
std::size_t packed_size(int k, int n) {
  return std::size_t(k) * padded_columns<T>(k, n);
}

template <class T>
void pack(int k, int n, Strided<T> b, Packed<T> to) {
  const Cut<T> cut(k, n);
  const int padded = padded_columns<T>(k, n);
  for (int p = 0, depth; p < k; p += depth) {
    depth = std::min(cut.k_step, k - p);
    for (int first = 0; first < n; first += cut.group)
      each_panel<T>(first, std::min(n, first + cut.group), [&](int j, int columns, int width) {
        pack_b(depth, columns, b.at(p, j), to.data + std::size_t(p) * padded + std::size_t(j) * depth, width);
      });
  }
}

template <class T>
void matmul(int m, int n, int k, Strided<T> a, Packed<T> b, T* c, std::ptrdiff_t ldc, Write write,
            const T* bias) {
  if (m <= 0 || n <= 0) return;
  multiply(m, n, k, a, Repeated<T>{b.data, padded_columns<T>(k, n)}, Cut<T>(k, n), c, ldc, write, bias);
}

template void matmul(int, int, int, Strided<float>, Strided<float>, float*, std::ptrdiff_t, Write,
                     const float*);
template void matmul(int, int, int, Strided<double>, Strided<double>, double*, std::ptrdiff_t,
                     Write, const double*);
template std::size_t packed_size<float>(int, int);
template std::size_t packed_size<double>(int, int);
template void pack(int, int, Strided<float>, Packed<float>);
template void pack(int, int, Strided<double>, Packed<double>);
template void matmul(int, int, int, Strided<float>, Packed<float>, float*, std::ptrdiff_t, Write,
                     const float*);
template void matmul(int, int, int, Strided<double>, Packed<double>, double*, std::ptrdiff_t,
                     Write, const double*);

}  // namespace ladder::tensor
