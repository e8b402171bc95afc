#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <tenon/layers/sigmoid.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("Sigmoid gives what PyTorch gives") { check_activation<Sigmoid>("sigmoid"); }

TEST_CASE("Sigmoid saturates without overflow") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> y = results_of<Sigmoid>({1e4f, infinity, -infinity, -80});
  CHECK(y[0] == 1);
  CHECK(y[1] == 1);
  CHECK(std::abs(y[2]) < 1e-37f);
  CHECK(std::abs(y[3] / std::exp(-80.0f) - 1) < 1e-6f);
}
