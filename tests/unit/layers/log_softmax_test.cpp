#include <catch2/catch.hpp>

#include <vector>

#include <tenon/layers/log_softmax.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("LogSoftmax gives what PyTorch gives") {
  check_golden_cases<LogSoftmax, 7>("rows", "log_softmax");
  check_gradients<Alone<LogSoftmax, 7>>();
  check_steps<LogSoftmax, 7>();
  check_gradients<Alone<LogSoftmax, 3, 4>>();
}

TEST_CASE("LogSoftmax of far numbers stays finite") {
  CHECK(results_of<LogSoftmax>({1e4f, -1e4f, 0, 0}) == std::vector<float>{0, -2e4f, -1e4f, -1e4f});
}
