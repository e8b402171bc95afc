#include <tenon/tenon.hpp>


#include <catch2/catch.hpp>

#include "support/mnist.hpp"

using namespace tenon;

TEST_CASE("two epochs of MNIST with convolutions") {
  const auto data = test::mnist_if_there();
  if (!data) return;
  using Net = Sequential<Input<1, 28, 28>, Conv2D<6, 5, padding<2>>, ReLU, MaxPool2D<2>, Conv2D<16, 5>, ReLU, MaxPool2D<2>, Flatten,
                         Dense<120>, ReLU, Dense<84>, ReLU, Dense<10>, Softmax>;
  const auto& [train, test] = *data;
  Model<Net> model{1};
  const auto train_with = [&](double rate) {
    return fit(model, train,
               Fit{.loss = CrossEntropy{},
                   .optimizer = Adam{.lr = rate},
                   .epochs = 1,
                   .batch_size = 64,
                   .validation = test,
                   .seed = 1,
                   .progress = Progress::Mode::plain})
        .last();
  };
  const EpochRecord first = train_with(2e-3), second = train_with(5e-4);
  CHECK(second.validation.accuracy >= 0.983);  // over five seeds 0.9860 to 0.9888
  CHECK(second.validation.loss < first.validation.loss);
}
