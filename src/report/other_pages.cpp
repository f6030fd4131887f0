#include "report/other_pages.h"

#include <algorithm>

#include "base/files.h"
#include "ladder/base/text.h"
#include "plot/svg.h"
#include "report/report_parts.h"

namespace ladder::report {

namespace fs = std::filesystem;
using plot::escape_xml;

static const char* const tables[] = {"bench.csv", "geometry.csv"};

bool has_other_results(const fs::path& directory) {
  return std::any_of(std::begin(tables), std::end(tables),
                     [&](const char* name) { return fs::exists(directory / name); });
}

static std::vector<fs::path> files_of(const fs::path& directory, const std::string& extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == extension) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

static std::string heading(const std::string& text) { return html_element("h2", escape_xml(text)) + "\n"; }

void write_other_page(const fs::path& directory) {
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
  write_file(directory / "report.html", html + page_end());
}

void write_index(const fs::path& folder, const std::vector<IndexEntry>& entries) {
  std::string html = page_head("Reports");
  for (const IndexEntry& entry : entries) {
    const std::string name = last_name(entry.directory);
    const std::string link =
        (fs::absolute(entry.directory).lexically_normal() / "report.html")
            .lexically_relative(fs::absolute(folder).lexically_normal())
            .generic_string();
    html += "<h2><a href=\"" + escape_xml(link) + "\">" + escape_xml(name) + "</a></h2>\n<ul>\n";
    for (const std::string& finding : entry.findings) html += html_element("li", escape_xml(finding)) + "\n";
    html += "</ul>\n";
  }
  write_file(folder / "index.html", html + page_end());
}

}  // namespace ladder::report
