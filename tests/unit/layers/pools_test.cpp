#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include <tenon/kernels/dispatch.hpp>
#include <tenon/layers/adaptive_avg_pool.hpp>
#include <tenon/layers/avg_pool1d.hpp>
#include <tenon/layers/avg_pool2d.hpp>
#include <tenon/layers/global_avg_pool.hpp>
#include <tenon/layers/global_max_pool.hpp>
#include <tenon/layers/max_pool1d.hpp>
#include <tenon/layers/max_pool2d.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

static_assert(std::is_same_v<output_shape<Alone<MaxPool2D<2>, 6, 28, 28>>, Shape<6, 14, 14>>);
static_assert(std::is_same_v<output_shape<Alone<MaxPool2D<2>, 6, 5, 7>>, Shape<6, 2, 3>>);
static_assert(std::is_same_v<output_shape<Alone<MaxPool2D<3, stride<2>, padding<1>>, 6, 28, 28>>, Shape<6, 14, 14>>);
static_assert(std::is_same_v<output_shape<Alone<AvgPool1D<4, padding<2>, stride<3>>, 2, 11>>, Shape<2, 4>>);
static_assert(std::is_same_v<output_shape<Alone<GlobalAvgPool, 6, 5, 7>>, Shape<6>>);
static_assert(std::is_same_v<output_shape<Alone<AdaptiveAvgPool2D<3>, 6, 5, 7>>, Shape<6, 3, 3>>);

TEST_CASE("pools give what PyTorch gives, in every instruction set") {
  const Golden golden{"pools"};
  // means of numbers around 1 that cancel are as exact as those numbers
  const GoldenOptions mean{.floor = 0.2};
  const int best = kernels::limit_cpu_level(2);
  for (int level = 0; level <= best; ++level) {
    kernels::limit_cpu_level(level);
    INFO("level " << level);
    check_golden<Alone<MaxPool2D<2>, 3, 6, 8>>(golden, "halves");
    check_golden<Alone<MaxPool2D<2>, 2, 7, 35>>(golden, "halves_odd");
    check_golden<Alone<MaxPool2D<3, padding<1>, stride<2>>, 2, 7, 6>>(golden, "overlapping");
    check_golden<Alone<MaxPool2D<kernel<2, 3>, stride<1, 2>, padding<1, 0>, dilation<2, 1>>, 2, 7, 8>>(golden,
                                                                                                       "uneven");
    check_golden<Alone<MaxPool2D<2>, 2, 6, 6>>(golden, "ties");
    check_golden<Alone<MaxPool2D<3, stride<1>>, 2, 6, 6>>(golden, "ties_overlapping");
    check_golden<Alone<MaxPool1D<3, stride<2>, padding<1>>, 2, 35>>(golden, "max1d");
    check_golden<Alone<GlobalMaxPool, 3, 5, 4>>(golden, "global_max");
    check_golden<Alone<AvgPool2D<2>, 3, 6, 8>>(golden, "average", mean);
    check_golden<Alone<AvgPool2D<3, stride<1>, padding<1>>, 2, 7, 36>>(golden, "average_overlapping", mean);
    check_golden<Alone<AvgPool2D<3, stride<2>, padding<1>, count_include_pad<false>>, 2, 7, 6>>(golden,
                                                                                                "average_inside", mean);
    check_golden<Alone<AvgPool2D<kernel<2, 3>, stride<1, 2>, padding<1, 0>>, 2, 7, 8>>(golden, "average_uneven", mean);
    check_golden<Alone<AvgPool1D<4, stride<3>, padding<2>>, 2, 11>>(golden, "average1d", mean);
    check_golden<Alone<GlobalAvgPool, 3, 5, 4>>(golden, "global_average", mean);
    check_golden<Alone<GlobalAvgPool, 3, 5>>(golden, "global_average1d", mean);
    check_golden<Alone<AdaptiveAvgPool2D<3, 4>, 2, 7, 5>>(golden, "adaptive", mean);
    check_golden<Alone<AdaptiveAvgPool2D<3, 5>, 2, 3, 2>>(golden, "adaptive_larger", mean);
    check_golden<Alone<AdaptiveAvgPool1D<4>, 2, 10>>(golden, "adaptive1d", mean);
  }
  kernels::limit_cpu_level(2);
}

TEST_CASE("the gradients of pools") {
  check_gradients<Alone<MaxPool2D<2>, 2, 5, 4>>();
  check_gradients<Alone<MaxPool2D<3, stride<2>, padding<1>>, 2, 5, 6>>();
  check_gradients<Alone<AvgPool2D<3, stride<2>, padding<1>, dilation<2>>, 2, 7, 6>>();
  check_gradients<Alone<AdaptiveAvgPool2D<3, 2>, 2, 5, 5>>();
  check_gradients<Alone<GlobalMaxPool, 2, 3, 4>>();
}

TEST_CASE("a NaN passes a pool") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> image{nan, 1, 2, nan, 3, 4, 5, 6, 1, 1, 1, 1, nan, 1, 1, 9};
  const auto passes = [&](auto run) {
    run.x.assign(image);
    run.forward(Evaluation{});
    CHECK(std::isnan(run.y(0, 0)));
    CHECK(std::isnan(run.y(0, 1)));
    CHECK(std::isnan(run.y(0, 2)));
    CHECK(run.y(0, 3) == 9);
  };
  passes(NetworkRun<Alone<MaxPool2D<2>, 1, 2, 8>, float>{1});
  passes(NetworkRun<Alone<MaxPool2D<kernel<2, 3>, stride<2>, padding<0, 1>>, 1, 2, 8>, float>{1});
}
