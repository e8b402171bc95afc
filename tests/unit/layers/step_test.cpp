#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

#include <tenon/layers/step.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("Step gives what PyTorch gives") { check_golden_cases<Step, 7>("activations", "step"); }

TEST_CASE("Step is 0 at 0") { CHECK(results_of<Step>({-1, 0, 1e-30f, 5}) == std::vector<float>{0, 0, 1, 1}); }

TEST_CASE("the gradient goes straight through Step where |x| is at most 1") {
  NetworkRun<Alone<Step, 6>, double> run{1};
  run.x.assign(std::vector<double>{-1.5, -1, -0.5, 0, 1, 1.01});
  run.dy.assign(std::vector<double>{1, 2, 3, 4, 5, 6});
  run.forward(Training{});
  run.backward();
  CHECK(run.dx.values() == std::vector<double>{0, 2, 3, 4, 5, 0});
  CHECK(run.faults.empty());
}

TEST_CASE("a perceptron passes its gradient on") {
  NetworkRun<Sequential<Dense<2, 1>, Step>, double> run{1};
  run.x.assign(std::vector<double>{0.5, -0.25});
  run.dy.assign(std::vector<double>{2});
  std::fill_n(run.parameters.data(), run.parameters.size(), 1.0);  // z = 0.5 - 0.25 + 1
  run.forward(Training{});
  CHECK(run.y.values() == std::vector<double>{1});
  run.backward();
  CHECK(run.parameter_gradients() == std::vector<double>{0, 0, 0});  // |z| > 1
  run.parameters.data()[aligned(2)] = 0;                             // z = 0.25
  run.forward(Training{});
  run.backward();
  CHECK(run.parameter_gradients() == std::vector<double>{1, -0.5, 2});
  CHECK(run.dx.values() == std::vector<double>{2, 2});
}
