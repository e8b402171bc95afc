#include <catch2/catch.hpp>

#include <tenon/layers/tanhshrink.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("Tanhshrink gives what PyTorch gives") {
  check_activation<Tanhshrink>("tanhshrink", {.floor = 0.1});  // x - tanh(x) cancels for small x
}
