#include <tenon/data/sampling.hpp>

#include <catch2/catch.hpp>

#include <tenon/error.hpp>

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

Dataset<float> pieces(float first) {
  return Dataset{Features{"x", {2}, std::vector<float>{first, 1, 2, 3, 4, 5}}, Labels{{0, 2, 2}, 4}.named("kind"),
                 Targets{std::vector<float>{6, 7, 8}, 1}.named("price"), SampleWeights{std::vector<float>{1, 2, 3}}};
}

}  // namespace

TEST_CASE("data sets one behind the other") {
  const auto both = concat_data(pieces(0), pieces(9));
  CHECK(both.size() == 6);
  CHECK(both.sample(3)[0] == 9);
  CHECK(both.label(5) == 2);
  CHECK(both.target(3)[0] == 6);
  CHECK(both.weights()[5] == 3);
  CHECK(std::ranges::equal(both.columns(), pieces(0).columns()));
  CHECK_THROWS_WITH(concat_data(pieces(0), pieces(0).select({"x", "kind"})), Contains("expected samples alike"));
}

TEST_CASE("classes are counted, weighed and evened out") {
  std::vector<float> x(100);
  std::vector<std::int32_t> kinds(100, 0);
  for (std::size_t i = 0; i < 10; ++i) kinds[i] = 1;
  kinds[99] = -100;
  const Dataset<float> data{{1}, x, Labels{kinds, 3}};
  CHECK(class_counts(data) == std::vector<std::size_t>{89, 10, 0});
  // numpy: n / (k * bincount)
  CHECK(balanced_class_weights(data)[0] == Approx(99.0 / (3 * 89)));
  CHECK(balanced_class_weights(data)[2] == 0);
  const auto even = class_counts(balanced(data, 1));
  CHECK(even[0] + even[1] == 100);
  CHECK(even[1] > 35);
  CHECK(even[1] < 65);
  CHECK(class_counts(balanced(data, 1)) == even);
}

TEST_CASE("indices are drawn in proportion to weights") {
  const std::vector<double> weights{0, 1, 0, 3, 0};
  const auto indices = weighted_indices(weights, 4000, 7);
  std::vector<std::size_t> counts(5);
  for (const std::size_t i : indices) ++counts[i];
  CHECK(counts[1] + counts[3] == 4000);
  CHECK(counts[1] > 900);
  CHECK(counts[1] < 1100);
  CHECK_THROWS_AS(weighted_indices(std::vector<double>{0, 0}, 1, 1), Error);
  CHECK_THROWS_AS(weighted_indices(std::vector<double>{1, -1}, 1, 1), Error);
  CHECK_THROWS_WITH(weighted_indices(std::vector<double>{1}, std::size_t{1} << 60, 1),
                    Contains("expected samples that fit in memory, got 1152921504606846976"));
  const Dataset<float> ignored{{1}, {1, 2}, Labels{{ignore_index, ignore_index}, 2}};
  CHECK_THROWS_WITH(balanced(ignored, 1), Contains("balanced: expected a label") && Contains("none of 2 samples"));
}

TEST_CASE("a data set in a table") {
  const std::string text = describe(pieces(0));
  CHECK_THAT(text, Contains("3 samples\n"));
  CHECK_THAT(text, Contains("x        2      0 to 5, mean 2.5, deviation 1.708\n"));
  CHECK_THAT(text, Contains("kind     1      4 classes, from 0 samples (class 1) to 2 (class 2)\n"));
  CHECK_THAT(text, Contains("price    1      6 to 8, mean 7"));
}

TEST_CASE("windows of a series, with what comes") {
  const std::vector<float> series{0, 10, 1, 11, 2, 12, 3, 13, 4, 14};
  const auto data = series_windows<float>(series, 2, {.length = 2, .horizon = 2, .targets = {1}});
  CHECK(data.size() == 2);
  CHECK(data.sample_shape() == std::vector<std::size_t>{2, 2});
  CHECK(std::vector<float>(data.sample(1).begin(), data.sample(1).end()) == std::vector<float>{1, 11, 2, 12});
  CHECK(std::vector<float>(data.target(1).begin(), data.target(1).end()) == std::vector<float>{13, 14});
  CHECK(series_windows<float>(series, 2, {.length = 1, .stride = 3}).size() == 2);
  CHECK(series_windows<float>(series, 2, {.length = 1, .stride = ~std::size_t{0}}).size() == 1);
  CHECK_THROWS_WITH(series_windows<float>(series, 2, {.length = 5}), Contains("at least 6 steps"));
  CHECK_THROWS_WITH(series_windows<float>(series, 3, {.length = 1}), Contains("steps of 3 numbers, got 10"));
}
