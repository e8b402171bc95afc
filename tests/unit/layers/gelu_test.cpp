#include <catch2/catch.hpp>

#include <cmath>

#include <tenon/layers/gelu.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("GELU gives what PyTorch gives") {
  check_activation<GELU>("gelu", {.floor = 0.1});  // 1 + erf cancels for negative numbers
}

TEST_CASE("the approximated GELU gives what PyTorch gives") { check_activation<GELUTanh>("gelu_tanh"); }

TEST_CASE("GELU of large numbers") {
  for (const auto& y : {results_of<GELU>({1e4f, -1e4f, -20, 0}), results_of<GELUTanh>({1e4f, -1e4f, -20, 0})}) {
    CHECK(y[0] == 1e4f);
    CHECK(std::abs(y[1]) < 1e-30f);
    CHECK(std::abs(y[2]) < 1e-30f);
    CHECK(y[3] == 0);
  }
}
