#include "report/other_pages.h"

#include <algorithm>

#include "base/files.h"
#include "ladder/base/error.h"
#include "ladder/base/text.h"
#include "plot/svg.h"
#include "report/report_parts.h"
#include "report/verdict.h"

namespace ladder::report {

namespace fs = std::filesystem;
using plot::escape_xml;

static const char* const tables[] = {"bench.csv", "geometry.csv", "replay.csv", "simulation.csv"};

Results results_of(const fs::path& directory) {
  const auto has = [&](const char* name) { return fs::exists(directory / name); };
  if (has("climb.csv")) return Results::climb;  // its runs.csv is no sweep: the runs of tuning
  if (has("runs.csv") && !has("replay.csv")) return Results::sweep;  // else: the grid of a climb
  return std::any_of(std::begin(tables), std::end(tables), has) ? Results::other : Results::none;
}

std::vector<fs::path> result_directories(const fs::path& directory) {
  if (results_of(directory) != Results::none) return {directory};
  std::vector<fs::path> subfolders, found;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(directory, unreadable))
    if (entry.is_directory()) subfolders.push_back(entry.path());
  std::sort(subfolders.begin(), subfolders.end());
  for (const fs::path& subfolder : subfolders)
    for (const fs::path& path : result_directories(subfolder)) found.push_back(path);
  return found;
}

std::vector<std::string> climb_findings(const fs::path& directory) {
  if (!fs::exists(directory / "climb.html"))
    throw failure(directory.string() + ": a climb without climb.html, which `ladder climb` writes");
  std::vector<std::string> findings;
  for (const Verdict& v : judge_climb(last_name(directory), directory))
    findings.push_back(v.words + ": " + v.verdict + " (" + v.evidence + ").");
  return findings;
}

static std::vector<fs::path> files_of(const fs::path& directory, const std::string& extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == extension) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

static std::string heading(const std::string& text) { return html_element("h2", escape_xml(text)) + "\n"; }

void write_other_page(const fs::path& directory, const fs::path& out) {
  std::string html = page_head(last_name(directory));
  std::string provenance;
  if (fs::exists(directory / "provenance.txt")) provenance = read_file(directory / "provenance.txt");
  html += html_provenance(provenance);
  if (fs::exists(directory / "summary.txt"))
    html += heading("Summary") + "<pre class=\"wide\">" + escape_xml(read_file(directory / "summary.txt")) + "</pre>\n";
  std::size_t number = 0;
  for (const fs::path& path : files_of(directory, ".svg")) {
    const std::string name = path.stem().string();
    html += html_figure({name, "", read_file(path), {}}, ++number);
  }
  for (const char* name : tables) {
    if (!fs::exists(directory / name)) continue;
    const Table table = Table::read(directory / name);
    std::vector<std::vector<std::string>> rows;
    for (std::size_t row = 0; row < table.rows(); ++row) rows.push_back(table.row(row));
    html += heading(name) + html_table(table.columns(), rows);
  }
  require_writable(out);
  write_page(out / "report.html", html + page_end());
}

void write_index(const fs::path& folder, const std::vector<IndexEntry>& entries) {
  std::string html = page_head("Reports");
  for (const IndexEntry& entry : entries) {
    const std::string link =
        (fs::absolute(entry.directory).lexically_normal() / entry.page)
            .lexically_relative(fs::absolute(folder).lexically_normal())
            .generic_string();
    const std::string name = fs::path(link).parent_path().generic_string();
    html += "<h2><a href=\"" + escape_xml(link) + "\">" + escape_xml(name) + "</a></h2>\n<ul>\n";
    for (const std::string& finding : entry.findings) html += html_element("li", escape_xml(finding)) + "\n";
    html += "</ul>\n";
  }
  write_page(folder / "index.html", html + page_end());
}

}  // namespace ladder::report
