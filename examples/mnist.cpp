// A perceptron with one hidden layer learns MNIST: 60,000 handwritten digits to train on, 10,000 to
// test with.
#include <tenon/tenon.hpp>

#include <cstdio>

#include <CLI/CLI.hpp>

using namespace tenon;

using Net = Sequential<Dense<784, 128>, ReLU, Dropout<0.5>, Dense<128, 10>, Softmax>;

int main(int argc, char** argv) {
  std::string directory, weights;
  std::uint64_t seed = 3;
  std::size_t epochs = 10;
  CLI::App app{"Trains a 784-128-10 perceptron on MNIST."};
  app.add_option("--data", directory,
                 "where MNIST's four files are, or a folder mnist with them (default: $TENON_DATA)");
  app.add_option("--seed", seed, "of weights, order and dropout")->capture_default_str();
  app.add_option("--epochs", epochs)->capture_default_str();
  app.add_option("--save", weights, "a safetensors file for the trained weights");
  CLI11_PARSE(app, argc, argv);

  try {
    auto [train, test] = mnist(directory);

    Model<Net> model{seed};
    summary(model);
    fit(model, train,
        Fit{.loss = CrossEntropy{},
            .optimizer = Adam{.lr = 1e-3},
            .epochs = epochs,
            .batch_size = 64,
            .validation = test,
            .seed = seed,
            .callbacks = callbacks(StopOnSignal{})});  // Ctrl-C: the weights so far are saved all the same
    if (!weights.empty()) model.save(weights);
    std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
