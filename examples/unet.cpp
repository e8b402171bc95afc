// A U-Net of three levels takes the noise off MNIST's digits: at least 6 dB better than what it is given, on digits it
// has not seen. The picture shows noisy, cleaned and true ones.
#include <tenon/tenon.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

#include <CLI/CLI.hpp>

using namespace tenon;

template <std::size_t Channels>
using Convs = Sequential<Conv2D<Channels, 3, padding<1>>, ReLU, Conv2D<Channels, 3, padding<1>>, ReLU>;

using Net = Sequential<Input<1, 28, 28>,
                       UNet<Level<Convs<8>, MaxPool2D<2>, Upsample<2>, Convs<8>>,
                            Level<Convs<16>, MaxPool2D<2>, Upsample<2>, Convs<16>>, Convs<32>>,
                       Conv2D<1, 1>>;

/// Digits with normal noise, and what they are without it.
Dataset<float> noisy(const Dataset<float>& digits, double deviation, std::uint64_t seed) {
  std::vector<float> pixels(digits.features().begin(), digits.features().end());
  Stream random(seed, Purpose::user);
  for (float& v : pixels) v += static_cast<float>(deviation) * random.normal<float>();
  return {{1, 28, 28}, pixels, Targets<float>{{digits.features().begin(), digits.features().end()}, 784}};
}

/// 10 log10(1 / mean square error) decibels, for pixels between 0 and 1.
double psnr(std::span<const float> a, std::span<const float> b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    squares += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
  return -10 * std::log10(squares / static_cast<double>(a.size()));
}

int main(int argc, char** argv) {
  std::string directory, picture_file = "unet.png";
  std::size_t epochs = 3, samples = 6000;
  CLI::App app{"Trains a U-Net to take the noise off digits."};
  app.add_option("--data", directory,
                 "where MNIST's four files are, or a folder mnist with them (default: $TENON_DATA)");
  app.add_option("--epochs", epochs)->capture_default_str();
  app.add_option("--samples", samples, "to train on")->capture_default_str();
  app.add_option("--picture", picture_file)->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  try {
    const auto [all, held_out] = mnist(directory);
    const Dataset<float> train = noisy(all.take(samples), 0.4, 1), test = noisy(held_out.take(1000), 0.4, 2);
    Model<Net> model{1};
    summary(model);
    fit(model, train,
        Fit{.loss = MeanSquaredError{},
            .optimizer = Adam{.lr = 3e-3},
            .epochs = epochs,
            .batch_size = 32,
            .validation = test,
            .schedule = CosineAnnealingLR{.T_max = epochs},
            .callbacks = callbacks(StopOnSignal{})});

    std::vector<float> cleaned(test.features().size());
    model.predict(test.features(), cleaned);
    const double before = psnr(test.features(), test.targets()), after = psnr(cleaned, test.targets());
    std::vector<float> shown;
    for (std::size_t i = 0; i < 8; ++i)
      for (const auto& images : {test.features(), std::span<const float>(cleaned), test.targets()}) {
        const auto image = images.subspan(784 * i, 784);
        shown.insert(shown.end(), image.begin(), image.end());
      }
    save_png(picture_file, picture(shown, 28, 28, {.columns = 6, .zoom = 3}));
    std::printf("noisy %.2f dB, cleaned %.2f dB: %.2f dB better\n", before, after, after - before);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
