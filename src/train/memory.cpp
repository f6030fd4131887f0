// What a run needs and what is there, to be compared before hours are spent.
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "ladder/base/text.h"
#include "train/run.h"

namespace ladder::train {

double estimated_memory(const Settings& s, int threads) {
  const auto task = make_task(s);
  const double vocabulary = task->vocabulary(), context = task->context();
  const double d = s.real("d_model"), layers = s.real("layers"), ratio = s.real("mlp_ratio");
  const double parts = s.real("gradient_parts"), rows = s.real("micro_batch") * context;
  const double parameters =
      layers * ((4 + 2 * ratio) * d * d + (9 + ratio) * d) + (2 * vocabulary + context + 2) * d;
  // The weights, a gradient a lane, and at most two buffers of the optimizer.
  const double trained = parameters * (3 + parts);
  // Values and gradients of a pass: about 10 vectors of d a block, the mlp's twice, the logits.
  const double network = 2 * rows * (layers * (10 + 2 * ratio) * d + 2 * d + 2 * vocabulary);
  // Each network has the weights packed for forward and for backward, and attention works on panels of
  // queries, 32 at a time, and copies of a head's rows.
  const double packed = 2 * parameters, head = context * (3 * 32 + 8 * d / s.real("heads"));
  const double looked = 1.25 * 64 * context;  // rms_z: a block of rows of a map
  // A rollout has them packed, too, and remembers keys and values of some sequences.
  const double remembered = layers * 2 * d * context;
  const double kept = parameters + std::max(remembered, std::min(decoder_bytes / 4, 64 * remembered));
  const double tokens = 2 * s.real("batch") * context;
  return 4 * (trained + (network + packed + head) * std::min<double>(threads, parts) + looked + kept + tokens) + 2e6;
}

// The number that follows `key` in a file of the system; nothing where there is none.
static double number_in(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string word; file >> word;)
    if (key.empty() || word == key) {
      if (!key.empty() && !(file >> word)) break;
      if (const auto number = parse_real(word)) return *number;
      break;
    }
  return std::numeric_limits<double>::infinity();
}

double available_memory() {
  double least = 1024 * number_in("/proc/meminfo", "MemAvailable:");
  const double container = number_in("/sys/fs/cgroup/memory.max", "");
  const double used = number_in("/sys/fs/cgroup/memory.current", "");
  if (container < least + used && used < container) least = std::min(least, container - used);
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    least = std::min(least, static_cast<double>(limit.rlim_cur) -
                                4096 * number_in("/proc/self/statm", ""));
  return std::max(least, 0.0);
}

}  // namespace ladder::train
