// Reference cases: those that are shipped agree; a case that is wrong in any way is found, and a
// file that is no case is refused, whatever its bytes.
#include "train/verify.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <set>

#include "ladder/base/error.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "ladder/base/random.h"
#include "../contains.h"
#include "../scratch.h"

namespace ladder {

using namespace train;
namespace {

namespace fs = std::filesystem;

const fs::path fixtures = "tests/fixtures";
const fs::path one_case = fixtures / "ea_alibi_relu_sgd.safetensors";
const fs::path adam_case = fixtures / "dpa_pre_rope_heads.safetensors";

using Change = std::function<void(Safetensors&)>;

// The groups that are beyond their tolerance after the change.
std::set<std::string> wrong_groups(const Change& change, const fs::path& original = one_case) {
  const Scratch folder;
  const fs::path copy = folder / "case.safetensors";
  Safetensors content = read_safetensors(original);
  change(content);
  write_safetensors(copy, content);
  std::set<std::string> wrong;
  for (const GroupError& g : verify(copy))
    if (!g.ok()) wrong.insert(g.group);
  return wrong;
}

// The message of the error that verify throws, led by its kind; "" if it throws none.
std::string refusal(const fs::path& path) {
  try {
    verify(path);
  } catch (const Error& error) {
    return (error.code() == ExitCode::usage ? "usage: " : "failure: ") + std::string(error.what());
  }
  return "";
}

std::string refusal_of(const Change& change) {
  const Scratch folder;
  const fs::path copy = folder / "case.safetensors";
  Safetensors content = read_safetensors(one_case);
  change(content);
  write_safetensors(copy, content);
  return refusal(copy);
}

std::string refusal_of_bytes(const std::string& bytes) {
  const Scratch folder;
  const fs::path copy = folder / "case.safetensors";
  write_file(copy, bytes);
  return refusal(copy);
}

std::string with_header(const std::string& json, const std::string& data = "") {
  const std::uint64_t size = json.size();
  std::string bytes(8, 0);
  std::memcpy(bytes.data(), &size, 8);
  return bytes + json + data;
}

float* element(Safetensors& content, const std::string& name, std::size_t i = 0) {
  return &content.tensors.at(name).reals.at(i);
}

// ---- agreement ----

TEST_CASE("verify: all shipped cases agree") {
  int cases = 0;
  for (const auto& entry : fs::directory_iterator(fixtures)) {
    if (entry.path().extension() != ".safetensors") continue;
    CAPTURE(entry.path().string());
    const auto groups = verify(entry.path());
    CHECK(groups.size() == 6);
    for (const GroupError& g : groups) {
      CAPTURE(g.worst);
      CHECK(g.difference <= g.tolerance);
      CHECK(g.tolerance > 0);
    }
    ++cases;
  }
  CHECK(cases >= 8);
}

TEST_CASE("verify: a case that was copied agrees") {
  CHECK(wrong_groups([](Safetensors&) {}).empty());
}

// ---- disagreement ----

using Groups = std::set<std::string>;

TEST_CASE("verify: one number beyond the tolerance is found, in its group") {
  const std::pair<std::string, std::string> numbers[] = {
      {"logits", "logits"},          {"loss", "loss"},
      {"attention.0", "attention"},  {"grad.blocks.0.attn.value.weight", "grad"},
      {"losses", "losses"},          {"after.blocks.0.attn.value.weight", "after"}};
  for (const auto& pair : numbers) {
    const auto& tensor = pair.first;  // clang 14 captures no bindings
    const auto& group = pair.second;
    CAPTURE(tensor);
    const auto shifted = [&](double share) {
      return wrong_groups([&](Safetensors& content) {
        float largest = 0;
        for (const float x : content.tensors.at(tensor).reals)
          largest = std::max(largest, std::fabs(x));
        *element(content, tensor) += static_cast<float>(share * std::max(largest, 1.0f));
      });
    };
    CHECK(shifted(2e-3) == Groups{group});
    CHECK(shifted(1e-7).empty());
  }
}

TEST_CASE("verify: a number that is not finite is found, in its group") {
  for (const std::string tensor : {"logits", "loss", "attention.0", "losses", "grad.head.weight",
                             "after.head.weight"})
    for (const fs::path& file : {one_case, adam_case})
      for (const float value : {std::numeric_limits<float>::quiet_NaN(),
                                std::numeric_limits<float>::infinity()}) {
        CAPTURE(tensor);
        CAPTURE(value);
        const Groups wrong =
            wrong_groups([&](Safetensors& content) { *element(content, tensor) = value; }, file);
        CHECK(wrong.contains(tensor.substr(0, tensor.find('.'))));
      }
}

TEST_CASE("verify: a wrong weight spoils all that follows from it") {
  for (const float value : {0.5f, std::numeric_limits<float>::quiet_NaN()}) {
    const auto wrong = wrong_groups([&](Safetensors& content) {
      *element(content, "weight.blocks.0.attn.query.weight", 5) += value;
    });
    CHECK(wrong == Groups{"logits", "loss", "attention", "grad", "losses", "after"});
  }
}

TEST_CASE("verify: another setting than the case was made with is found") {
  const auto with = [](const char* key, const char* value) {
    return wrong_groups([=](Safetensors& content) { content.metadata[key] = value; });
  };
  CHECK(with("score", "dpa").contains("attention"));
  CHECK(with("activation", "tanh").contains("logits"));
  CHECK(with("loss", "squared").contains("loss"));
  CHECK(with("learning_rate", "0.5").contains("after"));
  CHECK(with("position", "none").contains("logits"));
}

// ---- files that are no cases ----

TEST_CASE("verify: a file that is not there, or empty, or a directory, is a failure") {
  CHECK(refusal("no_such_file.safetensors").starts_with("failure: cannot read"));
  CHECK(refusal(fixtures).starts_with("failure: cannot read"));
  CHECK(contains(refusal_of_bytes(""), "too short"));
}

TEST_CASE("verify: a file that was cut is a failure, wherever it ends") {
  const std::string bytes = read_file(one_case);
  REQUIRE(bytes.size() > 5000);
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{9},
                                 std::size_t{100}, bytes.size() / 2, bytes.size() - 1}) {
    CAPTURE(size);
    CHECK(refusal_of_bytes(bytes.substr(0, size)).starts_with("failure: "));
  }
}

