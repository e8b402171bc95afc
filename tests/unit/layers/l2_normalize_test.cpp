#include <catch2/catch.hpp>

#include <vector>

#include <tenon/layers/l2_normalize.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("L2Normalize gives what PyTorch gives") {
  check_golden_cases<L2Normalize<>, 7>("rows", "l2_normalize");
  check_gradients<Alone<L2Normalize<>, 7>>();
  check_gradients<Alone<L2Normalize<>, 3, 4>>();
  check_steps<L2Normalize<>, 7>();
}

TEST_CASE("L2Normalize of zeros is zero, with a finite gradient") {
  NetworkRun<Alone<L2Normalize<epsilon<0.5>>, 3>, double> run{2};
  run.x.assign(std::vector<double>{0, 0, 0, 0.1, 0, 0});
  run.dy.assign(std::vector<double>{1, 2, 3, 1, 2, 3});
  run.forward(Training{});
  CHECK(run.y.values() == std::vector<double>{0, 0, 0, 0.2, 0, 0});
  run.backward();
  CHECK(run.dx.values() == std::vector<double>{2, 4, 6, 2, 4, 6});
}
