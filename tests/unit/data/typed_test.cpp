#include "tenon/data/typed.hpp"

#include <algorithm>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

#include "tenon/data/digits.hpp"
#include "tenon/data/mnist.hpp"
#include "tenon/data/typed_columns.hpp"
#include "tenon/error.hpp"

namespace {

using namespace tenon;

Dataset<float> points(std::vector<std::size_t> shape = {4}) {
  return {std::move(shape), std::vector<float>(24, 1.0F), Labels{{0, 1, 2, 0, 1, 2}, 3}};
}

using Points = TypedDataset<Shape<4>, Classes<3>>;
using Digits = TypedDataset<Shape<1, 8, 8>, Classes<10>>;

static_assert(std::is_same_v<decltype(digits()), Digits>);
static_assert(std::is_same_v<decltype(mnist().train), TypedDataset<Shape<1, 28, 28>, Classes<10>>>);
static_assert(std::is_same_v<decltype(digits().flat()), TypedDataset<Shape<64>, Classes<10>>>);
static_assert(std::is_same_v<decltype(digits().stratified_split(0.8, 1).test), Digits>);
static_assert(std::is_same_v<decltype(digits().as<double>()), TypedDataset<Shape<1, 8, 8>, Classes<10>, double>>);

static_assert(serves_as<Shape<64>, Shape<1, 8, 8>> && serves_as<Shape<1, 8, 8>, Shape<64>> &&
              serves_as<Shape<8, 8>, Shape<8, 8>>);
static_assert(!serves_as<Shape<8, 8, 1>, Shape<1, 8, 8>> && !serves_as<Shape<63>, Shape<64>>);

}  // namespace

TEST_CASE("a typed data set is the data set, whose parts are typed too") {
  const Points data = typed<Shape<4>, Classes<3>>(points());
  CHECK(data.size() == 6);
  const Points first = data.take(2);
  CHECK(first.size() == 2);
  const std::vector<std::size_t> chosen{5, 0};
  const Points some = data.subset(chosen);
  CHECK(some.label(0) == 2);
  const auto [train, test] = data.stratified_split(0.5, 1);
  static_assert(std::is_same_v<decltype(train), const Points>);
  CHECK(train.size() == 3);
  const DatasetSplit<float> plain = data.split(0.5, 1);
  CHECK(plain.test.size() == 3);
  const DatasetSplit<float> same = static_cast<const Dataset<float>&>(data).split(0.5, 1);
  CHECK(std::ranges::equal(plain.train.labels(), same.train.labels()));
}

TEST_CASE("data are brought to the shape of their type") {
  CHECK(typed<Shape<2, 2>, Classes<3>>(points()).sample_shape() == std::vector<std::size_t>{2, 2});
  CHECK(typed<Shape<4>, Classes<3>>(points({2, 2})).sample_shape() == std::vector<std::size_t>{4});
  CHECK(digits().flat().sample_shape() == std::vector<std::size_t>{64});
  CHECK(digits().as<double>().sample_shape() == std::vector<std::size_t>{1, 8, 8});
}

TEST_CASE("data of another type are an error") {
  CHECK_THROWS_WITH((typed<Shape<5>, Classes<3>>(points())), "typed: expected samples of 5, got samples of 4");
  CHECK_THROWS_WITH((typed<Shape<1, 2, 2>, Classes<3>>(points({2, 2}))),
                    "typed: expected samples of 1x2x2, got samples of 2x2");
  CHECK_THROWS_WITH((typed<Shape<4>, Classes<4>>(points())), "typed: expected 4 classes, got 3 classes");
  CHECK_THROWS_WITH((typed<Shape<4>, Values<3>>(points())), "typed: expected targets of 3 numbers, got 3 classes");
  CHECK_THROWS_WITH((typed<Shape<2>, Values<1>>(Dataset<float>{{2}, {1, 2}, Targets<float>{{1, 2}, 2}})),
                    "typed: expected targets of 1 numbers, got targets of 2 numbers");
  CHECK_THROWS_WITH((typed<Shape<2>, Classes<2>>(Dataset<float>{{2}, {1, 2}})),
                    "typed: expected 2 classes, got samples without labels or targets");
  CHECK_THROWS_WITH((typed<Shape<4>, NoAnswers>(points())),
                    "typed: expected samples without labels or targets, got 3 classes");
  CHECK(typed<Shape<2>, NoAnswers>(Dataset<float>{{2}, {1, 2}}).size() == 1);
  CHECK_THROWS_WITH((typed<Shape<2>, Classes<2>>(Dataset<float>{})), "typed: expected samples of 2, got none");
}

namespace {

using Parts = Columns<FeaturesColumn<"image", 1, 2, 2>, FeaturesColumn<"table", 3>, LabelsColumn<"digit", 10>,
                      TargetsColumn<"box", 2, 2>, LabelsColumn<"steps", 2, 4>, WeightsColumn<>>;

static_assert(Parts::features::size == 2 && Parts::labels::size == 2 && Parts::targets::size == 1);
static_assert(Parts::table[1].name == "table" && Parts::table[1].offset == 4 && Parts::table[1].size == 3);
static_assert(Parts::table[4].kind == ColumnKind::labels && Parts::table[4].offset == 1 &&
              Parts::table[4].classes == 2);
static_assert(Parts::table[3].shape.size() == 2 && Parts::table[3].shape[1] == 2);
static_assert(Parts::find("steps") == 4 && Parts::find("nothing") == Parts::size);

Dataset<float> parts(std::size_t classes = 10) {
  return Dataset{Features{"image", {1, 2, 2}, std::vector<float>(8)},
                 Features{"table", {3}, std::vector<float>(6)},
                 Labels{{1, 2}, classes}.named("digit"),
                 Targets<float>{std::vector<float>(8), 4}.named("box"),
                 Labels{std::vector<std::int32_t>(8), 2, 4}.named("steps"),
                 SampleWeights<float>{{1, 2}}};
}

}  // namespace

TEST_CASE("columns may be part of a type") {
  const TypedColumns<Parts> data = typed<Parts>(parts());
  CHECK(data.column("box").shape == std::vector<std::size_t>{2, 2});
  for (std::size_t k = 0; k < Parts::size; ++k) {
    CHECK(data.columns()[k].name == Parts::table[k].name);
    CHECK(data.columns()[k].offset == Parts::table[k].offset);
    CHECK(data.columns()[k].size == Parts::table[k].size);
  }
  const auto [train, test] = data.split(0.5, 1);
  static_assert(std::is_same_v<decltype(train), const TypedColumns<Parts>>);
  CHECK(train.size() == 1);
  static_assert(std::is_same_v<decltype(data.as<double>()), TypedColumns<Parts, double>>);
  CHECK_THROWS_WITH(typed<Parts>(parts(9)),
                    "typed: expected the columns image (features 1x2x2), table (features 3), digit (labels of 10 "
                    "classes), box (targets 2x2), "
                    "steps (4 labels of 2 classes), weights (weights), got image (features 1x2x2), table (features 3), "
                    "digit (labels of 9 classes), box (targets 4), steps (4 labels of 2 classes), weights (weights)");
  CHECK_THROWS_WITH((typed<Columns<FeaturesColumn<"image", 1, 2, 2>>>(parts())),
                    Catch::Contains("expected the columns image (features 1x2x2), got"));
  CHECK_THROWS_WITH((typed<Shape<7>, Classes<10>>(parts())), Catch::Contains("typed: expected one column of features"));
}
