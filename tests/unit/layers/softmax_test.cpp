#include <catch2/catch.hpp>

#include <limits>
#include <vector>

#include <tenon/layers/softmax.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("Softmax gives what PyTorch gives") {
  check_golden_cases<Softmax, 7>("rows", "softmax");
  check_gradients<Alone<Softmax, 7>>();
  check_steps<Softmax, 7>();
  check_gradients<Alone<Softmax, 3, 4>>();
  check_gradients<Sequential<Dense<3, 5>, Softmax>>();
}

TEST_CASE("Softmax of far numbers") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  CHECK(results_of<Softmax>({1e4f, -1e4f, 0, 1e4f}) == std::vector<float>{0.5f, 0, 0, 0.5f});
  CHECK(results_of<Softmax>({3, -infinity, -infinity, 3}) == std::vector<float>{0.5f, 0, 0, 0.5f});
}

TEST_CASE("Softmax of one class is 1") {
  NetworkRun<Alone<Softmax, 1>, float> run{2};
  run.x.assign(std::vector<float>{-3, 300});
  run.forward(Evaluation{});
  CHECK(run.y.values() == std::vector<float>{1, 1});
}
