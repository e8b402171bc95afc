// Trains a network on the digits, in two parts: a backbone that goes to int8, and a head whose float weights a device
// starts from. Writes both, and what a new writer has written, whose digits lean, are faint and noisy:
//   learner_train DIRECTORY
#include <tenon/model/quantize.hpp>
#include <tenon/tenon.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

using namespace tenon;

using Backbone = Sequential<Input<1, 8, 8>, Conv2D<24, 3, padding<1>>, ReLU, Conv2D<16, 3, stride<2>>, ReLU, Flatten>;
using Head = Sequential<Dense<144, 32>, ReLU, Dropout<0.2>, Dense<10>, Softmax>;
using Net = Sequential<Named<"backbone", Backbone>, Named<"head", Head>>;

namespace {

/// The digit leaning over by `turn` radians and `slant`, fainter, with noise.
std::vector<float> written_anew(std::span<const float> image, double turn, double slant, Stream& random) {
  std::vector<float> out(64);
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 8; ++column) {
      const double v = row - 3.5, u = column - 3.5 + slant * v;
      const double x = std::cos(turn) * u + std::sin(turn) * v + 3.5,
                   y = -std::sin(turn) * u + std::cos(turn) * v + 3.5;
      const double left = std::floor(x), top = std::floor(y);
      double sum = 0;
      for (int dy = 0; dy < 2; ++dy)
        for (int dx = 0; dx < 2; ++dx) {
          const int r = static_cast<int>(top) + dy, c = static_cast<int>(left) + dx;
          if (r < 0 || r > 7 || c < 0 || c > 7) continue;
          sum += std::abs(1 - dx - (x - left)) * std::abs(1 - dy - (y - top)) *
                 static_cast<double>(image[static_cast<std::size_t>(8 * r + c)]);
        }
      const double noisy = 0.85 * sum + 0.03 * static_cast<double>(random.normal<float>());
      out[static_cast<std::size_t>(8 * row + column)] = static_cast<float>(std::clamp(noisy, 0.0, 1.0));
    }
  return out;
}

/// So many of the data, in any order.
void write_samples(std::FILE* file, const char* name, const Dataset<float>& data, std::size_t count) {
  std::vector<std::size_t> order(data.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Stream random(5, Purpose::user);
  shuffle(order, random);
  order.resize(count);
  std::fprintf(file, "constexpr Sample %s[] = {\n", name);
  for (const std::size_t i : order) {
    std::fprintf(file, "    {%d, {", data.label(i));
    for (const float pixel : written_anew(data.sample(i), 0.32, 0.14, random))
      std::fprintf(file, "%d,", static_cast<int>(std::lround(255 * pixel)));
    std::fprintf(file, "}},\n");
  }
  std::fprintf(file, "};\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: learner_train DIRECTORY\n"), 2;
  const std::string folder = argv[1];
  constexpr std::uint64_t seed = 1;
  const auto [train, others] = digits().stratified_split(0.8, seed);

  Model<Net> model{seed};
  fit(model, train,
      Fit{.loss = CrossEntropy{},
          .optimizer = Adam{.lr = 2e-3},
          .epochs = 40,
          .batch_size = 32,
          .seed = seed,
          .progress = Progress::Mode::quiet});
  std::printf("accuracy on the writers it knows: %.4f\n", evaluate(model, others, CrossEntropy{}).accuracy);

  const auto backbone = part<"backbone">(model);
  DataLoader calibration{train, 64, seed};
  export_quantized_header(backbone, *quantize(backbone, calibration), folder + "/backbone.hpp");
  export_header(part<"head">(model), folder + "/head.hpp");

  std::FILE* const file = std::fopen((folder + "/samples.hpp").c_str(), "w");
  if (file == nullptr) return std::perror("samples.hpp"), 1;
  std::fprintf(file, "#pragma once\n\nstruct Sample {\n  int label;\n  unsigned char pixels[64];\n};\n");
  write_samples(file, "lessons", train, 900);
  write_samples(file, "examination", others, 300);
  return std::fclose(file) == 0 ? 0 : 1;
}
