// The quickstart's network on the digits that come with Tenon.
#include <tenon/tenon.hpp>

#include <cstdint>

#include <catch2/catch.hpp>

using namespace tenon;

TEST_CASE("handwritten digits, over five splits") {
  using Net = Sequential<Dense<64, 256>, ReLU, Dropout<0.3>, Dense<256>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;
  auto data = digits();
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto [train, test] = data.stratified_split(0.8, seed);
    Model<Net> model{seed};
    const History history = fit(
        model, train,
        Fit{.optimizer = Adam{.lr = 1e-3},
            .epochs = 60,
            .batch_size = 64,
            .validation = test,
            .seed = seed,
            .progress = Progress::Mode::quiet,
            // g++ -O3 once took the default loss for uninitialised where this throws
            .callbacks = callbacks(ModelCheckpoint{.path = "train_digits.safetensors", .every_epochs = 60})});
    const double accuracy = history.last().validation.accuracy;
    INFO("split " << seed << ": test accuracy " << accuracy);
    CHECK(accuracy > 0.955);
    CHECK(history.last().training.accuracy > 0.99);
    sum += accuracy;
  }
  CHECK(sum / 5 >= 0.97);
}
