#include "tenon/data/digits.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include <catch2/catch.hpp>

TEST_CASE("the embedded digits are those of the UCI repository") {
  const auto data = tenon::digits();
  CHECK(data.size() == 1797);
  CHECK(data.sample_shape() == std::vector<std::size_t>{1, 8, 8});
  CHECK(data.classes() == 10);
  const std::array<std::ptrdiff_t, 10> counts{178, 182, 177, 183, 181, 182, 181, 179, 174, 180};
  for (int digit = 0; digit < 10; ++digit) {
    CAPTURE(digit);
    CHECK(std::ranges::count(data.labels(), digit) == counts[static_cast<std::size_t>(digit)]);
  }

  // The first one, a zero, row by row.
  const std::array<int, 64> zero{0, 0,  5, 13, 9,  1, 0,  0, 0,  0,  13, 15, 10, 15, 5, 0,  0,  3, 15, 2, 0,  11,
                                 8, 0,  0, 4,  12, 0, 0,  8, 8,  0,  0,  5,  8,  0,  0, 9,  8,  0, 0,  4, 11, 0,
                                 1, 12, 7, 0,  0,  2, 14, 5, 10, 12, 0,  0,  0,  0,  6, 13, 10, 0, 0,  0};
  CHECK(data.label(0) == 0);
  for (std::size_t i = 0; i < zero.size(); ++i) CHECK(data.sample(0)[i] == static_cast<float>(zero[i]) / 16);

  const auto [lowest, highest] = std::ranges::minmax(data.features());
  CHECK(lowest == 0);
  CHECK(highest == 1);
  CHECK(std::accumulate(data.features().begin(), data.features().end(), 0.0) * 16 == 561718);
}

TEST_CASE("a stratified split of the digits has every digit's share in both parts") {
  const auto data = tenon::digits();
  const auto [train, test] = data.stratified_split(0.8, 1);
  CHECK(train.size() == 1438);
  CHECK(test.size() == 359);
  for (int digit = 0; digit < 10; ++digit) {
    CAPTURE(digit);
    const auto all = static_cast<double>(std::ranges::count(data.labels(), digit));
    CHECK(std::abs(static_cast<double>(std::ranges::count(train.labels(), digit)) - 0.8 * all) < 1);
  }
}
