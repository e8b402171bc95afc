#include <catch2/catch.hpp>

#include <vector>

#include <tenon/layers/hard_tanh.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("HardTanh gives what PyTorch gives") { check_activation<HardTanh<>>("hardtanh"); }

TEST_CASE("HardTanh between other limits") {
  CHECK(results_of<HardTanh<0, 2>>({-1, 0.5f, 2, 3}) == std::vector<float>{0, 0.5f, 2, 2});
  check_gradients<Alone<HardTanh<-0.5, 1.5>, 7>>();
}
