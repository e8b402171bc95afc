// What a user writes to train a network in the manner of LeNet-5 on MNIST.
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Net = Sequential<Input<1, 28, 28>, Conv2D<6, 5, padding<2>>, ReLU, MaxPool2D<2>, Conv2D<16, 5>, ReLU,
                       MaxPool2D<2>, Flatten, Dense<120>, ReLU, Dense<84>, ReLU, Dense<10>, Softmax>;

int main() {
  const auto [train, test] = mnist();
  Model<Net> model{1};
  const auto history = fit(
      model, train,
      Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 1e-3}, .epochs = 5, .batch_size = 64, .validation = test});
  std::printf("%.4f\n", history.last().validation.accuracy);
}
