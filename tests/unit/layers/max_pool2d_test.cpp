#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include <tenon/kernels/dispatch.hpp>
#include <tenon/layers/max_pool2d.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

static_assert(std::is_same_v<output_shape<Alone<MaxPool2D<2>, 6, 28, 28>>, Shape<6, 14, 14>>);
static_assert(std::is_same_v<output_shape<Alone<MaxPool2D<2>, 6, 5, 7>>, Shape<6, 2, 3>>);
static_assert(std::is_same_v<output_shape<Alone<MaxPool2D<3, stride<2>, padding<1>>, 6, 28, 28>>, Shape<6, 14, 14>>);

TEST_CASE("MaxPool2D gives what PyTorch gives, in every instruction set") {
  const Golden golden{"max_pools"};
  const int best = kernels::limit_cpu_level(2);
  for (int level = 0; level <= best; ++level) {
    kernels::limit_cpu_level(level);
    INFO("level " << level);
    check_golden<Alone<MaxPool2D<2>, 3, 6, 8>>(golden, "halves");
    check_golden<Alone<MaxPool2D<2>, 2, 7, 35>>(golden, "halves_odd");
    check_golden<Alone<MaxPool2D<3, padding<1>, stride<2>>, 2, 7, 6>>(golden, "overlapping");
    check_golden<Alone<MaxPool2D<kernel<2, 3>, stride<1, 2>, padding<1, 0>, dilation<2, 1>>, 2, 7, 8>>(golden, "uneven");
    check_golden<Alone<MaxPool2D<2>, 2, 6, 6>>(golden, "ties");
    check_golden<Alone<MaxPool2D<3, stride<1>>, 2, 6, 6>>(golden, "ties_overlapping");
  }
  kernels::limit_cpu_level(2);
}

TEST_CASE("the gradients of MaxPool2D") {
  check_gradients<Alone<MaxPool2D<2>, 2, 5, 4>>();
  check_gradients<Alone<MaxPool2D<3, stride<2>, padding<1>>, 2, 5, 6>>();
}

TEST_CASE("a NaN passes a pool") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  NetworkRun<Alone<MaxPool2D<2>, 1, 2, 8>, float> run{1};
  run.x.assign(std::vector<float>{nan, 1, 2, nan, 3, 4, 5, 6, 1, 1, 1, 1, nan, 1, 1, 9});
  run.forward(Evaluation{});
  CHECK(std::isnan(run.y(0, 0)));
  CHECK(std::isnan(run.y(0, 1)));
  CHECK(std::isnan(run.y(0, 2)));
  CHECK(run.y(0, 3) == 9);
}
