// The normal numbers are the same bits on every platform too: of libm there is sqrt only, which
// IEEE 754 rounds exactly.
#include "ladder/base/random.h"

#include <cmath>

#include "ladder/base/math.h"

namespace ladder {

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> c,
                                    std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57u} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ key[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return c;
}

std::uint32_t stream_id(std::string_view name) {
  std::uint32_t hash = 2166136261u;
  for (const char character : name) hash = (hash ^ static_cast<unsigned char>(character)) * 16777619u;
  return hash;
}

static std::array<std::uint32_t, 4> block(std::uint64_t seed, std::uint32_t stream,
                                          std::uint64_t index, std::uint32_t sub_index) {
  return philox({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                 sub_index, stream},
                {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
}

static double unit(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

std::uint64_t Random::bits(std::uint64_t index, std::uint32_t sub_index) const {
  const auto b = block(seed_, stream_, index, sub_index);
  return std::uint64_t{b[0]} << 32 | b[1];
}

double Random::uniform(std::uint64_t index, std::uint32_t sub_index) const {
  const auto b = block(seed_, stream_, index, sub_index);
  return unit(b[0], b[1]);
}

int Random::below(int count, std::uint64_t index, std::uint32_t sub_index) const {
  // The high half of bits * count, in two steps of 32 bits.
  const std::uint64_t r = bits(index, sub_index), n = static_cast<std::uint64_t>(count);
  return static_cast<int>(((r >> 32) * n + ((r & 0xFFFFFFFFu) * n >> 32)) >> 32);
}

double Random::normal(std::uint64_t index, std::uint32_t sub_index) const {
  const auto b = block(seed_, stream_, index, sub_index);
  const double radius_uniform = 1 - unit(b[0], b[1]);  // in (0, 1]
  // Box-Muller
  return std::sqrt(-2 * math::log(radius_uniform)) * math::cos_turns(unit(b[2], b[3]));
}

}  // namespace ladder
