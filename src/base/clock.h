// Time for measuring how long something takes.
#pragma once

#include <chrono>

namespace ladder {

// Seconds since some moment, the same one for the whole process; never goes back.
inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace ladder
