// Parts of the HTML pages. A page needs no other file and no network; without its script all is readable.
#include "ladder/base/text.h"
#include "plot/svg.h"
#include "report/report_parts.h"

namespace ladder::report {

using plot::escape_xml;
using Names = std::vector<std::string>;

// src/report/page/, compiled in.
extern const char report_css[], report_js[];

std::string html_element(const char* name, const std::string& content) {
  return join({"<", name, ">", content, "</", name, ">"}, "");
}

std::string page_head(const std::string& title) {
  return "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
         "<meta charset=\"utf-8\"/>\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
         "<style>\n" + std::string(report_css) + "</style>\n" + html_element("title", escape_xml(title)) +
         "\n</head>\n<body>\n" + html_element("h1", escape_xml(title)) + "\n";
}

std::string page_end() {
  return "<script>\n" + std::string(report_js) + "</script>\n</body>\n</html>\n";
}

static std::string attribute(const char* name, const Names& values, std::size_t i) {
  return i < values.size() ? join({" ", name, "=\"", escape_xml(values[i]), "\""}, "") : "";
}

static std::string cells(const char* kind, const Names& texts) {
  std::string row;
  for (const std::string& text : texts) row += html_element(kind, escape_xml(text));
  return row;
}

std::string html_table(const Names& heading, const std::vector<Names>& rows, const Names& row_names,
                       const Names& row_series) {
  std::string body;
  for (std::size_t i = 0; i < rows.size(); ++i)
    body += "<tr" + attribute("data-row", row_names, i) + attribute("data-series", row_series, i) + ">" +
            cells("td", rows[i]) + "</tr>\n";
  return "<div><div class=\"wide\"><table class=\"rows\">\n<thead><tr>" + cells("th", heading) +
         "</tr></thead>\n" + html_element("tbody", body) + "\n</table></div></div>\n";
}

std::string html_figure(const Picture& picture, std::size_t number) {
  std::string figure =
      "<figure>\n<div class=\"wide\">" + picture.svg + "</div>" +
      html_element("figcaption", escape_xml("Figure " + std::to_string(number) + ". " + picture.caption +
                                            (picture.name.empty() ? "" : " (" + picture.name + ".svg)"))) +
      "\n</figure>\n";
  if (picture.fold.empty()) return figure;
  return html_element("details", html_element("summary", escape_xml(picture.fold)) + "\n" + figure) + "\n";
}

std::string html_provenance(const std::string& text) {
  if (text.empty()) return "";
  return html_element("details", html_element("summary", "What made these results: command, version, date") +
                                     "<pre class=\"wide\">" + escape_xml(text) + "</pre>") + "\n";
}

}  // namespace ladder::report
