#include "tenon/data/dataset.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

#include "tenon/error.hpp"

namespace {

using Catch::Matchers::Contains;
using tenon::Dataset;
using tenon::Error;
using tenon::Features;
using tenon::Labels;
using tenon::SampleWeights;
using tenon::Targets;

/// Sample i is {i, -i}; its class cycles through 0, 0, 1, 0, 0, 1, ...
Dataset<float> counted(std::size_t count) {
  std::vector<float> features;
  Labels labels{{}, 2};
  for (std::size_t i = 0; i < count; ++i) {
    features.push_back(static_cast<float>(i));
    features.push_back(-static_cast<float>(i));
    labels.values.push_back(i % 3 == 2);
  }
  return {{2}, std::move(features), std::move(labels)};
}

std::vector<int> firsts(const Dataset<float>& data) {
  std::vector<int> values;
  for (std::size_t i = 0; i < data.size(); ++i) values.push_back(static_cast<int>(data.sample(i)[0]));
  return values;
}

template <class T>
std::vector<std::remove_const_t<T>> copy(std::span<T> values) {
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("a data set holds samples and labels") {
  const Dataset<float> points{{2}, {0, 0, 0, 1, 1, 0, 1, 1}, Labels{{0, 1, 1, 0}, 2}};
  CHECK(points.size() == 4);
  CHECK(points.sample_size() == 2);
  CHECK(points.sample_shape() == std::vector<std::size_t>{2});
  CHECK(copy(points.sample(2)) == std::vector<float>{1, 0});
  CHECK(points.has_labels());
  CHECK(points.classes() == 2);
  CHECK(points.label(2) == 1);
  CHECK_FALSE(points.has_targets());
  CHECK(points.target_size() == 0);
  CHECK(points.targets().empty());
}

TEST_CASE("a data set holds samples and targets") {
  const Dataset<double> data{{1, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}, Targets<double>{{1, 2, 3, 4, 5, 6}, 3}};
  CHECK(data.size() == 2);
  CHECK(data.sample_size() == 4);
  CHECK(copy(data.sample(1)) == std::vector<double>{5, 6, 7, 8});
  CHECK(data.has_targets());
  CHECK(copy(data.target(1)) == std::vector<double>{4, 5, 6});
  CHECK_FALSE(data.has_labels());
}

TEST_CASE("a data set may hold samples alone") {
  const Dataset<float> data{{2}, {1, 2, 3, 4}};
  CHECK(data.size() == 2);
  CHECK_FALSE(data.has_labels());
  CHECK_FALSE(data.has_targets());
  CHECK(Dataset<float>{}.empty());
}

TEST_CASE("sizes that don't agree are errors") {
  using Floats = std::vector<float>;
  CHECK_THROWS_WITH((Dataset<float>{{3}, Floats(7)}),
                    "Dataset: expected a multiple of 3 numbers (samples of 3), got 7");
  CHECK_THROWS_WITH((Dataset<float>{{2}, Floats(8), Labels{{0, 1, 0}, 2}}),
                    "Dataset: expected 4 labels, one per sample, got 3");
  CHECK_THROWS_WITH((Dataset<float>{{2}, Floats(8), Targets<float>{Floats(9), 2}}),
                    "Dataset: expected 4 targets of 2 numbers, got 9 numbers");
  CHECK_THROWS_WITH((Dataset<float>{{2}, Floats(8), Targets<float>{Floats(4), 0}}), Contains("at least one number"));
  CHECK_THROWS_WITH((Dataset<float>{{2}, Floats(8), Labels{{0, 0, 0, 0}, 0}}), Contains("at least one class"));
  CHECK_THROWS_WITH((Dataset<float>{{2}, Floats(8), Labels{{0, 0, 0, 0}, std::size_t{1} << 60}}),
                    Contains("at most 2147483648 classes, as labels have 32 bits, got 1152921504606846976"));
  CHECK_THROWS_WITH((Dataset<float>{{2, 0}, Floats(8)}), Contains("no sample has the shape 2x0"));
  CHECK_THROWS_WITH((Dataset<float>{std::vector<std::size_t>{}, Floats(8)}), Contains("at least one axis"));
  const std::size_t half = std::size_t{1} << (std::numeric_limits<std::size_t>::digits / 2);
  CHECK_THROWS_WITH((Dataset<float>{{half, half}, Floats(8)}), Contains("no sample has the shape"));
  CHECK_THROWS_WITH((Dataset<float>{{1}, Floats(2), Labels{{}, 2, half * (half / 2)}}),  // twice that is 0
                    Contains("9223372036854775808 per sample, got 0"));
}

TEST_CASE("a label outside the classes is an error") {
  CHECK_THROWS_WITH((Dataset<float>{{1}, {1, 2, 3}, Labels{{0, 9, 10}, 10}}),
                    "Dataset: label 10 of sample 2 is outside the 10 classes: expected 0 to 9");
  CHECK_THROWS_AS((Dataset<float>{{1}, {1, 2}, Labels{{0, -1}, 10}}), Error);
}

TEST_CASE("reshape keeps the numbers") {
  Dataset<float> data{{1, 2, 3}, std::vector<float>(12)};
  data.reshape({6});
  CHECK(data.sample_shape() == std::vector<std::size_t>{6});
  CHECK(data.size() == 2);
  CHECK_THROWS_WITH(data.reshape({7}), "Dataset: samples of 6 are 6 numbers, expected 7 for 7");
  CHECK(data.sample_shape() == std::vector<std::size_t>{6});
}

TEST_CASE("features can be changed in place") {
  Dataset<float> data = counted(3);
  for (float& value : data.features()) value *= 10;
  CHECK(copy(data.sample(2)) == std::vector<float>{20, -20});
}

TEST_CASE("a subset keeps samples and labels together") {
  const Dataset<float> data = counted(6);
  const std::vector<std::size_t> indices{5, 0, 5, 2};
  const Dataset<float> part = data.subset(indices);
  CHECK(firsts(part) == std::vector{5, 0, 5, 2});
  CHECK(copy(part.labels()) == std::vector<std::int32_t>{1, 0, 1, 1});
  CHECK(part.classes() == 2);
  CHECK_THROWS_WITH(data.subset(std::vector<std::size_t>{1, 6}), "Dataset: no sample 6: there are 6");
}

TEST_CASE("a subset keeps samples and targets together") {
  const Dataset<float> data{{1}, {1, 2, 3}, Targets<float>{{10, 11, 20, 21, 30, 31}, 2}};
  const Dataset<float> part = data.subset(std::vector<std::size_t>{2, 0});
  CHECK(copy(part.targets()) == std::vector<float>{30, 31, 10, 11});
  CHECK(part.target_size() == 2);
}

TEST_CASE("take gives the first samples") {
  CHECK(firsts(counted(5).take(3)) == std::vector{0, 1, 2});
  CHECK(counted(5).take(9).size() == 5);
  CHECK(counted(5).take(0).empty());
}

TEST_CASE("a split is a partition fixed by its seed") {
  const Dataset<float> data = counted(10);
  const auto [train, test] = data.split(0.7, 3);
  CHECK(firsts(train) == std::vector{4, 6, 7, 5, 2, 9, 8});
  CHECK(firsts(test) == std::vector{1, 0, 3});
  for (std::size_t i = 0; i < train.size(); ++i)
    CHECK(train.label(i) == data.label(static_cast<std::size_t>(train.sample(i)[0])));
  CHECK(firsts(data.split(0.7, 4).train) != firsts(train));
}

TEST_CASE("a split rounds to the nearest count and leaves no part empty") {
  CHECK(counted(10).split(0.74, 1).train.size() == 7);
  CHECK(counted(10).split(0.76, 1).train.size() == 8);
  CHECK(counted(2).split(0.5, 1).test.size() == 1);
  CHECK_THROWS_WITH(counted(3).split(0.9, 1), "split: 0.9 of 3 samples leaves one part empty");
  CHECK_THROWS_WITH(counted(3).split(0.1, 1), Contains("leaves one part empty"));
  for (const double bad : {0.0, 1.0, -0.5, 1.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH(counted(3).split(bad, 1), Contains("between 0 and 1"));
}

TEST_CASE("a stratified split deals every class by the fraction") {
  const Dataset<float> data = counted(90);  // 60 of class 0, 30 of class 1
  const auto [train, test] = data.stratified_split(0.8, 5);
  CHECK(train.size() == 72);
  CHECK(test.size() == 18);
  CHECK(std::ranges::count(train.labels(), 1) == 24);
  CHECK(std::ranges::count(test.labels(), 1) == 6);

  auto all = firsts(train);
  const auto rest = firsts(test);
  CHECK_FALSE(std::ranges::is_sorted(all));
  all.insert(all.end(), rest.begin(), rest.end());
  std::ranges::sort(all);
  for (int i = 0; i < 90; ++i) REQUIRE(all[static_cast<std::size_t>(i)] == i);

  CHECK(firsts(data.stratified_split(0.8, 5).train) == firsts(train));
  CHECK(firsts(data.stratified_split(0.8, 6).train) != firsts(train));
}

TEST_CASE("a stratified split gives what rounding leaves to the largest remainders") {
  // Shares at 0.5: class 0: 1.5, class 1: 2, class 2: 2.5; round(12 * 0.5) = 6 train.
  const Dataset<float> data{{1}, std::vector<float>(12), Labels{{0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2}, 3}};
  const auto [train, test] = data.stratified_split(0.5, 1);
  CHECK(train.size() == 6);
  CHECK(std::ranges::count(train.labels(), 0) == 2);  // the tie goes to the lower class
  CHECK(std::ranges::count(train.labels(), 1) == 2);
  CHECK(std::ranges::count(train.labels(), 2) == 2);
}

TEST_CASE("a stratified split needs labels, and few of them") {
  CHECK_THROWS_WITH((Dataset<float>{{1}, {1, 2, 3}}.stratified_split(0.5, 1)),
                    Contains("expected a data set with class labels"));
  // Memory goes with the classes that occur, not with those declared.
  const Dataset<float> data{{1}, {1, 2, 3, 4}, Labels{{0, 0, 2147483646, 2147483646}, 2147483647}};
  CHECK(data.stratified_split(0.5, 1).train.size() == 2);
}

TEST_CASE("a data set changes precision") {
  const Dataset<double> data = counted(4).as<double>();
  CHECK(copy(data.sample(3)) == std::vector<double>{3, -3});
  CHECK(copy(data.labels()) == std::vector<std::int32_t>{0, 0, 1, 0});
  const Dataset<float> regression = Dataset<double>{{1}, {1, 2}, Targets<double>{{0.5, 0.25}, 1}}.as<float>();
  CHECK(copy(regression.targets()) == std::vector<float>{0.5f, 0.25f});
  // what a float cannot hold does not become infinite unnoticed
  CHECK_THROWS_WITH((Dataset<double>{{2}, {1, 2, 3, -1e39}}.as<float>()),
                    Contains("features that a float can hold") && Contains("-1e+39 of sample 1"));
  CHECK_THROWS_WITH((Dataset<double>{{1}, {1, 2}, Targets<double>{{1e300, 0}, 1}}.as<float>()),
                    Contains("expected targets") && Contains("sample 0"));
}

namespace {

/// Sample i of three: image {10 i, 10 i + 1, 10 i + 2, 10 i + 3}, table {-i}, digit i, steps {i % 2, 1},
/// value {i / 2}, box {100 i, 100 i + 1}, weight i + 1.
Dataset<float> many() {
  const std::vector<float> image{0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23}, table{0, -1, -2};
  return Dataset{Features{"image", {1, 2, 2}, image},
                 Labels{{0, 1, 2}, 3}.named("digit"),
                 Features{"table", {1}, table},
                 Targets<float>{{0, 0.5F, 1}, 1}.named("value"),
                 SampleWeights<float>{{1, 2, 3}},
                 Labels{{0, 1, 1, 1, 0, 1}, 2, 2}.named("steps"),
                 Targets<float>{{0, 1, 100, 101, 200, 201}, 2}.shaped({2, 1}).named("box")};
}

}  // namespace

TEST_CASE("a data set has named columns") {
  const Dataset<float> data = many();
  CHECK(data.size() == 3);
  CHECK(data.sample_size() == 5);
  CHECK(data.sample_shape() == std::vector<std::size_t>{5});
  CHECK(copy(data.features()) == std::vector<float>{0, 1, 2, 3, 0, 10, 11, 12, 13, -1, 20, 21, 22, 23, -2});
  CHECK(copy(data.targets()) == std::vector<float>{0, 0, 1, 0.5F, 100, 101, 1, 200, 201});
  CHECK(copy(data.labels()) == std::vector<std::int32_t>{0, 1, 2, 0, 1, 1, 1, 0, 1});
  CHECK(copy(data.weights()) == std::vector<float>{1, 2, 3});
  CHECK(data.label_size() == 3);
  CHECK(data.classes() == 3);
  CHECK(data.label(2) == 2);

  using Kind = tenon::ColumnKind;
  const std::vector<tenon::ColumnInfo> expected{
      {"image", Kind::features, {1, 2, 2}, 0, 4, 0}, {"digit", Kind::labels, {1}, 0, 1, 3},
      {"table", Kind::features, {1}, 4, 1, 0},       {"value", Kind::targets, {1}, 0, 1, 0},
      {"weights", Kind::weights, {1}, 0, 1, 0},      {"steps", Kind::labels, {2}, 1, 2, 2},
      {"box", Kind::targets, {2, 1}, 1, 2, 0}};
  CHECK(std::ranges::equal(data.columns(), expected));
  CHECK(data.column("box") == expected[6]);
  CHECK(copy(data.feature_column("image")[1]) == std::vector<float>{10, 11, 12, 13});
  CHECK(copy(data.feature_column(1)[2]) == std::vector<float>{-2});
  CHECK(copy(data.target_column("box")[2]) == std::vector<float>{200, 201});
  CHECK(copy(data.label_column("steps")) == std::vector<std::int32_t>{0, 1, 1, 1, 0, 1});
  CHECK(copy(data.label_column(0)) == std::vector<std::int32_t>{0, 1, 2});

  CHECK_THROWS_WITH(data.column("boxes"),
                    "Dataset: no column \"boxes\"; there are: image, digit, table, value, weights, steps, box");
  CHECK_THROWS_WITH(data.label_column("box"), "Dataset: expected labels in column \"box\", got targets");
  CHECK_THROWS_WITH(data.feature_column(2),
                    Contains("expected more than 2 columns of features, got 2: image (features 1x2x2)"));

  // the short constructors have columns too
  const Dataset<float> plain{{2}, {1, 2, 3, 4}, Labels{{0, 1}, 2}};
  CHECK(copy(plain.feature_column("features")[1]) == std::vector<float>{3, 4});
  CHECK(copy(plain.label_column("labels")) == std::vector<std::int32_t>{0, 1});
  const Dataset<float> numbers{{1}, {1, 2}, Targets<float>{{5, 6, 7, 8}, 2}};
  CHECK(copy(numbers.target_column("targets")[1]) == std::vector<float>{7, 8});
}

TEST_CASE("parts of a data set with columns keep all of them") {
  const Dataset<float> data = many();
  const std::vector<std::size_t> chosen{2, 0, 2};
  const auto check = [](const Dataset<float>& part) {
    CHECK(std::ranges::equal(part.columns(), many().columns()));
    CHECK(copy(part.features()) == std::vector<float>{20, 21, 22, 23, -2, 0, 1, 2, 3, 0, 20, 21, 22, 23, -2});
    CHECK(copy(part.targets()) == std::vector<float>{1, 200, 201, 0, 0, 1, 1, 200, 201});
    CHECK(copy(part.label_column("digit")) == std::vector<std::int32_t>{2, 0, 2});
    CHECK(copy(part.label_column("steps")) == std::vector<std::int32_t>{0, 1, 0, 1, 0, 1});
    CHECK(copy(part.weights()) == std::vector<float>{3, 1, 3});
  };
  check(data.subset(chosen));
  check(data.as<double>().subset(chosen).as<float>());

  const Dataset<float> some = data.select({"box", "steps", "table", "weights"});
  CHECK(some.columns().size() == 4);
  CHECK(some.column("box").offset == 0);
  CHECK(copy(some.features()) == std::vector<float>{0, -1, -2});
  CHECK(copy(some.target_column(0)[1]) == std::vector<float>{100, 101});
  CHECK(copy(some.labels()) == std::vector<std::int32_t>{0, 1, 1, 1, 0, 1});
  CHECK_THROWS_WITH(data.select({"digit"}),
                    "Dataset: expected at least one column of features, got digit (labels of 3 classes)");

  Dataset<float> shaped = many();
  shaped.reshape("image", {4});
  shaped.reshape("box", {2});
  CHECK(shaped.column("image").shape == std::vector<std::size_t>{4});
  CHECK(shaped.column("box").shape == std::vector<std::size_t>{2});
  CHECK_THROWS_WITH(shaped.reshape("box", {3}), "Dataset: samples of 2 are 2 numbers, expected 3 for 3");
  CHECK_THROWS_WITH(shaped.reshape("digit", {1}),
                    Contains("expected features or targets to reshape, got \"digit\", labels"));
  CHECK_THROWS_WITH(shaped.reshape({5}), Contains("expected the name of the column to be reshaped"));
}

TEST_CASE("a split by class goes by the column that is named") {
  std::vector<float> x(40);
  std::iota(x.begin(), x.end(), 0.F);
  Labels half{{}, 2, 1, "half"}, quarter{{}, 2, 1, "quarter"};
  for (std::size_t i = 0; i < 40; ++i) {
    half.values.push_back(i % 2);
    quarter.values.push_back(i % 4 == 0);
  }
  const Dataset<float> data{Features{"x", {1}, x}, half, quarter};
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const auto [train, test] = data.stratified_split(0.6, seed, "quarter");
    CHECK(std::ranges::count(train.label_column("quarter"), 1) == 6);
    CHECK(std::ranges::count(test.label_column("quarter"), 1) == 4);
    for (std::size_t i = 0; i < train.size(); ++i)
      CHECK(train.label_column("half")[i] == static_cast<int>(train.sample(i)[0]) % 2);
  }
  CHECK_THROWS_WITH(data.stratified_split(0.6, 1),
                    Contains("expected the name of a labels column, got none; there are: x (features 1), half"));
  CHECK_THROWS_WITH(data.stratified_split(0.6, 1, "x"), Contains("expected labels in column \"x\", got features"));
}

TEST_CASE("columns that do not go together are one error with both sides") {
  using Floats = std::vector<float>;
  const Features<float> x{"x", {2}, Floats(8)};
  CHECK_THROWS_WITH((Dataset<float>{x, Labels{{0, 1, 0}, 2}.named("kind")}),
                    "Dataset: expected as many samples in column \"kind\" as in \"x\", 4, got 3");
  CHECK_THROWS_WITH((Dataset<float>{x, Features<float>{"y", {3}, Floats(7)}}),
                    "Dataset, column \"y\": expected a multiple of 3 numbers (samples of 3), got 7");
  CHECK_THROWS_WITH((Dataset<float>{x, Targets<float>{Floats(4), 1}.named("x")}),
                    "Dataset: expected a name for every column, got \"x\" twice, the first being x (features 2)");
  CHECK_THROWS_WITH((Dataset<float>{{2}, Floats(8), Labels{{0, 1, 0, 1}, 2}.named("features")}),
                    Contains("\"features\" twice"));
  CHECK_THROWS_WITH((Dataset<float>{x, Labels{{0, 1, 0, 1}, 2}.named("")}), Contains("got none after: x (features 2)"));
  CHECK_THROWS_WITH((Dataset<float>{x, Labels{{0, 1, 2, 1}, 2}.named("kind")}),
                    "Dataset, column \"kind\": label 2 of sample 2 is outside the 2 classes: expected 0 to 1");
  CHECK_THROWS_WITH(
      (Dataset<float>{Labels{{0, 1}, 2}, Targets<float>{{1, 2}, 1}}),
      "Dataset: expected at least one column of features, got labels (labels of 2 classes), targets (targets 1)");
  CHECK_THROWS_WITH((Dataset<float>{x, Targets<float>{Floats(16), 4}.shaped({2, 3})}),
                    "Dataset, column \"targets\": expected a shape of 4 numbers, got 2x3");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH((Dataset<float>{x, SampleWeights<float>{{1, 0, -1, 1}}}),
                    "Dataset, column \"weights\": expected weights that are finite and at least 0, got -1 of sample 2");
  CHECK_THROWS_WITH((Dataset<float>{x, SampleWeights<float>{{1, nan, 1, 1}}}), Contains("got nan of sample 1"));
  CHECK_THROWS_WITH((Dataset<float>{x, SampleWeights<float>{{1, 1, 1}}}),
                    Contains("in column \"weights\" as in \"x\", 4, got 3"));
  CHECK_THROWS_WITH((Dataset<float>{x, SampleWeights<float>{{1, 1, 1, 1}}, SampleWeights<float>{{1, 1, 1, 1}, "more"}}),
                    "Dataset: expected one column of sample weights, got \"weights\" and \"more\"");
}
