// matmul, panel_multiply and small_multiply against a triple loop in double, and the promise that a
// row's bits depend on nothing but the row.
#include "ladder/tensor/kernels/matmul.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "ladder/tensor/kernels/panel.h"

using ladder::tensor::Strided;
using ladder::tensor::Write;

namespace {

std::mt19937 generator(7);

template <class T>
std::vector<T> random_values(std::size_t n) {
  std::uniform_real_distribution<T> uniform(-1, 1);
  std::vector<T> x(n);
  for (T& v : x) v = uniform(generator);
  return x;
}

// A matrix of exactly as many elements as its view spans, so that the sanitizer sees any excess.
template <class T>
struct Matrix {
  std::vector<T> values;
  Strided<T> view;

  Matrix(int rows, int cols, bool transposed, int gap) {
    const std::ptrdiff_t ld = (transposed ? rows : cols) + gap;
    const int lines = transposed ? cols : rows, length = transposed ? rows : cols;
    values = random_values<T>(lines > 0 && length > 0 ? (lines - 1) * ld + length : 0);
    view = transposed ? Strided<T>{values.data(), 1, ld} : Strided<T>{values.data(), ld, 1};
  }
};

template <class T>
T tolerance(int k) {
  return 4 * std::numeric_limits<T>::epsilon() * static_cast<T>(k + 2);
}

// Expects c == start + a b + bias, and the columns from n to ldc untouched.
template <class T>
bool agrees(int m, int n, int k, Strided<T> a, Strided<T> b, const std::vector<T>& start,
            const std::vector<T>& c, std::ptrdiff_t ldc, bool accumulate, const T* bias) {
  for (int i = 0; i < m; ++i) {
    for (std::ptrdiff_t j = 0; j < ldc; ++j) {
      const std::size_t at = i * ldc + j;
      if (j >= n) {
        if (at < c.size() && c[at] != start[at]) return false;
        continue;
      }
      double sum = (accumulate ? start[at] : 0.0) + (bias ? bias[j] : 0.0);
      for (int p = 0; p < k; ++p) sum += double{a.at(i, p).data[0]} * double{b.at(p, j).data[0]};
      if (!(std::abs(c[at] - sum) <= tolerance<T>(k))) return false;
    }
  }
  return true;
}

template <class T>
void check(int m, int n, int k, bool a_transposed, bool b_transposed, bool accumulate, bool biased,
           int gap) {
  CAPTURE(m); CAPTURE(n); CAPTURE(k); CAPTURE(a_transposed); CAPTURE(b_transposed);
  CAPTURE(accumulate); CAPTURE(biased); CAPTURE(gap);
  const Matrix<T> a(m, k, a_transposed, gap), b(k, n, b_transposed, gap);
  const std::vector<T> bias = random_values<T>(n);
  const std::ptrdiff_t ldc = n + gap;
  std::vector<T> c = random_values<T>(m > 0 && n > 0 ? (m - 1) * ldc + n : 0);
  if (!accumulate && gap == 0) std::fill(c.begin(), c.end(), std::numeric_limits<T>::quiet_NaN());
  const std::vector<T> start = c;
  ladder::tensor::matmul(m, n, k, a.view, b.view, c.data(), ldc,
                 accumulate ? Write::accumulate : Write::replace, biased ? bias.data() : nullptr);
  CHECK(agrees(m, n, k, a.view, b.view, start, c, ldc, accumulate, biased ? bias.data() : nullptr));
}

template <class T>
bool same_bits(const T* x, const T* y, int n) {
  return n == 0 || std::memcmp(x, y, n * sizeof(T)) == 0;
}

}  // namespace

TEST_CASE_TEMPLATE("matmul agrees with the triple loop", T, float, double) {
  SUBCASE("every small size and form") {
    for (int m : {0, 1, 2, 5, 7, 8, 9, 16, 17}) {
      for (int n : {0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 21, 24, 25, 31, 32, 33, 50}) {
        for (int k : {0, 1, 2, 5, 8, 17}) {
          const bool even = (m + n + k) % 2 == 0;
          check<T>(m, n, k, false, false, even, !even, 0);
          check<T>(m, n, k, false, true, !even, even, 1);
          check<T>(m, n, k, true, false, even, even, 3);
          check<T>(m, n, k, true, true, !even, !even, 0);
        }
      }
    }
  }
  SUBCASE("random sizes") {
    std::uniform_int_distribution<int> size(1, 150), coin(0, 1);
    for (int trial = 0; trial < 150; ++trial) {
      const int m = size(generator), n = size(generator), k = size(generator);
      const bool a = coin(generator), b = coin(generator), c = coin(generator);
      check<T>(m, n, k, a, b, c, coin(generator), coin(generator) * 5);
    }
  }
  SUBCASE("several blocks of rows and of k") {
    for (int form = 0; form < 4; ++form) {
      check<T>(70, 70, 700, form & 1, form & 2, form == 3, true, form);
      check<T>(1037, 37, 40, form & 1, form & 2, form == 0, false, 0);
      check<T>(530, 96, 257, form & 1, form & 2, true, true, 0);
    }
  }
  SUBCASE("both strides far from one") {
    const std::vector<T> x = random_values<T>(20000);
    const Strided<T> a{x.data(), 3, 400}, b{x.data(), 2, 450};
    std::vector<T> c(30 * 40), start = c;
    ladder::tensor::matmul(30, 40, 45, a, b, c.data(), 40);
    CHECK(agrees<T>(30, 40, 45, a, b, start, c, 40, false, nullptr));
  }
}

