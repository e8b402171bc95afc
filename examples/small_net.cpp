// MNIST with fewer than 100,000 parameters: small convolutions with batch normalisation, on images that are moved,
// rotated and bent anew in every epoch.
#include <tenon/tenon.hpp>

#include <cstdio>

#include <CLI/CLI.hpp>

using namespace tenon;

template <std::size_t Channels>
using Convolution = Sequential<Conv2D<Channels, 3, padding<1>, bias<false>>, BatchNorm2D<>, ReLU>;

using Net = Sequential<Input<1, 28, 28>, Convolution<16>, Convolution<16>, MaxPool2D<2>, Convolution<32>,
                       Convolution<32>, MaxPool2D<2>, Convolution<64>, Convolution<64>, GlobalAvgPool, Dropout<0.1>,
                       Dense<10>, Softmax>;
static_assert(parameter_count<Net> < 100'000);

using Pipeline = Augment<RandomTranslation<2>, RandomRotation<10>, RandomScale<0.9, 1.1>, RandomShear<5>,
                         ElasticTransform<20, 4>>;

int main(int argc, char** argv) {
  std::string directory, weights;
  std::uint64_t seed = 1;
  std::size_t epochs = 16, threads = 2;
  CLI::App app{"Trains a small convolutional network on MNIST with augmentation."};
  app.add_option("--data", directory,
                 "where MNIST's four files are, or a folder mnist with them (default: $TENON_DATA)");
  app.add_option("--seed", seed, "of weights, order and augmentation")->capture_default_str();
  app.add_option("--epochs", epochs)->capture_default_str();
  app.add_option("--threads", threads, "that a batch is split over")->capture_default_str();
  app.add_option("--save", weights, "a safetensors file for the trained weights");
  CLI11_PARSE(app, argc, argv);

  try {
    set_num_threads(threads);
    const auto [train, test] = mnist(directory);
    const auto moving = augmented<Pipeline>(train, 1);
    Model<Net> model{seed};
    summary(model);
    const std::size_t batch_size = 100, steps = epochs * (train.size() / batch_size);
    fit(model, moving,
        Fit{.loss = CrossEntropy{.label_smoothing = 0.05},
            .optimizer = AdamW{.lr = 4e-3, .weight_decay = 0.02},
            .epochs = epochs,
            .batch_size = batch_size,
            .validation = test,
            .seed = seed,
            .schedule = OneCycleLR{.max_lr = 4e-3, .total_steps = steps, .cycle_momentum = false},
            .callbacks = callbacks(StopOnSignal{})});  // Ctrl-C: the weights so far are saved all the same
    if (!weights.empty()) model.save(weights);
    std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
