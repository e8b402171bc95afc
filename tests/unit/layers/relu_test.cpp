#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include <tenon/layers/relu.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

static_assert(std::is_same_v<output_shape<Alone<ReLU, 3, 8, 8>>, Shape<3, 8, 8>>);
static_assert(parameter_count<Alone<ReLU, 7>> == 0);

TEST_CASE("ReLU gives what PyTorch gives") { check_activation<ReLU>("relu"); }

TEST_CASE("ReLU on an image") { check_gradients<Alone<ReLU, 2, 3, 2>>(); }

TEST_CASE("ReLU passes NaN and infinity on") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> y = results_of<ReLU>({nan, infinity, -infinity, -0.0f});
  CHECK(std::isnan(y[0]));
  CHECK(y[1] == infinity);
  CHECK(y[2] == 0);
  CHECK(y[3] == 0);
}
