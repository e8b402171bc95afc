// What a user writes to train a perceptron on MNIST. The compiler's work for it is counted in CI.
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Net = Sequential<Dense<784, 128>, ReLU, Dropout<0.5>, Dense<128, 10>, Softmax>;

int main() {
  const auto [train, test] = mnist();

  Model<Net> model{1};
  const auto history = fit(
      model, train,
      Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 1e-3}, .epochs = 5, .batch_size = 64, .validation = test});
  const auto probabilities = model(features_tensor<2>(test));
  std::printf("%.4f after %zu epochs, %zu predictions\n", history.last().validation.accuracy, history.epochs.size(),
              probabilities.shape()[0]);
}
