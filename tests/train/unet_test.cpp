#include <tenon/tenon.hpp>

#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "support/mnist.hpp"

using namespace tenon;

namespace {

template <std::size_t Channels>
using Convs = Sequential<Conv2D<Channels, 3, padding<1>>, ReLU>;

Dataset<float> noisy(const Dataset<float>& digits, std::uint64_t seed) {
  std::vector<float> pixels(digits.features().begin(), digits.features().end());
  Stream random(seed, Purpose::user);
  for (float& v : pixels) v += 0.4F * random.normal<float>();
  return {{1, 28, 28}, pixels, Targets<float>{{digits.features().begin(), digits.features().end()}, 784}};
}

}  // namespace

TEST_CASE("a small U-Net takes 6 dB of noise off digits it has not seen") {
  const auto data = test::mnist_if_there();
  if (!data) return;
  using Net = Sequential<Input<1, 28, 28>,
                         UNet<Level<Convs<8>, MaxPool2D<2>, Upsample<2>, Convs<8>>,
                              Level<Convs<12>, MaxPool2D<2>, Upsample<2>, Convs<12>>, Convs<16>>,
                         Conv2D<1, 1>>;
  const Dataset<float> train = noisy(data->train.take(1500), 1), test = noisy(data->test.take(300), 2);
  Model<Net> model{1};
  const History history = fit(model, train,
                              Fit{.loss = MeanSquaredError{},
                                  .optimizer = Adam{.lr = 5e-3},
                                  .epochs = 3,
                                  .batch_size = 32,
                                  .validation = test,
                                  .progress = Progress::Mode::plain});
  RMSE before;
  for (std::size_t i = 0; i < test.size(); ++i)
    before.update(Predictions<float>{.outputs = {test.sample(i).data(), 1, 784},
                                     .width = 784,
                                     .labels = {},
                                     .targets = {test.target(i).data(), 1, 784}});
  const double gain = 10 * std::log10(before.value() * before.value() / history.last().validation.loss);
  CHECK(gain >= 6);
}
