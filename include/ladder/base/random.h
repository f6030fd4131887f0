// Random numbers that are addressed, not drawn in turn: a number is a pure function of
// (seed, stream, index). So it is the same on every platform, for every thread count, and whatever
// else was drawn before it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ladder {

// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011).
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key);

// A stream's number from its name, so that a new stream never shifts an old one (FNV-1a).
std::uint32_t stream_id(std::string_view name);

// The numbers of one (seed, stream).
class Random {
 public:
  Random(std::uint64_t seed, std::uint32_t stream) : seed_(seed), stream_(stream) {}
  Random(std::uint64_t seed, std::string_view stream) : Random(seed, stream_id(stream)) {}

  std::uint64_t bits(std::uint64_t index, std::uint32_t sub_index = 0) const;
  // Uniform on [0, 1), multiples of 2^-53.
  double uniform(std::uint64_t index, std::uint32_t sub_index = 0) const;
  // Uniform on {0 .. count-1}; count > 0. The bias is below count / 2^64.
  int below(int count, std::uint64_t index, std::uint32_t sub_index = 0) const;
  // Standard normal.
  double normal(std::uint64_t index, std::uint32_t sub_index = 0) const;

 private:
  std::uint64_t seed_;
  std::uint32_t stream_;
};

}  // namespace ladder