TEST_CASE("verify: a header length that is wrong is a failure") {
  const std::string bytes = read_file(one_case);
  std::uint64_t right;
  std::memcpy(&right, bytes.data(), 8);
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{1}, right - 20, right + 20,
                                     std::uint64_t{bytes.size()}, std::uint64_t{1} << 63,
                                     std::numeric_limits<std::uint64_t>::max()}) {
    CAPTURE(length);
    std::string changed = bytes;
    std::memcpy(changed.data(), &length, 8);
    CHECK(refusal_of_bytes(changed).starts_with("failure: "));
  }
}

TEST_CASE("verify: a header that is not the format's JSON is a failure") {
  const std::string four(4, 0);
  for (const std::string json :
       {"", "{", "}", "[]", "null", "garbage", "{\"a\"}", "{\"a\":1}", "{\"a\":{}", "{\"a\":\"b",
        "{\"a\\", "{\"\\u12", "{\"\\uzzzz\":{}}", "{\"__metadata__\":{\"a\":1}}",
        "{\"a\":{\"dtype\":\"F32\"}}",
        "{\"a\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":1}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4,1],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}"}) {
    CAPTURE(json);
    const std::string message = refusal_of_bytes(with_header(json, four));
    CHECK(message.starts_with("failure: "));
    CHECK(contains(message, "is not a safetensors file"));
  }
  CHECK(contains(refusal_of_bytes(with_header("{\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
                                              std::string("\1\0\0\0\1\0\0\0", 8))),
                 "more than 32 bits"));
  // The last of them but in order: it is a file, and no case.
  const std::string fine = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
  CHECK(contains(refusal_of_bytes(with_header(fine, four)), "is not a reference case"));
}

