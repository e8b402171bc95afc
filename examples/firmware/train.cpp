// Trains a perceptron on the digits, in int8 for a microcontroller, and writes two headers and a blob for it:
//   firmware_train DIRECTORY
#include <tenon/model/quantize.hpp>
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Net = Sequential<Dense<64, 48>, ReLU, Dropout<0.2>, Dense<10>, Softmax>;
static_assert(Quantized<Net>::ram_bytes <= 128);
static_assert(Quantized<Net>::weight_bytes <= 4096);

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: firmware_train DIRECTORY\n"), 2;
  const std::string folder = argv[1];
  constexpr std::uint64_t seed = 1;
  const auto [train, test] = digits().stratified_split(0.8, seed);

  Model<Net> model{seed};
  fit(model, train,
      Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 2e-3}, .epochs = 40, .batch_size = 32, .seed = seed});
  std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);

  model.save(folder + "/digits.safetensors");
  DataLoader calibration{train, 64, seed};
  const auto numbers = quantize(model, calibration);
  export_quantized_header(model, *numbers, folder + "/digits.hpp", {.trained = folder + "/digits.safetensors"});
  export_quantized_blob(*numbers, folder + "/digits.blob");  // for update.cpp

  // The pictures that the firmware is shown: the first of the test set.
  std::FILE* const file = std::fopen((folder + "/pictures.hpp").c_str(), "w");
  if (file == nullptr) return std::perror("pictures.hpp"), 1;
  std::fprintf(
      file,
      "#pragma once\n\nstruct Picture {\n  int label;\n  float pixels[64];\n};\nconstexpr Picture pictures[] = {\n");
  for (std::size_t i = 0; i < 20; ++i) {
    std::fprintf(file, "    {%d, {", test.label(i));
    for (const float pixel : test.sample(i)) std::fprintf(file, "%.9ff,", static_cast<double>(pixel));
    std::fprintf(file, "}},\n");
  }
  std::fprintf(file, "};\n");
  return std::fclose(file) == 0 ? 0 : 1;
}
