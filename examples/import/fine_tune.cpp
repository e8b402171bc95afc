// Lets a network that another tool has trained learn new sounds: its type and its numbers are what `tenon import` has
// written of a .tflite file. The convolutions stay as they are, the last layer learns; then all of it goes to int8:
//   import_fine_tune NET.safetensors DIRECTORY
// ./run does the rest.
#include <tenon/model/quantize.hpp>
#include <tenon/tenon.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <string>
#include <vector>

#include "net.hpp"

namespace {

/// Element 2 is the first convolution, element 4 the four blocks after it.
using Tuned = freeze<Keywords, "2", "4">;

constexpr std::size_t frames = 49, coefficients = 10, classes = 12, sounds = 4, each = 40;

/// Four sounds as the network hears them, frames of ten cepstral coefficients. Each coefficient of a sound swings
/// around a middle and at a rate of its own; how far, when it begins, and the noise are every sample's own.
Dataset<float> make_sounds(std::uint64_t seed) {
  Stream random(seed, Purpose::user);
  std::vector<float> features;
  std::vector<std::int32_t> labels;
  for (std::size_t sample = 0; sample < sounds * each; ++sample) {
    const std::size_t sound = sample % sounds;
    const double swing = 10 + 5 * random.uniform<double>(), begin = random.uniform<double>();
    for (std::size_t frame = 0; frame < frames; ++frame)
      for (std::size_t c = 0; c < coefficients; ++c) {
        const double rate = 1 + static_cast<double>((3 * sound + 2 * c) % 7);
        const double place = begin + rate * static_cast<double>(frame) / frames;
        const double middle = c == 0 ? -40 : 20 * std::cos(static_cast<double>((sound + 1) * c));
        const double clear = middle + swing * std::sin(2 * std::numbers::pi * place);
        features.push_back(static_cast<float>(clear + 3 * random.normal<double>()));
      }
    labels.push_back(static_cast<std::int32_t>(sound));
  }
  return Dataset<float>({frames, coefficients, 1}, std::move(features), Labels{std::move(labels), classes});
}

/// The first samples for the device.
void write_sounds(const std::string& path, const Dataset<float>& data, std::size_t count) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) throw Error("cannot write " + path);
  std::fprintf(file, "#pragma once\n\nstruct Sound {\n  int label;\n  float features[%zu];\n};\n", data.sample_size());
  std::fprintf(file, "constexpr Sound sounds[] = {\n");
  for (std::size_t i = 0; i < count; ++i) {
    std::fprintf(file, "    {%d, {", data.label(i));
    for (const float number : data.sample(i)) std::fprintf(file, "%.9gF,", static_cast<double>(number));
    std::fprintf(file, "}},\n");
  }
  std::fprintf(file, "};\n");
  if (std::fclose(file) != 0) throw Error("cannot write " + path);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: import_fine_tune NET.safetensors DIRECTORY\n"), 2;
  const std::string folder = argv[2];
  const auto train = make_sounds(1), test = make_sounds(2);

  Model<Tuned> model;
  model.load(argv[1]);
  Fit how{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 3e-2}, .epochs = 1, .progress = Progress::Mode::quiet};
  const double before = evaluate(model, train, CrossEntropy{}).loss;
  how.batch_size = train.size();  // all of them in one step
  fit(model, train, how);
  const double after_step = evaluate(model, train, CrossEntropy{}).loss;
  how.batch_size = 16, how.epochs = 30;
  fit(model, train, how);
  const auto tuned = evaluate(model, test, CrossEntropy{});
  std::printf("parameters that learn: %zu of %zu\n", Model<Tuned>::parameter_count, Model<Keywords>::parameter_count);
  std::printf("loss: %.4f as imported, %.4f after a step\n", before, after_step);
  std::printf("after 30 epochs, on others: loss %.4f, accuracy %.4f\n", tuned.loss, tuned.accuracy);
  if (!(after_step < before) || tuned.accuracy < 0.9) throw Error("the network has not learned the sounds");

  model.save(folder + "/keywords.safetensors");
  DataLoader calibration{train, 64, 1};
  export_quantized_header(model, *quantize(model, calibration), folder + "/keywords.hpp",
                          {.trained = folder + "/keywords.safetensors"});
  write_sounds(folder + "/sounds.hpp", test, 12);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
