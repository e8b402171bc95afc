#include <catch2/catch.hpp>

#include <limits>
#include <string>

#include <tenon/error.hpp>
#include <tenon/report/heatmap.hpp>

using namespace tenon;
using Catch::Contains;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a heatmap has a cell for each value and a name for each row and column") {
  Heatmap map{
      .title = "a < b", .rows = 2, .columns = 3, .values = {0, 0.5, 1, 1, 0, std::numeric_limits<double>::quiet_NaN()}};
  map.row_names = {"x", "y"};
  map.column_names = {"one", "two", "three"};
  const std::string svg = map.svg();
  CHECK(count(svg, "<title>") == 5);  // one value is not finite
  CHECK(count(svg, "rgb(0,0,96)") == 2);
  CHECK(count(svg, "rgb(255,255,255)") == 2);
  CHECK_THAT(svg, Contains("a &lt; b") && Contains(">three</text>") && Contains(">y</text>") && Contains("rotate(-90"));

  map.column_names = {"one"};
  CHECK_THROWS_WITH(map.svg(), Contains("expected 3 names of columns, got 1"));
  map.values.pop_back();
  CHECK_THROWS_WITH(map.svg(), Contains("expected 6 values, got 5"));
  for (const double cell : {std::numeric_limits<double>::quiet_NaN(), -1.0, 1e300})
    CHECK_THROWS_WITH((Heatmap{.cell = cell}.svg()), Contains("cell: expected from 1 to 1000 pixels"));
  const std::size_t half = ~(~std::size_t{0} >> 1);  // twice that is 0
  CHECK_THROWS_WITH((Heatmap{.rows = half, .columns = 2}.svg()), Contains("rows of 2 values, got 0 values"));
  CHECK_THROWS_WITH((Heatmap{.rows = half, .columns = 0}.svg()), Contains("rows of 0 values, got 0 values"));
}
