#include <catch2/catch.hpp>

#include <vector>

#include <tenon/layers/celu.hpp>
#include <tenon/layers/elu.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("CELU gives what PyTorch gives") { check_activation<CELU<1.3>>("celu_1p3"); }

TEST_CASE("CELU<1> is ELU<1>") {
  const std::vector<float> x{-3, -0.01f, 0, 2};
  CHECK(results_of<CELU<>>(x) == results_of<ELU<>>(x));
}
