// A training loop written by hand; `fit` is the same, and gives the same weights to the last bit.
// prints: weights equal
#include <tenon/tenon.hpp>

#include <algorithm>
#include <cstdio>

using namespace tenon;

using Net = Sequential<Dense<64, 128>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;

int main() {
  constexpr std::uint64_t seed = 1;
  constexpr std::size_t epochs = 10, batch_size = 64;
  const auto [train, test] = digits().stratified_split(0.8, seed);

  Model<Net> by_hand{seed};
  Trainer trainer{by_hand, CrossEntropy{}, Adam{.lr = 1e-3}, batch_size, seed};
  DataLoader loader{train, batch_size, seed};  // shuffles; its last batch is smaller
  Batch<float> batch;
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    double sum = 0;
    loader.start_epoch(epoch);
    while (loader.next(batch)) {
      trainer.zero_grad();     // the next backward starts from zero
      trainer.forward(batch);  // gives the output, should you want to see it
      sum += trainer.loss() * static_cast<double>(batch.count);
      trainer.backward();  // several forward-loss-backward before a step add up: a larger batch
      // Here gradients can be looked at or changed, trainer.optimizer().lr as well.
      trainer.step();
    }
    if (epoch + 1 == epochs) std::printf("own loop: loss %.6f\n", sum / static_cast<double>(train.size()));
  }

  double largest = 0;  // gradient of the last batch
  trainer.for_each_parameter([&](std::string_view, std::span<float>, std::span<float> gradient) {
    for (const float g : gradient) largest = std::max(largest, std::abs(static_cast<double>(g)));
  });
  std::printf("its largest gradient at the end: %.6f\n", largest);

  Model<Net> fitted{seed};
  const auto history = fit(fitted, train,
                           Fit{.loss = CrossEntropy{},
                               .optimizer = Adam{.lr = 1e-3},
                               .epochs = epochs,
                               .batch_size = batch_size,
                               .seed = seed,
                               .progress = Progress::Mode::quiet});
  std::printf("fit:      loss %.6f\n", history.last().training.loss);

  const bool equal = std::ranges::equal(by_hand.parameters().span(), fitted.parameters().span());
  std::printf("test accuracy %.4f and %.4f, weights %s\n", evaluate(by_hand, test, CrossEntropy{}).accuracy,
              evaluate(fitted, test, CrossEntropy{}).accuracy, equal ? "equal" : "different");
  return equal ? 0 : 1;
}
