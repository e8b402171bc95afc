#include <catch2/catch.hpp>

#include "support/learner.hpp"

using namespace tenon;
using test::compare_with_trainer;

TEST_CASE("A learner makes the steps of a trainer: convolutions and pools", "[edge]") {
  compare_with_trainer<Sequential<Input<2, 9, 8>, Conv2D<5, 3, padding<same>>, ReLU, MaxPool2D<2>,
                                  Residual<Conv2D<5, 3, groups<5>, padding<1>, bias<false>>, SiLU>,
                                  Conv2D<6, 3, stride<2>, padding<1>>, ReLU, AvgPool2D<2>, Flatten, Dense<4>, Softmax>,
                       CrossEntropy<>>(SGD{.lr = 0.1});
  compare_with_trainer<Sequential<Input<2, 4, 4>, ConvTranspose2D<3, 3, stride<2>>, ReLU,
                                  Concat<Conv2D<2, 3, dilation<2>, padding<2>>, Identity>, GlobalAvgPool, Dense<2>>,
                       Huber>(SGD{.lr = 0.1});
}

TEST_CASE("A learner goes through every step of a sequence", "[edge]") {
  compare_with_trainer<
      Sequential<Input<3, 1, 4, 4>, TimeDistributed<Sequential<Conv2D<2, 3>, SiLU, Flatten>>, GRU<3, last>, Dense<2>>,
      MeanSquaredError>(SGD{.lr = 0.1});
}

TEST_CASE("A learner leaves frozen parts alone, and goes back through those behind what learns", "[edge]") {
  using Net = Sequential<Input<2, 6, 6>, Conv2D<4, 3>, ReLU, Conv2D<4, 3>, ReLU, Flatten, Dense<3>>;
  compare_with_trainer<freeze<Net, "0", "2">, CrossEntropy<from_logits>>(SGD{.lr = 0.1});
  compare_with_trainer<freeze<Net, "2">, CrossEntropy<from_logits>>(SGD{.lr = 0.1});
}

TEST_CASE("Statistics are fixed, and scale and shift learn: central differences of the evaluated network", "[edge]") {
  using Net = Sequential<Input<2, 4, 4>, Conv2D<3, 3, padding<1>, bias<false>>, BatchNorm2D<>, ReLU, Flatten, Dense<4>,
                         BatchNorm1D<>, Tanh, Dense<2>>;
  Model<Net, double> model{3};
  const auto more = test::numbers(model.parameters().size() + model.buffers().size(), 9);
  for (const ParameterEntry& entry : parameter_table<Net>)
    for (std::size_t i = 0; i < entry.size; ++i) model.values(entry)[i] += 0.3 * (double{more[entry.offset + i]} + 1);
  const auto weights = frozen_weights(model);
  const auto learner = std::make_unique<edge::Learner<Net, MeanSquaredError, PlainSGD>>(*weights, PlainSGD{.lr = 0});
  const std::vector<float> x = test::numbers(32, 5), target = test::numbers(2, 6);
  const std::vector<double> wide(x.begin(), x.end());
  const auto loss = [&] {
    double y[2], sum = 0;
    model.predict(std::span<const double>(wide), std::span<double>(y));
    for (std::size_t i = 0; i < 2; ++i) sum += (y[i] - double{target[i]}) * (y[i] - double{target[i]}) / 2;
    return sum;
  };
  CHECK(learner->learn(std::span(x).first<32>(), std::span(target).first<2>()) == Approx(loss()).epsilon(1e-5));
  const std::vector<float> got(learner->gradients().begin(), learner->gradients().end());
  for (const ParameterEntry& entry : parameter_table<Net>) {
    if (!entry.trainable) continue;
    for (std::size_t i = 0; i < entry.size; ++i) {
      double& number = model.values(entry)[i];
      const double at = number, step = 1e-5;
      number = at + step;
      const double above = loss();
      number = at - step;
      const double expected = (above - loss()) / (2 * step);
      number = at;
      INFO(entry.name << " " << i);
      CHECK(std::abs(double{got[entry.offset + i]} - expected) <= 2e-5 * (1 + std::abs(expected)));
    }
  }
  // nothing writes the statistics
  CHECK(std::equal(weights->buffers, weights->buffers + Weights<Net>::buffer_space, frozen_weights(model)->buffers));
}
