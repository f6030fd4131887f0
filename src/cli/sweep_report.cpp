#include "cli/sweep_report.h"

#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "base/terminal.h"
#include "ladder/base/text.h"
#include "report/report.h"

namespace ladder::cli {

namespace fs = std::filesystem;
using namespace report;

std::string write_sweep_report(const fs::path& directory, const std::string& title) {
  const Sweeps results = read_sweeps({directory});
  ReportOptions options;
  options.title = title;
  options.width = terminal_width(STDOUT_FILENO);
  if (fs::exists(directory / "provenance.txt")) options.provenance = read_file(directory / "provenance.txt");
  const Report report = make_report(results.runs, results.curves, options);
  write_report(report, directory);

  std::vector<std::string> names;
  for (const Picture& picture : report.pictures) names.push_back(picture.name + ".svg");
  if (report.marginals.csv.rows() > 0) names.push_back("marginals.csv");
  const fs::path list = directory / ".report";
  if (fs::exists(list)) {
    std::error_code ignored;
    for (const std::string& name : split_words(read_file(list)))
      if (std::find(names.begin(), names.end(), name) == names.end() &&
          name == fs::path(name).filename())
        fs::remove(directory / name, ignored);
  }
  write_file(list, join(names, "\n") + "\n");
  return report.headline;
}

}  // namespace ladder::cli
