#include <tenon/report/plot.hpp>

#include <cmath>
#include <limits>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/error.hpp>

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}

/// Every tag is closed, in order.
bool well_formed(const std::string& text) {
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-z]+)((?:\\s+[a-zA-Z-]+=\"[^\"<&]*(?:&[a-z]+;[^\"<&]*)*\")*)\\s*(/?)>");
  std::size_t end = 0;
  for (std::sregex_iterator i(text.begin(), text.end(), tag), none; i != none; ++i) {
    const std::string between = text.substr(end, static_cast<std::size_t>(i->position()) - end);
    if (between.find_first_of("<>") != between.npos) return false;
    end = static_cast<std::size_t>(i->position() + i->length());
    if ((*i)[1].length() > 0) {
      if (open.empty() || open.back() != (*i)[2].str()) return false;
      open.pop_back();
    } else if ((*i)[4].length() == 0) {
      open.push_back((*i)[2].str());
    }
  }
  return open.empty();
}

}  // namespace

TEST_CASE("ticks stand at round numbers") {
  CHECK(detail::round_ticks(0, 1, 5) == std::vector{0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0});
  CHECK(detail::round_ticks(-30, 110, 6).size() == 3);
  CHECK(detail::round_ticks(-30, 110, 6).front() == 0.0);
  CHECK(detail::round_ticks(3, 3, 5).empty());
}

TEST_CASE("points are where they belong") {
  Plot plot{.width = 184, .height = 156};  // a frame of 100 by 100 pixels from (70, 12)
  plot.area(
      0, 10, 0, 1, [](double, double) { return 0.0; }, true, 1);  // the axes are exactly these then
  plot.points("", {0, 5, 10}, {0, 0.5, 1});
  const std::string svg = plot.svg();
  CHECK_THAT(svg, Contains("cx=\"70.0\" cy=\"112.0\""));
  CHECK_THAT(svg, Contains("cx=\"120.0\" cy=\"62.0\""));
  CHECK_THAT(svg, Contains("cx=\"170.0\" cy=\"12.0\""));
  CHECK(well_formed(svg));
}

TEST_CASE("a logarithmic axis") {
  Plot plot{.log_y = true, .width = 184, .height = 156};
  plot.area(
      0, 1, 1, 100, [](double, double) { return 0.0; }, true, 1);
  plot.points("", {0.5, 0.5, 0.5}, {10, 0, -3});
  CHECK_THAT(plot.svg(), Contains("cy=\"62.0\""));
  CHECK(count(plot.svg(), "<circle") == 1);
}

TEST_CASE("numbers that are none leave a gap") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  Plot plot;
  plot.line("a", {1, 2, nan, 3, infinity, 4});
  const std::string svg = plot.svg();
  CHECK(count(svg, "nan") == 0);
  CHECK(count(svg, "inf") == 0);
  const std::size_t path = svg.find("stroke-width=\"2\"");
  const std::string line = svg.substr(svg.rfind("<path", path), path - svg.rfind("<path", path));
  CHECK(count(line, "M") == 3);
  CHECK(count(line, "L") == 1);
}

