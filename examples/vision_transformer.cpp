// A vision transformer tells handwritten digits apart: an image is a sequence of patches.
// prints: test accuracy: (0\.9[6-9]|1\.)
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Net = Sequential<Input<1, 8, 8>, VisionTransformer<10, 2, 2, 4, 32, 0.1>>;

int main() {
  constexpr std::uint64_t seed = 1;
  const auto [train, test] = digits().stratified_split(0.8, seed);

  Model<Net> model{seed};
  summary(model);
  constexpr std::size_t epochs = 30, batch = 32;
  fit(model, train,
      Fit{.loss = CrossEntropy{},
          .optimizer = AdamW{.lr = 3e-3},
          .epochs = epochs,
          .batch_size = batch,
          .validation = test,
          .seed = seed,
          .schedule = OneCycleLR{.max_lr = 3e-3, .total_steps = epochs * ((train.size() + batch - 1) / batch)},
          .clip_grad_norm = 1.0,
          .callbacks = callbacks(StopOnSignal{})});
  std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
}
