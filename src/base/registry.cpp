#include "ladder/base/registry.h"

namespace ladder {

std::vector<std::string>& registration_faults() {
  static std::vector<std::string> all;
  return all;
}

}  // namespace ladder
