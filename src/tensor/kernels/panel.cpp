#include "ladder/tensor/kernels/panel.h"

#include <algorithm>

#include "tensor/kernels/tile.h"

namespace ladder::tensor {

template <int V, class T>
void panel_multiply(int m, int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c,
                           std::ptrdiff_t ldc, Write write) {
  static_assert(V == 1 || V == 2);
  panel::rows<V, simd::Vec<T>, false>(m, k, a, b, ldb, c, ldc,
                                      {write == Write::accumulate, nullptr, 0});
}

template <int V, class T>
void panel_distances(int m, int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c,
                            std::ptrdiff_t ldc) {
  panel::rows<V, simd::Vec<T>, false, panel::SquaredDifference>(m, k, a, b, ldb, c, ldc,
                                                                {false, nullptr, 0});
}

namespace {

// The last n columns, fewer than half a vector: copied into rows of a whole one, a block of k at a
// time; from the second block on the chains go on from C. Apart from small_multiply, whose other
// cases should not pay for the copy's room.
template <class T>
[[gnu::noinline]] void last_columns(int m, int n, int k, Strided<T> a, const T* b,
                                    std::ptrdiff_t ldb, T* c, std::ptrdiff_t ldc, Write write) {
  using Half = simd::HalfVec<T>;
  constexpr int half = sizeof(Half) / sizeof(T), block = 64;
  alignas(64) T copy[block * half] = {};
  panel::Edge<T> edge{write == Write::accumulate, nullptr, n};
  int p = 0;
  do {
    const int depth = std::min(block, k - p);
    for (int q = 0; q < depth; ++q) simd::copy_pieces<half / 2>(copy + q * half, b + (p + q) * ldb, n);
    panel::rows<1, Half, true>(m, depth, a.at(0, p), copy, half, c, ldc, edge);
    edge.from_c = true;
    p += depth;
  } while (p < k);
}

}  // namespace

template <class T>
void small_multiply(int m, int n, int k, Strided<T> a, const T* b, std::ptrdiff_t ldb, T* c,
                           std::ptrdiff_t ldc, Write write) {
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
  if (j < n) last_columns(m, n - j, k, a, b + j, ldb, c + j, ldc, write);
}

#define LADDER_INSTANTIATE(T)                                                                                    \
  template void panel_multiply<1>(int, int, Strided<T>, const T*, std::ptrdiff_t, T*, std::ptrdiff_t, Write);    \
  template void panel_multiply<2>(int, int, Strided<T>, const T*, std::ptrdiff_t, T*, std::ptrdiff_t, Write);    \
  template void panel_distances<1>(int, int, Strided<T>, const T*, std::ptrdiff_t, T*, std::ptrdiff_t);          \
  template void panel_distances<2>(int, int, Strided<T>, const T*, std::ptrdiff_t, T*, std::ptrdiff_t);          \
  template void small_multiply(int, int, int, Strided<T>, const T*, std::ptrdiff_t, T*, std::ptrdiff_t, Write);
LADDER_INSTANTIATE(float)
LADDER_INSTANTIATE(double)
#undef LADDER_INSTANTIATE

}  // namespace ladder::tensor
