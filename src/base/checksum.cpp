#include "base/checksum.h"

#include <array>

namespace ladder {

std::string hexadecimal(std::uint32_t word) {
  std::string digits(8, '0');
  for (int i = 7; i >= 0; --i, word >>= 4) digits[i] = "0123456789abcdef"[word & 15];
  return digits;
}

std::string checksum(std::string_view content) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      entries[i] = i;
      for (int bit = 0; bit < 8; ++bit)
        entries[i] = entries[i] >> 1 ^ (entries[i] & 1 ? 0xEDB88320u : 0);
    }
    return entries;
  }();
  std::uint32_t crc = ~0u;
  for (const char c : content) crc = table[(crc ^ static_cast<unsigned char>(c)) & 255] ^ crc >> 8;
  return hexadecimal(~crc);
}

}  // namespace ladder
