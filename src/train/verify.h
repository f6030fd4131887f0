// Compares this program with a reference case: a safetensors file of weights, tokens and targets,
// and of the logits, loss, attention, gradients and optimizer steps that follow from them.
// The form and the tolerances are described in tests/fixtures/README.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ladder::train {

struct GroupError {
  std::string group;   // logits, loss, attention, grad, losses, after
  std::string worst;   // the tensor of the group that is closest to (or farthest over) its tolerance
  double difference;   // its max |ours - reference|
  double tolerance;
  bool ok() const { return difference <= tolerance; }  // false for NaN
};

// Throws a failure if the file is not a reference case, a usage error if its settings do not fit.
std::vector<GroupError> verify(const std::filesystem::path& path);

}  // namespace ladder::train
