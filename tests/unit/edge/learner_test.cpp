#include <catch2/catch.hpp>

#include "support/learner.hpp"

using namespace tenon;
using test::compare_with_trainer;

TEST_CASE("A learner makes the steps of a trainer: dense layers, each optimizer", "[edge]") {
  using Net = Sequential<Dense<9, 8>, Tanh, Dense<7>, ReLU, Dropout<0.3>, Dense<5>, Softmax>;
  compare_with_trainer<Net, CrossEntropy<>>(SGD{.lr = 0.1});
  compare_with_trainer<Net, CrossEntropy<>>(SGD{.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-3, .nesterov = true});
  compare_with_trainer<Net, CrossEntropy<>>(SGD{.lr = 0.1, .momentum = 0.9, .dampening = 0.5});
  compare_with_trainer<Net, CrossEntropy<>>(Adam{.lr = 0.01, .weight_decay = 1e-3}, 1e-4);
}

TEST_CASE("A learner makes the steps of a trainer: sequences", "[edge]") {
  compare_with_trainer<
      Sequential<Input<6, 4>, LSTM<5>, GRU<4, layers<2>, dropout<0.3>>, LayerNorm<>, Dense<3>, Softmax>,
      CrossEntropy<>>(SGD{.lr = 0.1});
  compare_with_trainer<
      Sequential<Input<5, 3>, RNN<4, bidirectional>, MeanSteps, Residual<Dense<8>, Tanh>, Dense<2>, Sigmoid>,
      BinaryCrossEntropy<>>(SGD{.lr = 0.1});
}

TEST_CASE("A stateful learner goes on where the sample before ended, and back no further", "[edge]") {
  using Net = Sequential<Input<4, 3>, GRU<5, stateful>, Last, Dense<2>>;
  using Whole = Sequential<Input<8, 3>, GRU<5>, Last, Dense<2>>;
  const Model<Whole> model{3};
  const auto whole_weights = frozen_weights(model);
  Weights<Net> weights;
  std::copy_n(whole_weights->parameters, Weights<Net>::parameter_space, weights.parameters);
  const auto net = std::make_unique<edge::Learner<Net, MeanSquaredError, PlainSGD>>(weights, PlainSGD{.lr = 0.0});
  const auto whole = std::make_unique<edge::Learner<Whole, MeanSquaredError, PlainSGD>>(*whole_weights,
                                                                                        PlainSGD{.lr = 0.0});
  const std::vector<float> x = test::numbers(24, 5), target{0.5F, -0.5F};
  const auto first = std::span(x).first<12>(), second = std::span(x).last<12>();
  const auto goal = std::span(target).first<2>();
  const float alone = net->learn(second, goal);
  const std::vector<float> without(net->gradients().begin(), net->gradients().end());
  net->reset_states();
  net->learn(first, goal);
  const float behind = net->learn(second, goal);
  CHECK(behind == Approx(whole->learn(std::span(x).first<24>(), goal)).epsilon(1e-6));
  CHECK(std::abs(behind - alone) > 1e-4F);
  const auto cut = net->gradients(), all = whole->gradients();
  CHECK(test::distance(cut, without) > 1e-4);
  CHECK(test::distance(cut, all) > 1e-4);  // nothing came back to the first four steps
  // the head's gradient does not go through time
  CHECK(test::distance(cut.last(32), all.last(32)) <= 1e-6);
}
