// Trains a small perceptron on 1,438 handwritten digits that come with Tenon and tests it on 359 others.
// prints: test accuracy: (0\.9[7-9]|1\.)
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Net = Sequential<Dense<64, 256>, ReLU, Dropout<0.3>, Dense<256>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;

int main() {
  constexpr std::uint64_t seed = 1;
  const auto [train, test] = digits().stratified_split(0.8, seed);

  Model<Net> model{seed};
  summary(model);
  fit(model, train,
      Fit{.loss = CrossEntropy{},
          .optimizer = Adam{.lr = 1e-3},
          .epochs = 60,
          .batch_size = 64,
          .validation = test,
          .seed = seed});
  std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
}