TEST_CASE("numbers of any size end as a plot") {
  const double least = 5e-324, large = std::numeric_limits<double>::max();
  const std::vector<std::vector<double>> all{
      {0.3, 0.1 + 0.2},          {0, least},
      {-large, large},           {large, large},
      {1e16, 1e16 + 2},          {1e180, 1e-180},
      {-1e300, 1e300},           {least, 2 * least},
      {1, std::nextafter(1, 2)}, {1e308, std::numeric_limits<double>::quiet_NaN()}};
  for (const auto& values : all) {
    CAPTURE(values);
    for (const bool logarithmic : {false, true}) {
      Plot plot{.log_x = logarithmic, .log_y = logarithmic};
      plot.line("a", values, values).points("b", values, values).bars("c", {1, 2}, values).histogram("d", values);
      plot.area(
          0, 1, 0, 1, [&](double x, double) { return values[x > 0.5]; }, false, 4);
      plot.area(
          0, 1, 0, 1, [&](double x, double) { return values[x > 0.5]; }, true, 4);
      const std::string svg = plot.svg();
      CHECK(count(svg, "nan") + count(svg, "inf") == 0);
      CHECK(svg.size() < 100'000);
      CHECK(well_formed(svg));
    }
    CHECK(detail::round_ticks(std::min(values[0], values[1]), std::max(values[0], values[1]), 6).size() < 30);
  }
  Plot small;
  small.histogram("", {0, least}, 4);
  CHECK(small.series[0].y == std::vector{0.0, 0.0, 2.0, 0.0});
  CHECK_THROWS_WITH((Plot{.width = std::numeric_limits<double>::quiet_NaN()}.svg()),
                    Contains("expected a width from 100"));
  CHECK_THROWS_WITH((Plot{.height = -5}.svg()), Contains("and a height from 80"));
}

TEST_CASE("text is escaped, and names are in the legend") {
  Plot plot{.title = "a < b & \"c\"", .x_label = "<x>"};
  plot.line("p & q", {1, 2}).line("", {2, 1});
  const std::string svg = plot.svg();
  CHECK_THAT(svg, Contains("a &lt; b &amp; &quot;c&quot;") && Contains("&lt;x&gt;") && Contains("p &amp; q"));
  CHECK(well_formed(svg));
}

TEST_CASE("ten classes have ten colours") {
  Plot plot;
  for (int digit = 0; digit < 10; ++digit) plot.points(std::to_string(digit), {1.0 * digit}, {0});
  const std::string svg = plot.svg();
  std::set<std::string> colors;
  const std::regex circle("<circle[^>]* fill=\"(#[0-9a-f]{6})\"");
  for (std::sregex_iterator i(svg.begin(), svg.end(), circle), none; i != none; ++i) colors.insert((*i)[1].str());
  CHECK(colors.size() == 10);
}

TEST_CASE("bars, histograms and areas") {
  Plot plot;
  plot.histogram("h", {0, 0.1, 0.2, 1, 1, 1, 1, std::numeric_limits<double>::quiet_NaN()}, 2);
  REQUIRE(plot.series.size() == 1);
  CHECK(plot.series[0].x == std::vector{0.25, 0.75});
  CHECK(plot.series[0].y == std::vector{3.0, 4.0});
  CHECK(count(plot.svg(), "fill-opacity=\"0.8\"") == 2);

  Plot regions;
  regions.area(
      -1, 1, -1, 1, [](double x, double) { return x > 0 ? 1.0 : 0.0; }, true, 10);
  CHECK(count(regions.svg(), "height=") - count(Plot{}.svg(), "height=") == 20);  // two runs in each of ten rows
  CHECK(well_formed(regions.svg()));
  CHECK(well_formed(Plot{}.svg()));
  Plot curve;
  draw_function(
      curve, "f", 0, 2, [](double x) { return x * x; }, 3);
  CHECK(curve.series[0].y == std::vector{0.0, 1.0, 4.0});
}

TEST_CASE("what does not go together is refused") {
  Plot plot;
  plot.line("short", {1, 2, 3}, {1, 2});
  CHECK_THROWS_WITH(plot.svg(), Contains("\"short\"") && Contains("3 and 2"));
  Plot wrapped;
  wrapped.areas.push_back({.columns = ~(~std::size_t{0} >> 1), .rows = 2});
  CHECK_THROWS_WITH(wrapped.svg(), Contains("expected an area of 9223372036854775808 x 2 values, got 0"));
  CHECK_THROWS_AS(Plot{}.save("no/such/folder/plot.svg"), Error);
  const auto flat = [](double, double) { return 1.0; };
  CHECK_THROWS_WITH(Plot{}.area(0, 1, 0, 1, flat, false, std::size_t{1} << 33), Contains("from 1 to 1000 cells"));
  CHECK_THROWS_WITH(Plot{}.area(0, 1, 0, 1, nullptr), Contains("a function, got an empty one"));
  Plot nowhere;
  nowhere.area(std::nan(""), 1, 0, 1, flat);
  CHECK_THROWS_WITH(nowhere.svg(), Contains("an area between finite numbers, got nan to 1 and 0 to 1"));
  for (const std::size_t bins : {std::size_t{0}, std::size_t{1} << 40})
    CHECK_THROWS_WITH(Plot{}.histogram("h", {1, 2}, bins), Contains("from 1 to 100000 bins"));
  CHECK_THROWS_WITH(draw_function(plot, "f", 0, 1, nullptr), Contains("a function, got an empty one"));
}
