// A convolutional network in the manner of LeNet-5 (LeCun et al. 1998) reads MNIST's digits, and shows
// what it has learned: its filters, what they see in a digit, and which pixels decide.
#include <tenon/model/tensor_tools.hpp>
#include <tenon/tenon.hpp>

#include <array>
#include <cstdio>
#include <vector>

#include <CLI/CLI.hpp>

using namespace tenon;

using Net = Sequential<Input<1, 28, 28>, Conv2D<6, 5, padding<2>>, ReLU, MaxPool2D<2>, Conv2D<16, 5>, ReLU,
                       MaxPool2D<2>, Flatten, Dense<120>, ReLU, Dense<84>, ReLU, Dense<10>, Softmax>;
static_assert(parameter_count<Net> == 61'706);

// The first layers alone, whose output is what the filters see.
using First = Sequential<Input<1, 28, 28>, Conv2D<6, 5, padding<2>>, ReLU>;

void draw(const Model<Net>& model, const Dataset<float>& digits, const std::string& prefix) {
  const auto filters = model.get<"0.weight">();
  save_png(prefix + "filters.png",
           picture({filters.data(), filters.size()}, 5, 5, {.columns = 6, .zoom = 12, .palette = Palette::diverging}));

  Model<First> first;
  const auto biases = model.get<"0.bias">();
  std::copy(filters.begin(), filters.end(), first.get<"0.weight">().begin());
  std::copy(biases.begin(), biases.end(), first.get<"0.bias">().begin());
  std::vector<float> seen, deciding;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto digit = xt::adapt(digits.features().data() + i * 784, 784, xt::no_ownership(),
                                 std::array<std::size_t, 3>{1, 28, 28});
    const auto maps = first(digit);
    seen.insert(seen.end(), digit.begin(), digit.end());
    seen.insert(seen.end(), maps.begin(), maps.end());
    // the gradient of the digit's own score
    const auto gradient = input_gradient(model, digit, static_cast<std::size_t>(digits.labels()[i]));
    deciding.insert(deciding.end(), digit.begin(), digit.end());
    for (const float slope : gradient) deciding.push_back(std::abs(slope));
  }
  save_png(prefix + "feature_maps.png", picture(seen, 28, 28, {.columns = 7, .zoom = 3}));
  save_png(prefix + "saliency.png", picture(deciding, 28, 28, {.columns = 2, .zoom = 4}));
  std::printf("wrote %sfilters.png, %sfeature_maps.png, %ssaliency.png\n", prefix.c_str(), prefix.c_str(),
              prefix.c_str());
}

int main(int argc, char** argv) {
  std::string directory, weights, prefix = "lenet_";
  std::uint64_t seed = 1;
  std::size_t epochs = 4;
  CLI::App app{"Trains LeNet on MNIST and draws what it has learned."};
  app.add_option("--data", directory,
                 "where MNIST's four files are, or a folder mnist with them (default: $TENON_DATA)");
  app.add_option("--seed", seed, "of weights and order")->capture_default_str();
  app.add_option("--epochs", epochs, "with each of three learning rates")->capture_default_str();
  app.add_option("--save", weights, "a safetensors file for the trained weights");
  app.add_option("--pictures", prefix, "what the pictures' names begin with")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  try {
    auto [train, test] = mnist(directory);
    Model<Net> model{seed};
    summary(model);
    // large steps first, then smaller ones
    StopOnSignal stop;  // Ctrl-C: the weights so far are saved all the same
    for (std::size_t part = 0; part < 3 && stop.signal == 0; ++part)
      fit(model, train,
          Fit{.loss = CrossEntropy{},
              .optimizer = Adam{.lr = std::array{2e-3, 5e-4, 1e-4}[part]},
              .epochs = epochs,
              .batch_size = 64,
              .validation = test,
              .seed = seed + part,
              .callbacks = callbacks(stop)});
    if (!weights.empty()) model.save(weights);
    std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
    draw(model, test, prefix);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