TEST_CASE_TEMPLATE("a row has the same bits in a batch of any size", T, float, double) {
  for (int n : {8, 21, 32, 64, 100}) {
    for (int k : {5, 64, 600}) {
      for (int form = 0; form < 4; ++form) {
        constexpr int m = 600;
        const Matrix<T> a(m, k, form & 1, 0), b(k, n, form & 2, 0);
        const std::vector<T> bias = random_values<T>(n);
        std::vector<T> whole(m * n), part(m * n);
        ladder::tensor::matmul(m, n, k, a.view, b.view, whole.data(), n, Write::replace, bias.data());
        for (int rows : {1, 2, 3, 6, 11, 17, 32, 100, 599}) {
          const int first = (m - rows) / 2 + (rows > 1);
          const Strided<T> tail = a.view.at(first, 0);
          ladder::tensor::matmul(rows, n, k, tail, b.view, part.data(), n, Write::replace, bias.data());
          CHECK(same_bits(part.data(), whole.data() + first * n, rows * n));
        }
        // Nor do they depend on the layout of the operands or the other columns.
        Matrix<T> flat(k, n, false, 0);
        for (int p = 0; p < k; ++p) {
          for (int j = 0; j < n; ++j) flat.values[p * n + j] = b.view.at(p, j).data[0];
        }
        ladder::tensor::matmul(m, n, k, a.view, flat.view, part.data(), n, Write::replace, bias.data());
        CHECK(same_bits(part.data(), whole.data(), m * n));
        const int some = n / 2 + 1;
        ladder::tensor::matmul(m, some, k, a.view, b.view, part.data(), n, Write::replace, bias.data());
        bool same = true;
        for (int i = 0; i < m; ++i) {
          same = same && same_bits(part.data() + i * n, whole.data() + i * n, some);
        }
        CHECK(same);
      }
    }
  }
}

TEST_CASE("matmul passes NaN and infinity of its own row only") {
  constexpr int m = 19, n = 37, k = 33;
  Matrix<float> a(m, k, false, 0), b(k, n, true, 0);
  a.values[4 * k + 7] = std::numeric_limits<float>::quiet_NaN();
  a.values[18 * k] = std::numeric_limits<float>::infinity();
  std::vector<float> c(m * n);
  ladder::tensor::matmul(m, n, k, a.view, b.view, c.data(), n);
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      CHECK(std::isnan(c[i * n + j]) == (i == 4));
      CHECK(std::isinf(c[i * n + j]) == (i == 18));
    }
  }
}

TEST_CASE_TEMPLATE("panel_multiply and small_multiply agree with the triple loop", T, float,
                   double) {
  constexpr int lanes = ladder::simd::lanes<T>;
  for (int m : {0, 1, 3, 7, 8, 13, 16, 31, 40}) {
    for (int k : {0, 1, 8, 19, 64, 130}) {
      for (bool transposed : {false, true}) {
        for (Write write : {Write::replace, Write::accumulate}) {
          CAPTURE(m); CAPTURE(k); CAPTURE(transposed);
          const bool accumulate = write == Write::accumulate;
          const Matrix<T> a(m, k, transposed, 2);
          for (int vectors : {1, 2}) {
            const int n = vectors * lanes;
            const Matrix<T> b(k, n, false, 3);
            const std::ptrdiff_t ldc = n + 1;
            std::vector<T> c = random_values<T>(m > 0 ? (m - 1) * ldc + n : 0);
            const std::vector<T> start = c;
            if (vectors == 1) {
              ladder::tensor::panel_multiply<1>(m, k, a.view, b.values.data(), n + 3, c.data(), ldc, write);
            } else {
              ladder::tensor::panel_multiply<2>(m, k, a.view, b.values.data(), n + 3, c.data(), ldc, write);
            }
            CHECK(agrees<T>(m, n, k, a.view, b.view, start, c, ldc, accumulate, nullptr));
          }
          for (int n : {0, 1, 3, 4, 7, 8, 12, 16, 21, 32, 43, 64}) {
            CAPTURE(n);
            const Matrix<T> b(k, n, false, 1);
            const std::ptrdiff_t ldc = n + 2;
            std::vector<T> c = random_values<T>(m > 0 && n > 0 ? (m - 1) * ldc + n : 0);
            const std::vector<T> start = c;
            ladder::tensor::small_multiply(m, n, k, a.view, b.values.data(), n + 1, c.data(), ldc, write);
            CHECK(agrees<T>(m, n, k, a.view, b.view, start, c, ldc, accumulate, nullptr));
            std::vector<T> other = start;
            ladder::tensor::matmul(m, n, k, a.view, b.view, other.data(), ldc, write);
            CHECK(same_bits(other.data(), c.data(), static_cast<int>(c.size())));
          }
        }
      }
    }
  }
}
