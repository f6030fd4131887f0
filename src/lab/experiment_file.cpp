#include "lab/experiment_file.h"

#include "base/files.h"
#include "ladder/base/text.h"
#include "lab/values.h"

namespace ladder::lab {

namespace fs = std::filesystem;

namespace {

fs::path included_file(const fs::path& file, const std::string& target, const std::string& origin) {
  fs::path path = file.parent_path() / target;
  std::error_code error;
  if (target.empty() || !fs::is_regular_file(path, error))
    throw usage_error(origin + ": include: got '" + clipped(target) + "', expected a file; there is no '" +
                      clipped(path.string()) + "'");
  return path;
}

// Files that include each other.
class Reading {
 public:
  Reading(std::size_t most_values, const OtherKeys& other) : most_(most_values), other_(other) {}

  std::vector<Block> blocks(const fs::path& path) {
    open_.push_back(path);
    std::string content = read_file(path);
    if (content.starts_with("\xEF\xBB\xBF")) content.erase(0, 3);  // editors add this mark
    File file{path, {Layers()}, {}, {}, false};
    int number = 0;
    for (const std::string& text : split(content, '\n')) {
      const std::string origin = path.string() + ":" + std::to_string(++number);
      const std::string line = without_comment(text);
      if (!line.empty()) read_line(file, line, origin);
    }
    open_.pop_back();
    end_block(file);
    return file.done;
  }

 private:
  static constexpr std::size_t deepest = 64, most_files = 1000, most_blocks = 1000;

  // A file that is being read. What it says now goes to all of `now`: several, if what it includes
  // has several blocks.
  struct File {
    fs::path path;
    std::vector<Layers> now;
    std::vector<Block> common, done;  // what stands before the first block; blocks that have ended
    bool in_block;
  };

  void read_line(File& file, const std::string& line, const std::string& origin) {
    if (const auto target = behind("include", line)) return include(file, *target, origin);
    if (const auto rest = behind("block", line)) return begin_block(file, *rest, origin);
    if (const auto rest = behind("where", line)) return add(file, parse_where(*rest, origin, most_));
    for (const bool only : {true, false})
      if (const auto rest = behind(only ? "only" : "except", line)) {
        for (Layers& layers : file.now)
          layers.add_filter({only, parse_condition(*rest, origin), origin});
        return;
      }
    if (!taken_by_others(line, origin)) add(file, parse_definition(line, origin, most_));
  }

  bool taken_by_others(const std::string& line, const std::string& origin) const {
    const auto equals = line.find('=');
    if (!other_ || equals == std::string::npos) return false;
    const std::string key(trim(line.substr(0, equals)));
    return !find_setting(key) && other_(key, std::string(trim(line.substr(equals + 1))), origin);
  }

  void add(File& file, const Axis& axis) const {
    for (const std::string& key : axis.keys)
      if (!other_ && find_setting(key)->group == Group::search)
        throw bad_value(axis.origin, key, axis.points_text(), "a setting of runs: this one is a climb's");
    for (Layers& layers : file.now) layers.add_upper(axis);
  }

  static void end_block(File& file) {
    for (const Layers& layers : file.now) file.done.push_back(layers.merged());
  }

  void begin_block(File& file, const std::string& rest, const std::string& origin) {
    if (!rest.empty())
      throw usage_error(origin + ": block: got '" + clipped(rest) +
                        "', expected nothing behind it: its definitions stand on lines of their own");
    end_block(file);
    if (!file.in_block) file.common = std::move(file.done), file.done.clear();
    file.in_block = true;
    file.now.clear();
    for (const Block& block : file.common) file.now.emplace_back(block);
    require_few_blocks(file.done.size() + file.now.size(), origin);
  }

  void require_few_blocks(std::size_t count, const std::string& origin) const {
    if (count > most_blocks)
      throw usage_error(origin + ": got " + std::to_string(count) + " blocks, expected at most " +
                        std::to_string(most_blocks));
  }

  // Each block of the included file with each of ours.
  void include(File& file, const std::string& rest, const std::string& origin) {
    const std::string target = rest.starts_with('"') ? join(quoted_words(rest, origin), " ") : rest;
    const std::vector<Block> inner = included(file.path, target, origin);
    require_few_blocks(file.now.size() * inner.size(), origin);
    std::vector<Layers> together;
    for (const Layers& ours : file.now)
      for (const Block& block : inner) {
        Layers& layers = together.emplace_back(ours);
        for (const Axis& axis : block.axes) layers.add_lower(axis);
        for (const Filter& filter : block.filters) layers.add_filter(filter);
      }
    file.now = std::move(together);
  }

  std::vector<Block> included(const fs::path& path, const std::string& target,
                              const std::string& origin) {
    const auto refuse = [&](const std::string& expected) {
      return usage_error(origin + ": include: got '" + clipped(target) + "', expected " + expected);
    };
    const fs::path inner = included_file(path, target, origin);
    for (const fs::path& outer : open_)
      if (std::error_code error; fs::equivalent(inner, outer, error))
        throw refuse("a file that is not being read already: a cycle");
    if (open_.size() >= deepest)
      throw refuse("at most " + std::to_string(deepest) + " files within each other");
    if (++files_ > most_files)
      throw refuse("at most " + std::to_string(most_files) + " included files");
    return blocks(inner);
  }

  const std::size_t most_;
  const OtherKeys& other_;
  std::vector<fs::path> open_;  // that are being read
  std::size_t files_ = 0;
};

}  // namespace

std::vector<Block> read_blocks(const fs::path& path, std::size_t most_values, const OtherKeys& other) {
  return Reading(most_values, other).blocks(path);
}

}  // namespace ladder::lab
