// The safetensors file format: 8 bytes little-endian header length, a JSON header (name -> dtype,
// shape, data_offsets, and __metadata__, a map of strings), raw row-major data.
// https://huggingface.co/docs/safetensors
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"

namespace ladder {

struct TensorData {
  std::vector<std::int64_t> shape;
  std::vector<float> reals;            // dtype F32 (and F64, rounded, on reading)
  std::vector<std::int32_t> integers;  // dtype I32 (and I64 that fit); exactly one of both is used

  std::size_t size() const { return reals.empty() ? integers.size() : reals.size(); }
};

struct Safetensors {
  std::map<std::string, std::string> metadata;
  std::map<std::string, TensorData> tensors;

  // Throws a failure that names the file if it has no such tensor.
  const TensorData& at(const std::string& name) const;
  std::string path;  // where it was read from, for messages
};

// Throws a failure that names the path and says what is wrong.
Safetensors read_safetensors(const std::filesystem::path& path);

// A file's; the same content gives the same bytes.
std::string bytes_of(const Safetensors& content);
// Throws a failure.
void write_safetensors(const std::filesystem::path& path, const Safetensors& content,
                       Durable durable = Durable::no);

}  // namespace ladder
