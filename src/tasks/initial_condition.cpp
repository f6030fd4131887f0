#include "ladder/tasks/initial_condition.h"

namespace ladder::tasks {

static std::uint32_t stream_of(Split split) {
  static const std::uint32_t training = stream_id("tasks/training");
  static const std::uint32_t evaluation = stream_id("tasks/evaluation");
  return split == Split::training ? training : evaluation;
}

Draws::Draws(std::uint64_t seed, Split split, std::uint64_t index)
    : random_(seed, stream_of(split)), split_(split), index_(index) {}

std::string HoldOut::words() const {
  if (conditions_ >= enough) return "hash";
  return "none (only " + to_text(static_cast<std::int64_t>(conditions_)) + " initial conditions)";
}

// Which split a condition belongs to. FNV-1a on whole tokens, then the finaliser of splitmix64
// (Steele, Lea, Flood 2014), so that the top bits depend on every token.
static Split split_of(int variant, std::span<const int> tokens) {
  std::uint64_t hash = 0xCBF29CE484222325u ^ static_cast<std::uint64_t>(variant);
  for (const int token : tokens)
    hash = (hash * 0x100000001B3u) ^ static_cast<std::uint64_t>(token);
  hash = (hash ^ hash >> 30) * 0xBF58476D1CE4E5B9u;
  hash = (hash ^ hash >> 27) * 0x94D049BB133111EBu;
  hash ^= hash >> 31;
  return hash >> 61 == 0 ? Split::evaluation : Split::training;  // one in eight
}

bool HoldOut::admits(Split split, int variant, std::span<const int> tokens) const {
  return conditions_ < enough || split_of(variant, tokens) == split;
}

static double number_of(int variants, int base, int length) {
  double count = variants;
  for (int i = 0; i < length; ++i) count *= base;
  return count;
}

InitialConditions::InitialConditions(int variants, int base, int length)
    : variants_(variants),
      base_(base),
      length_(length),
      hold_out_(number_of(variants, base, length)) {}

// Uniform on 0 .. count-1 from the high half of a word; the bias is below count / 2^32.
static int scaled(std::uint64_t word, int count) {
  return static_cast<int>((word >> 32) * static_cast<std::uint64_t>(count) >> 32);
}

int InitialConditions::draw(Draws& draws, std::span<int> tokens) const {
  while (true) {  // a condition of the other split is drawn again
    const int variant = scaled(draws.bits(), variants_);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      word = i % 2 == 0 ? draws.bits() : word << 32;  // two tokens a word
      tokens[i] = scaled(word, base_);
    }
    if (hold_out_.admits(draws.split(), variant, tokens)) return variant;
  }
}

}  // namespace ladder::tasks
