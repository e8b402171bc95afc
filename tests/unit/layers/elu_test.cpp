#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

#include <tenon/layers/elu.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("ELU gives what PyTorch gives") {
  check_activation<ELU<>>("elu_1");
  check_activation<ELU<0.5>>("elu_0p5");
}

TEST_CASE("ELU keeps the digits of small numbers and saturates") {
  const std::vector<float> y = results_of<ELU<>>({-1e-6f, -1e4f, 1e4f, 0});
  CHECK(std::abs(y[0] + 9.999995e-7f) < 1e-12f);
  CHECK(y[1] == -1);
  CHECK(y[2] == 1e4f);
  CHECK(y[3] == 0);
}
