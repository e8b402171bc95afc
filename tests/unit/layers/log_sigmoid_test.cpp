#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

#include <tenon/layers/log_sigmoid.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("LogSigmoid gives what PyTorch gives") { check_activation<LogSigmoid>("logsigmoid"); }

TEST_CASE("LogSigmoid of a very negative number is that number") {
  const std::vector<float> y = results_of<LogSigmoid>({-1e4f, 1e4f, -200, 0});
  CHECK(y[0] == -1e4f);
  CHECK(y[1] == 0);
  CHECK(y[2] == -200);
  CHECK(std::abs(y[3] + std::log(2.0f)) < 1e-7f);
}
