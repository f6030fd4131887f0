#include "plot/chart.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "markup_check.h"
#include "plot/svg.h"

using namespace ladder;
using namespace ladder::plot;

static LineChart line_chart(std::size_t facets, std::size_t points, double scale) {
  LineChart chart;
  chart.title = "A <title> & \"more\"";
  chart.x = {"steps (1)", false, {}, {}, {}};
  chart.y = {"share of targets", false, {}, {}, {}};
  for (std::size_t facet = 0; facet < facets; ++facet) {
    Facet p{"embedding_scale " + std::to_string(facet) + ", optimizer adam, norm post", {}};
    for (std::size_t series = 0; series < 3; ++series) {
      Series s{"score " + std::to_string(series), series, {}};
      for (std::size_t i = 0; i < points; ++i) {
        const double y = static_cast<double>(i * (series + 1)) / static_cast<double>(points);
        s.points.push_back({scale * static_cast<double>(i), y, y - 0.1, y + 0.1});
      }
      p.series.push_back(std::move(s));
    }
    chart.facets.push_back(std::move(p));
  }
  return chart;
}

static void check_picture(const std::string& svg) {
  CHECK(xml_fault(svg) == "");
  CHECK(text_collision(svg) == "");
  CHECK(!has_unset_number(svg));
}

TEST_CASE("the checkers find faults") {
  CHECK(xml_fault("<a><b></a></b>") != "");
  CHECK(xml_fault("<a x=1></a>") != "");
  CHECK(xml_fault("<a>R & D</a>") != "");
  CHECK(xml_fault("<a>") != "");
  CHECK(xml_fault("<a x=\"1\"><b/>&amp;</a>") == "");
  Svg svg(100, 100, "");
  svg.text({10, 50}, "one");
  CHECK(text_collision(svg.finish()) == "");
  svg.text({20, 52}, "two");
  CHECK(text_collision(svg.finish()) != "");
  Svg outside(100, 100, "");
  outside.text({95, 50}, "too far right");
  CHECK(text_collision(outside.finish()) != "");
}

TEST_CASE("text is escaped, and cut where it must be") {
  CHECK(escape_xml("a<b & \"c\">\x01") == "a&lt;b &amp; &quot;c&quot;&gt;");
  CHECK(fit_text("short", 10, 100) == "short");
  const std::string cut = fit_text("ätherische Öle und mehr", 10, 60);
  CHECK(cut.ends_with("…"));
  CHECK(text_width(cut, 10) <= 60 + 10);
  CHECK(wrap_text("base 8, delay 12", 10, 60) == std::vector<std::string>{"base 8,", "delay 12"});
  CHECK(wrap_text("base 8, delay 12", 10, 600).size() == 1);
}

TEST_CASE("ticks are round and within the range") {
  CHECK(linear_ticks(0, 1, 6) == std::vector<double>{0, 0.2, 0.4, 3 * 0.2, 0.8, 1});
  CHECK(linear_ticks(2, 100, 5) == std::vector<double>{20, 40, 60, 80, 100});
  CHECK(logarithmic_ticks(0.5, 4) == std::vector<double>{0.5, 1, 2, 4});
  CHECK(logarithmic_ticks(1, 1e6).size() == 7);
  for (const double high : {0.003, 0.7, 3.0, 42.0, 1e5})
    for (std::size_t most = 2; most < 10; ++most) {
      const auto ticks = linear_ticks(-high / 3, high, most);
      CHECK(ticks.size() <= most);
      CHECK(!ticks.empty());
    }
  CHECK(tick_text(3 * 0.2) == "0.6");
  CHECK(tick_text(-0.25) == "−0.25");
  CHECK(tick_text(20000) == "20000");
}

TEST_CASE("line charts are well-formed and legible at any number of facets and points") {
  for (const std::size_t facets : {1, 2, 4, 5, 12, 30, 36})
    for (const std::size_t points : {0, 1, 2, 40}) {
      CAPTURE(facets);
      CAPTURE(points);
      check_picture(to_svg(line_chart(facets, points, facets == 5 ? 1e4 : 7.3)));
    }
}

