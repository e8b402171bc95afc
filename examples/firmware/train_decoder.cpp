// Trains a variational autoencoder on the digits and writes its decoder, in int8 for a microcontroller that draws:
//   firmware_decoder_train DIRECTORY            the built-in digits, 8-96-64
//   firmware_decoder_train DIRECTORY FOLDER     MNIST in that folder, 20-96-784: 77 kB of weights
// See ../vae.cpp for the network and its loss. A code for each digit is the mean of the codes of all such digits.
#include <tenon/model/quantize.hpp>
#include <tenon/tenon.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

using namespace tenon;

template <std::size_t Pixels, std::size_t Hidden, std::size_t Code>
using Vae = Graph<In<"image", Pixels>, Node<"seen", Sequential<Dense<256>, ReLU>, "image">,
                  Node<"mean", Dense<Code>, "seen">, Node<"log_variance", Dense<Code>, "seen">,
                  Node<"code", Map<in<"mean"> + exp(in<"log_variance"> / 2) * normal_noise>>,
                  Node<"decoder", Sequential<Dense<Hidden>, ReLU, Dense<Pixels>, Sigmoid>, "code">,
                  Out<"decoder", "mean", "log_variance">>;

constexpr auto divergence = -0.5 * sum(1 + in<"log_variance"> - square(in<"mean">) - exp(in<"log_variance">));

/// How many of the int8 decoder's digits a classifier takes for what they are to be.
template <std::size_t Pixels, class Net>
int recognised(const QuantizedNumbers<Net>& numbers, const Dataset<float>& train, const std::vector<float>& codes) {
  Model<Sequential<Dense<Pixels, 64>, ReLU, Dense<10>, Softmax>> judge{1};
  fit(judge, train,
      Fit{.optimizer = Adam{.lr = 2e-3},
          .epochs = train.size() > 5000 ? 4U : 40U,
          .seed = 1,
          .progress = Progress::Mode::quiet});
  const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(numbers));
  Quantized<Net> draw{*tables};
  constexpr std::size_t code = input_shape<Net>::size;
  int right = 0;
  for (std::size_t digit = 0; digit < 10; ++digit) {
    auto image = xt::xtensor<float, 1>::from_shape({Pixels});
    draw(std::span<const float, code>(codes.data() + digit * code, code),
         std::span<float, Pixels>(image.data(), Pixels));
    const auto scores = judge(image);
    right += static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin()) == digit;
  }
  return right;
}

template <std::size_t Pixels, std::size_t Code>
int run(const std::string& folder, const Dataset<float>& train, std::size_t epochs) {
  using Net = Vae<Pixels, 96, Code>;
  static_assert(Quantized<part_network<Net, "decoder">>::weight_bytes <= 100'000);
  Model<Net> model{1};
  fit(model, train,
      Fit{.loss = on<"decoder", "features">(BinaryCrossEntropy{.reduction = Reduction::batchmean}) +
                  FormulaLoss<divergence>{},
          .optimizer = Adam{.lr = 1e-3},
          .epochs = epochs,
          .batch_size = 64,
          .seed = 1});

  std::vector<float> codes(train.size() * Code), means(10 * Code);
  std::vector<float> count(10);
  for (std::size_t i = 0; i < train.size(); ++i) {
    const auto answer = model(train.sample(i));
    const auto& mean = answer.template get<"mean">();
    const auto digit = static_cast<std::size_t>(train.label(i));
    ++count[digit];
    for (std::size_t j = 0; j < Code; ++j) {
      codes[i * Code + j] = mean(j);
      means[digit * Code + j] += (mean(j) - means[digit * Code + j]) / count[digit];
    }
  }
  const auto decoder = part<"decoder">(model);
  codes.resize(std::min<std::size_t>(train.size(), 2000) * Code);
  const Dataset<float> calibration{Features<float>{"code", {Code}, codes}};
  DataLoader loader{calibration, 64, 1};
  const auto numbers = quantize(decoder, loader);
  export_quantized_header(decoder, *numbers, folder + "/decoder.hpp");
  std::printf("the decoder in int8 draws %d of 10 digits so that they are recognised\n",
              recognised<Pixels>(*numbers, train, means));

  std::FILE* const file = std::fopen((folder + "/codes.hpp").c_str(), "w");
  if (file == nullptr) return std::perror("codes.hpp"), 1;
  std::fprintf(file, "#pragma once\n\nconstexpr float codes[10][%zu] = {\n", Code);
  for (std::size_t digit = 0; digit < 10; ++digit) {
    std::fprintf(file, "    {");
    for (std::size_t j = 0; j < Code; ++j) std::fprintf(file, "%.9ef,", static_cast<double>(means[digit * Code + j]));
    std::fprintf(file, "},\n");
  }
  std::fprintf(file, "};\n");
  return std::fclose(file) == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: firmware_decoder_train DIRECTORY [MNIST_FOLDER]\n"), 2;
  try {
    if (argc > 2) return run<784, 20>(argv[1], mnist(argv[2]).train.flat(), 10);
    return run<64, 8>(argv[1], digits().flat(), 100);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
