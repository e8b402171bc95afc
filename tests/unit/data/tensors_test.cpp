#include "tenon/data/tensors.hpp"

#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>
#if __has_include(<xtensor/containers/xfixed.hpp>)
#include <xtensor/containers/xfixed.hpp>
#else
#include <xtensor/xfixed.hpp>
#endif

#include <tenon/model/tensor_tools.hpp>

using Catch::Matchers::Contains;
using tenon::tensor_dataset;

namespace {

template <class T>
std::vector<std::remove_const_t<T>> copy(std::span<T> values) {
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("a tensor of rows and a tensor of labels make a data set") {
  const xt::xtensor<float, 2> rows{{1, 2, 3}, {4, 5, 6}};
  const xt::xtensor<int, 1> labels{1, 0};
  const tenon::Dataset<float> data = tensor_dataset(rows, labels, 2);
  CHECK(data.size() == 2);
  CHECK(data.sample_shape() == std::vector<std::size_t>{3});
  CHECK(copy(data.sample(1)) == std::vector<float>{4, 5, 6});
  CHECK(copy(data.labels()) == std::vector<std::int32_t>{1, 0});
}

TEST_CASE("a tensor of images keeps its axes") {
  xt::xtensor<double, 4> images = xt::ones<double>({2, 3, 4, 5});
  images(1, 2, 3, 4) = 7;
  const tenon::Dataset<double> data = tensor_dataset(images);
  CHECK(data.sample_shape() == std::vector<std::size_t>{3, 4, 5});
  CHECK(data.sample(1).back() == 7);
  CHECK_FALSE(data.has_labels());
}

TEST_CASE("targets are a tensor of rank 2") {
  const xt::xtensor<float, 2> inputs{{1}, {2}, {3}};
  const xt::xtensor<float, 2> outputs{{1, 10}, {2, 20}, {3, 30}};
  const auto data = tensor_dataset(inputs, outputs);
  CHECK(data.target_size() == 2);
  CHECK(copy(data.target(2)) == std::vector<float>{3, 30});
}

TEST_CASE("any layout, view or element type gives the same rows") {
  const xt::xtensor<float, 2> rows{{1, 2}, {3, 4}, {5, 6}};
  const xt::xtensor<float, 2, xt::layout_type::column_major> columns = rows;
  CHECK(copy(tensor_dataset(columns).features()) == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(copy(tensor_dataset(xt::view(rows, xt::range(1, 3), xt::all())).features()) == std::vector<float>{3, 4, 5, 6});
  CHECK(copy(tensor_dataset(rows * 2.0f).features()) == std::vector<float>{2, 4, 6, 8, 10, 12});
  const xt::xtensor_fixed<float, xt::xshape<2, 1>> fixed{{8}, {9}};
  CHECK(copy(tensor_dataset(fixed).features()) == std::vector<float>{8, 9});
  const xt::xtensor<std::uint8_t, 2> bytes{{0, 255}};
  CHECK(copy(tensor_dataset(bytes).features()) == std::vector<float>{0, 255});
}

TEST_CASE("tensors that don't fit together are errors") {
  const xt::xtensor<float, 2> rows{{1, 2}, {3, 4}};
  CHECK_THROWS_WITH(tensor_dataset(rows, xt::xtensor<int, 1>{0, 1, 0}, 2),
                    "tensor_dataset: expected 2 rows of labels, one per sample, got 3");
  CHECK_THROWS_WITH(tensor_dataset(rows, xt::xtensor<float, 2>{{1}}),
                    "tensor_dataset: expected 2 rows of targets, one per sample, got 1");
  CHECK_THROWS_WITH(tensor_dataset(rows, xt::xtensor<int, 1>{0, 2}, 2),
                    Contains("label 2 of sample 1 is outside the 2 classes"));
  CHECK_THROWS_WITH(tensor_dataset(rows, xt::xtensor<std::int64_t, 1>{0, std::int64_t{1} << 32}, 2),
                    Contains("label 4294967296 of sample 1"));
}

TEST_CASE("features are seen as a tensor without a copy") {
  const tenon::Dataset<float> data{{2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
  const auto cube = tenon::features_tensor<3>(data);
  CHECK(cube(1, 0, 2) == 9);
  CHECK(&cube(0, 0, 0) == data.features().data());
  const auto flat = tenon::features_tensor<2>(data);
  CHECK(flat.shape()[1] == 6);
  CHECK(flat(1, 5) == 12);
  CHECK_THROWS_WITH(tenon::features_tensor<4>(data), "features_tensor: expected samples of 3 axes, got samples of 2");
}
