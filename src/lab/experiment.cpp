#include "lab/experiment.h"

#include <algorithm>
#include <set>

#include "lab/values.h"
#include "ladder/base/text.h"

namespace ladder::lab {

static std::size_t product_of(const Block& block) {
  std::size_t runs = 1;
  for (const Axis& axis : block.axes)
    if (!axis.where && (runs *= axis.points.size()) > Experiment::most_runs)
      throw bad_value(axis.origin, axis.keys_text(), std::to_string(axis.points.size()) + " values",
                      "fewer: the product of the axes exceeds " +
                          std::to_string(Experiment::most_runs) + " runs");
  return runs;
}

static void require_few(std::size_t runs, const std::string& origin) {
  if (runs > Experiment::most_runs)
    throw usage_error(origin + ": got " + std::to_string(runs) + " runs, expected at most " +
                      std::to_string(Experiment::most_runs));
}

Experiment::Experiment(std::string name, std::string source, std::vector<Block> blocks,
                       const std::vector<Override>& overrides)
    : name_(std::move(name)), source_(std::move(source)) {
  for (Block& block : blocks) {
    Layers layers(std::move(block));
    for (const Override& o : overrides)
      layers.add_upper(plain_axis(o.key, o.words, o.origin, most_runs));
    blocks_.push_back(layers.merged());
    // Those that hold in some runs come after all others.
    std::stable_partition(blocks_.back().axes.begin(), blocks_.back().axes.end(),
                          [](const Axis& axis) { return !axis.where; });
  }
  const bool rules = std::any_of(blocks_.begin(), blocks_.end(), [](const Block& block) {
    return !block.filters.empty() || (!block.axes.empty() && block.axes.back().where);
  });
  std::set<std::vector<std::string>> seen;
  const auto all_keys = keys();
  std::string last_filter;
  for (std::uint32_t block = 0; block < blocks_.size(); ++block) {
    if (!blocks_[block].filters.empty()) {
      const Filter& filter = blocks_[block].filters.back();
      last_filter = filter.origin + ": '" + clipped(filter.text()) + "'";
    }
    for (Run& run : runs_of(block)) {
      if (rules || blocks_.size() > 1) {
        std::vector<std::string> values;
        for (const std::string& key : all_keys) values.push_back(*value(run, key));
        if (!seen.insert(std::move(values)).second) continue;
      }
      runs_.push_back(std::move(run));
    }
    require_few(runs_.size(), source_);
  }
  if (runs_.empty()) throw usage_error(last_filter + " leaves no run");
}

Experiment Experiment::load(const std::filesystem::path& path, const std::vector<Override>& overrides,
                            const OtherKeys& other) {
  return {path.stem().string(), path.string(), read_blocks(path, most_runs, other), overrides};
}

Experiment Experiment::from_flags(const std::vector<Override>& overrides, const std::string& name) {
  return {name, "flags", {Block{}}, overrides};
}

// ---- runs ----

std::vector<Experiment::Run> Experiment::runs_of(std::uint32_t number) {
  const Block& block = blocks_[number];
  const std::size_t count = product_of(block);
  std::vector<Run> runs(count, Run{number, std::vector<std::uint32_t>(block.axes.size(), none)});
  std::size_t period = count;  // of an axis: its points' runs, those of all later axes
  for (std::size_t a = 0; a < block.axes.size() && !block.axes[a].where; ++a) {
    const std::size_t points = block.axes[a].points.size();
    period /= points;
    for (std::size_t i = 0; i < count; ++i)
      runs[i].points[a] = static_cast<std::uint32_t>(i / period % points);
  }
  for (std::size_t a = 0; a < block.axes.size(); ++a)
    if (block.axes[a].where) apply_where(runs, a);
  for (const Filter& filter : block.filters) apply_filter(runs, filter);
  return runs;
}

void Experiment::apply_where(std::vector<Run>& runs, std::size_t a) {
  if (runs.empty()) return;
  const Axis& axis = blocks_[runs[0].block].axes[a];
  std::vector<Run> more;
  bool held = false;
  for (Run& run : runs) {
    Settings settings = settings_of(run);
    settings.resolve();
    if (!axis.where->holds(settings)) {
      more.push_back(std::move(run));
      continue;
    }
    held = true;
    for (std::uint32_t point = 0; point < axis.points.size(); ++point) {
      run.points[a] = point;
      more.push_back(run);
    }
    require_few(more.size(), axis.origin);
  }
  runs = std::move(more);
  if (!held) notes_.push_back(axis.origin + ": 'where " + clipped(axis.where->text) + "' holds in no run");
}

void Experiment::apply_filter(std::vector<Run>& runs, const Filter& filter) {
  const auto erased = std::erase_if(runs, [&](const Run& run) {
    Settings settings = settings_of(run);
    settings.resolve();
    return filter.condition.holds(settings) != filter.only;
  });
  if (erased == 0) notes_.push_back(filter.origin + ": '" + clipped(filter.text()) + "' leaves out no run");
}

Settings Experiment::settings_of(const Run& run) const {
  Settings settings;
  const std::vector<Axis>& axes = blocks_[run.block].axes;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    if (run.points[a] == none) continue;
    for (std::size_t i = 0; i < axes[a].keys.size(); ++i)
      settings.set(axes[a].keys[i], axes[a].points[run.points[a]][i], axes[a].origin);
  }
  return settings;
}

std::vector<Settings> Experiment::expand() const {
  std::vector<Settings> runs;
  runs.reserve(runs_.size());
  for (const Run& run : runs_) {
    runs.push_back(settings_of(run));
    runs.back().resolve();
  }
  return runs;
}

// ---- what varies ----

std::vector<std::string> Experiment::keys() const {
  std::vector<std::string> keys;
  for (const Block& block : blocks_)
    for (const Axis& axis : block.axes)
      for (const std::string& key : axis.keys)
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  return keys;
}

// As the last axis that has the key says.
const std::string* Experiment::value(const Run& run, const std::string& key) const {
  const std::string* value = &find_setting(key)->preset;
  const std::vector<Axis>& axes = blocks_[run.block].axes;
  for (std::size_t a = 0; a < axes.size(); ++a)
    for (std::size_t i = 0; i < axes[a].keys.size(); ++i)
      if (run.points[a] != none && axes[a].keys[i] == key) value = &axes[a].points[run.points[a]][i];
  return value;
}

std::vector<std::string> Experiment::varying() const {
  std::vector<std::string> varying;
  for (const std::string& key : keys()) {
    const std::string& first = *value(runs_[0], key);
    if (std::any_of(runs_.begin(), runs_.end(), [&](const Run& run) { return *value(run, key) != first; }))
      varying.push_back(key);
  }
  return varying;
}

std::string Experiment::resolved() const {
  std::string text = "# Resolved from " + source_ + "\n";
  for (const Block& block : blocks_) {
    if (blocks_.size() > 1) text += "block\n";
    for (const Axis& axis : block.axes) {
      if (for_session(axis.keys[0])) continue;  // it is alone in its axis
      if (axis.where) text += "where " + axis.where->text + ": ";
      text += axis.keys_text() + " = " + axis.points_text() + "  # " + axis.origin + "\n";
    }
    for (const Filter& filter : block.filters) text += filter.text() + "  # " + filter.origin + "\n";
  }
  return text;
}

}  // namespace ladder::lab
