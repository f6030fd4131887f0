#include "cli/shard.h"

#include "ladder/base/error.h"
#include "ladder/base/text.h"

namespace ladder::cli {

using lab::Shard;

Shard parse_shard(const std::string& text) {
  const auto parts = split(text, '/');
  const auto index = parse_integer(parts[0]);
  const auto count = parts.size() == 2 ? parse_integer(parts[1]) : std::nullopt;
  if (!index || !count || *index < 1 || *index > *count || *count > 1'000'000)
    throw usage_error("flag --shard: got '" + text + "', expected i/n with 1 <= i <= n");
  return {static_cast<int>(*index), static_cast<int>(*count)};
}

}  // namespace ladder::cli