TEST_CASE("logarithmic axes, missing and censored points, odd data") {
  LineChart chart = line_chart(1, 0, 1);
  chart.x.logarithmic = true;
  chart.x.ticks = {0.001, 0.0011, 0.0012, 0.1, 10};
  Series series{"a & b", 1, {}};
  series.points = {{0.001, 1}, {0.1, no_value}, {10, 3, no_value, no_value, false, true}};
  chart.facets[0].series = {series};
  const std::string svg = to_svg(chart);
  check_picture(svg);
  CHECK(contains(svg, "a &amp; b"));
  CHECK(contains(svg, ">0.001<"));
  CHECK(!contains(svg, ">0.0011<"));  // no room beside 0.001
  CHECK(contains(svg, ">10<"));
  CHECK(svg == to_svg(chart));
}

TEST_CASE("a label at the lower end of a range of negative numbers is drawn") {
  HeatMap map;
  map.rows = {"a"}, map.columns = {"b"};
  map.facets.push_back({"difference", {{-0.3}}, {{"−0.30"}}, Shades::diverging, -1, 1, "d"});
  CHECK(contains(to_svg(map), ">−1<"));
}

TEST_CASE("series differ in more than their colour") {
  const std::string svg = to_svg(line_chart(1, 5, 1));
  CHECK(contains(svg, "stroke-dasharray=\"7 3\""));
  CHECK(contains(svg, "stroke-dasharray=\"2 2.5\""));
  CHECK(contains(svg, "<circle"));
  CHECK(contains(svg, "<polygon"));
}

static HeatMap heat_map(std::size_t rows, std::size_t columns, bool texts) {
  HeatMap map;
  map.title = "Heat";
  map.row_label = "embedding_scale", map.column_label = "qk_gain";
  map.across = 2;
  for (std::size_t r = 0; r < rows; ++r) map.rows.push_back(std::to_string(r * 100));
  for (std::size_t c = 0; c < columns; ++c) map.columns.push_back("3+6+" + std::to_string(c));
  for (int p = 0; p < 4; ++p) {
    HeatFacet facet{"facet " + std::to_string(p) + ", optimizer adam", {}, {},
                    p % 2 ? Shades::diverging : Shades::sequential, p % 2 ? -1.0 : 0.0, 1, "share"};
    for (std::size_t r = 0; r < rows; ++r) {
      facet.values.emplace_back();
      if (texts) facet.texts.emplace_back();
      for (std::size_t c = 0; c < columns; ++c) {
        facet.values[r].push_back(r == c ? no_value : static_cast<double>(c) / 3 - 0.5);
        if (texts) facet.texts[r].push_back(r == c ? "" : ">12000");
      }
    }
    map.facets.push_back(std::move(facet));
  }
  return map;
}

TEST_CASE("heat maps are well-formed and legible at any size, with and without numbers") {
  for (const bool texts : {true, false})
    for (const std::size_t size : {1, 4, 7, 24}) {
      CAPTURE(texts);
      CAPTURE(size);
      check_picture(to_svg(heat_map(size, size + 1, texts)));
    }
}

TEST_CASE("a cell without a value is crossed out, or blank where that is asked for") {
  HeatMap map;
  map.rows = {"r"}, map.columns = {"low", "none"};
  map.facets.push_back({.title = "p", .values = {{0, no_value}}, .scale_label = "s"});
  const std::string crossed = "stroke=\"#bbbbbb\"";
  CHECK(contains(to_svg(map), crossed));
  map.facets[0].blank = true;
  CHECK(!contains(to_svg(map), crossed));
}

TEST_CASE("bare cells of one shade are one element, and the ends of the range have the ends' shades") {
  HeatMap map;
  map.rows = {"r", "s"}, map.columns = {"a", "b"};
  map.facets.push_back({.title = "p", .values = {{-5, 1}, {0, 0.001}}, .scale_label = "s"});
  const std::string svg = to_svg(map);
  const auto cells = [&](const std::string& colour) {
    const std::size_t end = svg.find("z\" fill=\"" + colour + "\"/>");
    REQUIRE(end != std::string::npos);
    const std::size_t begin = svg.rfind("<path d=\"", end);
    return std::count(svg.begin() + static_cast<long>(begin), svg.begin() + static_cast<long>(end), 'M');
  };
  CHECK(cells("#ffffe5") == 3);  // -5 is below the range, 0.001 less than half a shade above it
  CHECK(cells("#081d58") == 1);
}

