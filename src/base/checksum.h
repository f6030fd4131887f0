// CRC-32, by which a file tells that it is as it was written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ladder {

std::string hexadecimal(std::uint32_t word);     // eight digits
std::string checksum(std::string_view content);  // CRC-32 as in zip and png, as eight digits

}  // namespace ladder
