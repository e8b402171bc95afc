#include <catch2/catch.hpp>

#include <tenon/layers/leaky_relu.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("LeakyReLU gives what PyTorch gives") {
  check_activation<LeakyReLU<>>("leaky_relu_0p01");
  check_activation<LeakyReLU<0.2>>("leaky_relu_0p2");
}
