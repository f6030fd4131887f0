// The flag --shard.
#pragma once

#include <string>

#include "lab/run_log.h"

namespace ladder::cli {

// "2/5": the second of five parts. Throws a usage error.
lab::Shard parse_shard(const std::string& text);

}  // namespace ladder::cli
