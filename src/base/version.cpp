#include "base/version.h"

#include <ctime>
#include <fstream>
#include <thread>

namespace ladder {

#ifndef LADDER_VERSION
#define LADDER_VERSION "unknown"
#endif

std::string version() { return LADDER_VERSION; }

static std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

static const char* vectors() {
#if defined(__AVX512F__)
  return "512-bit vectors (AVX-512)";
#elif defined(__AVX__)
  return "256-bit vectors (AVX)";
#else
  return "128-bit vectors";
#endif
}

std::string machine() {
  return processor() + ", " + std::to_string(std::thread::hardware_concurrency()) +
         " hardware threads, " + vectors() + ", compiler " + __VERSION__;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", std::gmtime(&now));
  return text;
}

}  // namespace ladder