TEST_CASE("verify: a case that lacks something names it") {
  for (const std::string name : {"tokens", "targets", "weight.head.bias", "logits", "loss",
                                 "attention.0", "grad.head.bias", "losses", "after.head.bias"}) {
    CAPTURE(name);
    const auto message = refusal_of([&](Safetensors& content) { content.tensors.erase(name); });
    CHECK(message.starts_with("failure: "));
    CHECK(contains(message, std::string("has no tensor '") + name + "'"));
  }
  CHECK(contains(refusal_of([](Safetensors& content) { content.metadata.erase("vocab"); }),
                 "metadata 'vocab'"));
}

TEST_CASE("verify: a tensor of another shape or type is a failure that names it") {
  const std::pair<std::string, std::string> tensors[] = {
      {"weight.head.weight", "another shape"}, {"logits", "another size"}, {"tokens", "tokens"}};
  for (const auto& pair : tensors) {
    const auto& name = pair.first;  // clang 14 captures no bindings
    const auto& part = pair.second;
    CAPTURE(name);
    const auto shorter = refusal_of([&](Safetensors& content) {
      TensorData& tensor = content.tensors.at(name);
      tensor.shape = {1};
      tensor.reals.resize(std::min<std::size_t>(tensor.reals.size(), 1));
      tensor.integers.resize(std::min<std::size_t>(tensor.integers.size(), 1));
    });
    CHECK(contains(shorter, part));
    const auto other_type = refusal_of([&](Safetensors& content) {
      TensorData& tensor = content.tensors.at(name);
      const std::size_t size = tensor.size();
      const bool real = tensor.integers.empty();
      tensor.reals.assign(real ? 0 : size, 0);
      tensor.integers.assign(real ? size : 0, 0);
    });
    CHECK(contains(other_type, part));
  }
}

TEST_CASE("verify: tokens outside the vocabulary are a failure") {
  using Limits = std::numeric_limits<int>;
  for (const int token : {-1, 1000, Limits::min(), Limits::max()}) {
    CAPTURE(token);
    const auto put = [&](const char* name) {
      return refusal_of([&](Safetensors& c) { c.tensors.at(name).integers[3] = token; });
    };
    CHECK(contains(put("tokens"), "outside the vocabulary"));
    if (token > 0) CHECK(contains(put("targets"), "outside the vocabulary"));
  }
}

TEST_CASE("verify: settings that are wrong are usage errors, sizes that lie are told") {
  const auto with = [](const char* key, const char* value) {
    return refusal_of([=](Safetensors& content) { content.metadata[key] = value; });
  };
  CHECK(contains(with("score", "dpb"), "did you mean 'dpa'?"));
  CHECK(with("heads", "5").starts_with("usage: "));
  CHECK(with("layers", "x").starts_with("usage: "));
  CHECK(with("no_such_setting", "1").starts_with("usage: "));
  CHECK(with("vocab", "0").starts_with("failure: "));
  CHECK(with("vocab", "7.5").starts_with("failure: "));
  CHECK(with("layers", "2").starts_with("failure: "));
  CHECK(with("heads", "1").starts_with("failure: "));
  CHECK(with("context", "3").starts_with("failure: "));
  CHECK(with("batch", "1000").starts_with("failure: "));
}

TEST_CASE("verify: no change of a byte in the header makes it crash") {
  const std::string bytes = read_file(one_case);
  std::uint64_t header;
  std::memcpy(&header, bytes.data(), 8);
  const Random random(1, "bytes");
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    std::string changed = bytes;
    const int place = 8 + random.below(static_cast<int>(header), i);
    changed[place] = "\"{}[]:,\\-09az\n\0\xff"[random.below(16, i, 1)];
    refused += refusal_of_bytes(changed) != "";
  }
  CHECK(refused > 200);  // the others changed a number within its range, or nothing
}

}  // namespace
}  // namespace ladder
