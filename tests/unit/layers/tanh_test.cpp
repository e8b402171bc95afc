#include <catch2/catch.hpp>

#include <tenon/layers/tanh.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("Tanh gives what PyTorch gives") {
  // 1 - y * y has few digits left where y is near 1
  check_activation<Tanh>("tanh", {.floor = 0.1});
}