TEST_CASE("numbers in dark cells are light, in light cells dark") {
  HeatMap map;
  map.rows = {"r"}, map.columns = {"low", "high"};
  map.facets.push_back({"p", {{0, 1}}, {{"0.00", "1.00"}}, Shades::sequential, 0, 1, "s"});
  const std::string svg = to_svg(map);
  CHECK(contains(svg, "fill=\"#111111\">0.00<"));
  CHECK(contains(svg, "fill=\"#ffffff\">1.00<"));
}

TEST_CASE("dot charts are well-formed and legible") {
  for (const std::size_t count : {1, 30, 100}) {
    DotChart chart;
    chart.title = "Dots";
    chart.category_label = "position, norm, embedding, scale, heads, optimizer, and so on, and on";
    DotFacet left{{"accuracy", false, 0.0, 1.0, {}}, {}, {}};
    left.series = {{"dpa", 0, {}, false}, {"ea", 1, {}, false}};
    DotFacet right{{"difference", false, {}, {}, {}}, {{"ea − dpa", 1, {}, false}}, 0.0};
    for (std::size_t i = 0; i < count; ++i) {
      chart.categories.push_back("learned, post, onehot, on, 4, adam, " + std::to_string(i));
      left.series[0].points.push_back({0.5, 0, 0.4, 0.7});
      left.series[1].points.push_back({i % 7 ? 0.9 : no_value, 0});
      right.series[0].points.push_back({0.4, 0, -0.1, 0.5, i % 2 == 0});
    }
    chart.facets = {left, right};
    check_picture(to_svg(chart));
  }
}

TEST_CASE("twenty series are named beside their lines and marks, without a legend, and stay apart") {
  LineChart lines = line_chart(1, 5, 1);
  lines.subtitle = "task nt, 3 seeds", lines.note = "Bands are intervals.";
  DotChart dots;
  dots.categories = {"a", "b"};
  DotFacet facet{.axis = {.label = "accuracy"}};
  lines.facets[0].series.clear();
  for (std::size_t i = 0; i < 20; ++i) {
    Series s{"score number " + std::to_string(i), i, {}};
    for (int x = 0; x < 5; ++x) s.points.push_back({double(x), 0.5 + 0.001 * double(i), 0.4, 0.6});
    lines.facets[0].series.push_back(s);
    s.connected = false;
    s.points.resize(dots.categories.size());
    facet.series.push_back(s);
  }
  dots.facets.push_back(facet);
  for (const std::string& svg : {to_svg(lines), to_svg(dots)}) {
    check_picture(svg);
    CHECK(svg.find(">score number 19<") != std::string::npos);
    CHECK(svg.find("data-series=\"score number 7\"") != std::string::npos);
  }
  CHECK(to_svg(lines).find("<desc>task nt, 3 seeds. Bands are intervals.</desc>") != std::string::npos);
  // The eighth has the first one's colour, but another dash.
  const std::string svg = to_svg(lines);
  const auto lines_of = [&](const char* colour) {
    std::vector<std::string> dashes;
    for (std::size_t at = 0; (at = svg.find("<polyline", at)) != std::string::npos; ++at) {
      const std::string tag = svg.substr(at, svg.find('>', at) - at);
      if (attribute_of(tag, "stroke") == colour) dashes.push_back(attribute_of(tag, "stroke-dasharray"));
    }
    std::sort(dashes.begin(), dashes.end());
    return dashes;
  };
  const auto dashes = lines_of("#D55E00");
  REQUIRE(dashes.size() == 3);
  CHECK(std::adjacent_find(dashes.begin(), dashes.end()) == dashes.end());
}
