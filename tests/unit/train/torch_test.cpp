// A small network trained as PyTorch trains it: loss, gradients, and the weights after some steps.
#include <tenon/train/trainer.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/optim/sgd.hpp>

#include "support/golden.hpp"

using namespace tenon;

namespace {

using Logits = Sequential<Dense<6, 8>, ReLU, Dense<5>, Tanh, Dense<3>>;
using Probabilities = Sequential<Dense<6, 8>, ReLU, Dense<5>, Tanh, Dense<3>, Softmax>;
using LogProbabilities = Sequential<Dense<6, 8>, ReLU, Dense<5>, Tanh, Dense<3>, LogSoftmax>;

const test::Golden& golden() {
  static const test::Golden values{"networks"};
  return values;
}

template <class Values>
void compare(const std::string& what, const Values& got, const std::vector<double>& expected, double tolerance) {
  REQUIRE(std::size(got) == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO(what << " " << i << ": " << static_cast<double>(got[i]) << " instead of " << expected[i]);
    CHECK(std::abs(static_cast<double>(got[i]) - expected[i]) <= tolerance * (1 + std::abs(expected[i])));
  }
}

/// The network with PyTorch's initial weights, its batch, and what came of them.
template <class Net, class T>
struct Setup {
  static constexpr double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-10;
  Model<Net, T> model;
  std::vector<T> x;
  std::vector<std::int32_t> labels;

  Setup() {
    model.for_each_parameter([](std::string_view name, std::span<T> values) {
      const auto initial = golden().values("mlp." + std::string(name));
      REQUIRE(initial.size() == values.size());
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(initial[i]);
    });
    for (const double v : golden().values("mlp.x")) x.push_back(static_cast<T>(v));
    for (const double v : golden().values("mlp.target")) labels.push_back(static_cast<std::int32_t>(v));
  }
  Batch<T> batch() {
    return {.features = x, .labels = labels, .targets = {}, .count = labels.size(), .first = 0, .indices = {}};
  }

  template <class L>
  void check_gradients(L loss) {
    Trainer trainer{model, loss, SGD{}, labels.size()};
    trainer.zero_grad();
    const auto output = trainer.forward(batch());
    compare("logit", std::span<const T>(output.data, labels.size() * 3), golden().values("mlp.logits"), tolerance);
    CHECK(std::abs(trainer.loss() - golden().value("mlp.loss")) < tolerance);
    trainer.backward();
    std::size_t seen = 0;
    trainer.for_each_parameter([&](std::string_view name, std::span<T>, std::span<T> gradient) {
      compare("gradient of " + std::string(name), gradient, golden().values("mlp.d_" + std::string(name)), tolerance);
      ++seen;
    });
    CHECK(seen == 6);
  }

  template <class L, class O>
  void check_steps(const std::string& of_case, L loss, O optimizer) {
    Trainer trainer{model, loss, optimizer, labels.size()};
    std::vector<double> losses;
    for (int step = 0; step < 3; ++step) {
      trainer.zero_grad();
      trainer.forward(batch());
      losses.push_back(trainer.loss());
      trainer.backward();
      trainer.step();
    }
    CHECK(trainer.steps() == 3);
    compare(of_case + ", loss", losses, golden().values("mlp." + of_case + ".loss"), tolerance);
    model.for_each_parameter([&](std::string_view name, std::span<const T> values) {
      compare(of_case + ", " + std::string(name), values, golden().values("mlp." + of_case + "." + std::string(name)),
              tolerance);
    });
  }
};

}  // namespace

TEMPLATE_TEST_CASE("loss and gradients are PyTorch's", "", float, double) {
  SECTION("of logits") { Setup<Logits, TestType>{}.check_gradients(CrossEntropy<from_logits>{}); }
  SECTION("of probabilities, which the loss joins") {
    Setup<Probabilities, TestType>{}.check_gradients(CrossEntropy{});
  }
  SECTION("of their logarithms") { Setup<LogProbabilities, TestType>{}.check_gradients(CrossEntropy{}); }
}

TEMPLATE_TEST_CASE("three steps end where PyTorch's do", "", float, double) {
  SECTION("SGD with momentum") {
    Setup<Logits, TestType>{}.check_steps("sgd3", CrossEntropy<from_logits>{}, SGD{.lr = 0.1, .momentum = 0.9});
  }
  SECTION("Adam") { Setup<Logits, TestType>{}.check_steps("adam3", CrossEntropy<from_logits>{}, Adam{.lr = 1e-2}); }
  SECTION("Adam, through softmax") {
    Setup<Probabilities, TestType>{}.check_steps("adam3", CrossEntropy{}, Adam{.lr = 1e-2});
  }
}
