#include "statistics/contestant.h"

#include <set>

#include "ladder/base/text.h"

namespace ladder::statistics {

using Names = std::vector<std::string>;

static constexpr const char *usual_mixer = "attention", *usual_pattern = "full";

bool names_contestant(const std::string& column) {
  return column == "mixer" || column == "score" || column == "pattern" || column == "contestant";
}

std::string contestant_name(const std::string& mixer, const std::string& score,
                            const std::string& pattern) {
  Names words;
  if (!mixer.empty() && mixer != usual_mixer) words.push_back(mixer);
  if (!score.empty()) words.push_back(score);
  if (!pattern.empty() && pattern != usual_pattern) words.push_back(pattern);
  return join(words, " ");
}

Names contestants(const Table& table) {
  const auto cells = [&](const char* column, const char* usual) {
    Names values;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::string& value = table.has(column) ? table.at(row, column) : std::string();
      values.push_back(value.empty() ? usual : value);
    }
    return values;
  };
  if (table.has("contestant")) return cells("contestant", "");
  const Names mixers = cells("mixer", usual_mixer), scores = cells("score", "");
  Names patterns = cells("pattern", "");
  for (std::size_t row = 0; row < scores.size(); ++row)
    if (!scores[row].empty() && patterns[row].empty()) patterns[row] = usual_pattern;
  std::set<std::string> of_mixers(mixers.begin(), mixers.end());
  std::set<std::string> of_patterns(patterns.begin(), patterns.end());
  of_patterns.erase("");
  Names names;
  for (std::size_t row = 0; row < scores.size(); ++row)
    names.push_back(contestant_name(
        of_mixers.size() > 1 || scores[row].empty() ? mixers[row] : usual_mixer, scores[row],
        of_patterns.size() > 1 ? patterns[row] : usual_pattern));
  return names;
}

}  // namespace ladder::statistics
