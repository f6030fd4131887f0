#include "ladder/base/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>
#include <vector>

using namespace ladder;

using Block = std::array<std::uint32_t, 4>;

// The known answers that come with Random123, the authors' own implementation.
TEST_CASE("random: philox4x32-10 gives the published numbers") {
  const std::uint32_t ones = 0xFFFFFFFFu;
  CHECK(philox({0, 0, 0, 0}, {0, 0}) ==
        Block{0x6627E8D5u, 0xE169C58Du, 0xBC57AC4Cu, 0x9B00DBD8u});
  CHECK(philox({ones, ones, ones, ones}, {ones, ones}) ==
        Block{0x408F276Du, 0x41C83B0Eu, 0xA20BC7C6u, 0x6D5451FDu});
  CHECK(philox({0x243F6A88u, 0x85A308D3u, 0x13198A2Eu, 0x03707344u}, {0xA4093822u, 0x299F31D0u}) ==
        Block{0xD16CFE09u, 0x94FDCCEBu, 0x5001E420u, 0x24126EA1u});
}

TEST_CASE("random: stream ids are FNV-1a") {
  CHECK(stream_id("") == 2166136261u);
  CHECK(stream_id("a") == 0xE40C292Cu);
  CHECK(stream_id("foobar") == 0xBF9CF968u);
}

TEST_CASE("random: seed, stream, index and sub-index each address another number") {
  const std::uint64_t high = std::uint64_t{1} << 32;
  std::set<std::uint64_t> seen;
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, high})
    for (const char* stream : {"a", "b"})
      for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{1}, high})
        for (const std::uint32_t sub_index : {0u, 1u})
          seen.insert(Random(seed, stream).bits(index, sub_index));
  CHECK(seen.size() == 3 * 2 * 3 * 2);
  CHECK(Random(7, "a").bits(11, 3) == Random(7, stream_id("a")).bits(11, 3));
}

// Mean of f over many indices.
template <class Function>
static double mean(int count, Function f) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += f(i);
  return sum / count;
}

TEST_CASE("random: uniform has the moments of the uniform distribution") {
  const int n = 200000;
  const Random random(1, "uniform");
  const auto u = [&](int i) { return random.uniform(static_cast<std::uint64_t>(i)); };
  bool inside = true;
  for (int i = 0; i < n; ++i) inside = inside && u(i) >= 0 && u(i) < 1;
  CHECK(inside);
  // Bounds of four standard errors.
  CHECK(std::abs(mean(n, u) - 0.5) < 4 * std::sqrt(1.0 / 12 / n));
  CHECK(std::abs(mean(n, [&](int i) { return u(i) * u(i); }) - 1.0 / 3) <
        4 * std::sqrt(4.0 / 45 / n));
  // Neighbours are independent.
  CHECK(std::abs(mean(n, [&](int i) { return (u(i) - 0.5) * (u(i + 1) - 0.5); })) <
        4.0 / 12 / std::sqrt(n));
}

TEST_CASE("random: normal has the moments of the normal distribution") {
  const int n = 200000;
  const Random random(1, "normal");
  const auto moment = [&](int power) {
    return mean(n, [&](int i) {
      return std::pow(random.normal(static_cast<std::uint64_t>(i)), power);
    });
  };
  // Four standard errors: the variance of z^k is E z^2k - (E z^k)^2.
  CHECK(std::abs(moment(1)) < 4 * std::sqrt(1.0 / n));
  CHECK(std::abs(moment(2) - 1) < 4 * std::sqrt(2.0 / n));
  CHECK(std::abs(moment(3)) < 4 * std::sqrt(15.0 / n));
  CHECK(std::abs(moment(4) - 3) < 4 * std::sqrt(96.0 / n));
}

TEST_CASE("random: normal is Box-Muller as the standard library would compute it") {
  const std::uint32_t stream = stream_id("normal");
  const Random random(5, stream);
  const auto unit = [](std::uint32_t high, std::uint32_t low) {
    return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
  };
  double worst = 0;
  for (std::uint32_t i = 0; i < 50000; ++i) {
    const Block b = philox({i, 0, 0, stream}, {5, 0});
    const double expected = std::sqrt(-2 * std::log(1 - unit(b[0], b[1]))) *
                            std::cos(2 * std::acos(-1.0) * unit(b[2], b[3]));
    worst = std::max(worst, std::abs(random.normal(i) - expected));
  }
  CHECK(worst < 1e-14);
}

TEST_CASE("random: below reaches every value and no other, evenly") {
  const Random random(3, "below");
  for (const int count : {1, 2, 3, 7, 1024}) {
    std::vector<int> histogram(static_cast<std::size_t>(count));
    const int n = 1000 * count;
    for (int i = 0; i < n; ++i) {
      const int value = random.below(count, static_cast<std::uint64_t>(i));
      REQUIRE(value >= 0);
      REQUIRE(value < count);
      ++histogram[static_cast<std::size_t>(value)];
    }
    double chi_squared = 0;
    for (const int hits : histogram) chi_squared += (hits - 1000.0) * (hits - 1000.0) / 1000.0;
    CHECK(chi_squared <= (count - 1) + 5 * std::sqrt(2.0 * (count - 1)));
  }
}

TEST_CASE("random: the bits of normal numbers never change") {
  std::uint64_t hash = 0xCBF29CE484222325u;
  const Random random(11, "bits");
  for (std::uint64_t i = 0; i < 10000; ++i)
    hash = (hash ^ std::bit_cast<std::uint64_t>(random.normal(i))) * 0x100000001B3u;
  CHECK(hash == 0x401B8AF0024F91A2u);
}
