#include "train/checkpoint.h"

#include <doctest/doctest.h>

#include <cstring>
#include <functional>

#include "base/files.h"
#include "../scratch.h"

namespace ladder {

using namespace train;
namespace {

namespace fs = std::filesystem;

using Choices = std::vector<std::pair<std::string, std::string>>;

Settings tiny(const Choices& choices = {}) {
  Settings s;
  const Choices presets = {{"base", "4"}, {"delay", "2+3"}, {"context", "7"}, {"d_model", "8"},
                           {"heads", "2"}, {"batch", "8"}, {"layers", "2"}};
  for (const auto& [key, value] : presets) s.set(key, value, "test");
  for (const auto& [key, value] : choices) s.set(key, value, "test");
  s.resolve();
  return s;
}

std::string failure_message(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code() == ExitCode::failure ? error.what() : "";
  }
  return "";
}

TEST_CASE("checkpoint: what was saved is loaded, bit for bit, with all options") {
  const Scratch scratch;
  const fs::path path = scratch / "a.safetensors", again = scratch / "b.safetensors";
  for (const std::string position : {"learned", "rope"})
    for (const std::string norm : {"pre", "none"})
      for (const std::string embedding : {"onehot", "learned"}) {
        CAPTURE(position);
        CAPTURE(norm);
        CAPTURE(embedding);
        const Settings s = tiny({{"position", position}, {"norm", norm}, {"embedding", embedding}});
        Trainer trainer(s);
        for (int i = 0; i < 5; ++i) trainer.step();
        save_checkpoint(path, s, trainer);

        const Safetensors file = read_safetensors(path);
        Settings read = checkpoint_settings(file);
        read.resolve();
        Trainer loaded(read);
        CHECK(loaded.parameters().values() != trainer.parameters().values());
        load_parameters(file, "", loaded.parameters());
        CHECK(loaded.parameters().values() == trainer.parameters().values());
        const Evaluation a = evaluate(trainer.held_out(), 20, trainer.network()), b = evaluate(loaded.held_out(), 20, loaded.network());
        CHECK(a.loss == b.loss);
        CHECK(a.accuracy == b.accuracy);
        CHECK(a.sequence_accuracy == b.sequence_accuracy);
        CHECK(rollout_accuracy(trainer.held_out(), 20, trainer.network()) == rollout_accuracy(loaded.held_out(), 20, loaded.network()));

        save_checkpoint(again, s, trainer);
        CHECK(read_file(path) == read_file(again));
      }
}

TEST_CASE("checkpoint: the metadata are the settings, all that results depend on") {
  const Scratch scratch;
  const Settings s = tiny({{"seed", "7"}, {"out", "/elsewhere"}});
  Trainer trainer(s);
  trainer.step();
  save_checkpoint(scratch / "a", s, trainer);
  const Safetensors file = read_safetensors(scratch / "a");
  for (const Setting* setting : all_settings()) {
    CAPTURE(setting->name);
    const bool kept = setting->changes_results() && s.applies(setting->name);
    REQUIRE(file.metadata.contains(setting->name) == kept);
    if (kept) CHECK(file.metadata.at(setting->name) == s.text(setting->name));
  }
  CHECK(file.metadata.at("steps_done") == "1");
  CHECK(checkpoint_settings(file).integer("seed") == 7);
  CHECK(checkpoint_settings(file).typed("out") == "auto");
  CHECK(file.tensors.size() == trainer.parameters().entries().size());
}

TEST_CASE("checkpoint: the file is what any reader of safetensors expects") {
  const Scratch scratch;
  const Settings s = tiny();
  Trainer trainer(s);
  save_checkpoint(scratch / "a", s, trainer);
  const std::string bytes = read_file(scratch / "a");
  std::uint64_t header;
  std::memcpy(&header, bytes.data(), 8);
  CHECK(header % 8 == 0);
  CHECK(bytes[8] == '{');
  CHECK(bytes.size() == 8 + header + 4 * trainer.parameters().values().size());
  const std::string json = bytes.substr(8, header);
  CHECK(json.find("\"head.weight\":{\"dtype\":\"F32\",\"shape\":[6,8],\"data_offsets\":[") !=
        std::string::npos);
}

TEST_CASE("checkpoint: a file that does not fit is a failure that names what does not") {
  const Scratch scratch;
  const Settings s = tiny();
  Trainer trainer(s);
  save_checkpoint(scratch / "a", s, trainer);
  Safetensors file = read_safetensors(scratch / "a");
  const auto load = [&] { load_parameters(file, "", trainer.parameters()); };
  CHECK(failure_message(load) == "");

  file.tensors.at("head.weight").shape = {8, 6};
  CHECK(failure_message(load).find("'head.weight' has another shape") != std::string::npos);
  file.tensors.erase("head.weight");
  CHECK(failure_message(load).find("has no tensor 'head.weight'") != std::string::npos);
  file.metadata.erase("d_model");
  CHECK(failure_message([&] { checkpoint_settings(file); }).find("is not a checkpoint") !=
        std::string::npos);
  file.metadata["score"] = "no_such_score";
  CHECK_THROWS_AS(checkpoint_settings(file), Error);
}

TEST_CASE("checkpoint: a place that cannot be written is a failure") {
  const Scratch scratch;
  const Settings s = tiny();
  Trainer trainer(s);
  write_file(scratch / "file", "");
  const auto message =
      failure_message([&] { save_checkpoint(scratch / "file" / "a", s, trainer); });
  CHECK(message.starts_with("cannot write"));
}

}  // namespace
}  // namespace ladder
