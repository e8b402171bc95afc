#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

#include <tenon/layers/softplus.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("Softplus gives what PyTorch gives") { check_activation<Softplus>("softplus"); }

TEST_CASE("Softplus of a large number is that number") {
  const std::vector<float> y = results_of<Softplus>({1e4f, 200, -1e4f, 0});
  CHECK(y[0] == 1e4f);
  CHECK(y[1] == 200);
  CHECK(y[2] == 0);
  CHECK(std::abs(y[3] - std::log(2.0f)) < 1e-7f);
}
