// Where a result came from: the program's version and the machine.
#pragma once

#include <string>

namespace ladder {

std::string version();  // the commit that was built, with "-dirty" if files differed from it
std::string machine();  // processor, its hardware threads, the vectors compiled for, the compiler
std::string utc_now();  // 2024-01-31 12:00:00 UTC

}  // namespace ladder
