// Trains the networks that the playground carries, and writes their headers:
//
//     make_playground_models examples/playground/models
#include <tenon/model/export.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/tenon.hpp>

#include <cstdio>
#include <string>

using namespace tenon;

namespace {

using Digits = Sequential<Input<1, 8, 8>, Flatten, Dense<64>, ReLU, Dropout<0.2>, Dense<10>, Softmax>;

/// A variational autoencoder whose code is a point in the plane; see examples/vae.cpp.
using Vae = Graph<In<"image", 64>, Node<"seen", Sequential<Dense<128>, ReLU, Dense<64>, ReLU>, "image">,
                  Node<"mean", Dense<2>, "seen">, Node<"log_variance", Dense<2>, "seen">,
                  Node<"code", Map<in<"mean"> + exp(in<"log_variance"> / 2) * normal_noise>>,
                  Node<"decoder", Sequential<Dense<48>, ReLU, Dense<64>, ReLU, Dense<64>, Sigmoid>, "code">,
                  Out<"decoder", "mean", "log_variance">>;
constexpr auto divergence = -0.5 * sum(1 + in<"log_variance"> - square(in<"mean">) - exp(in<"log_variance">));

void make_digits(const std::string& folder) {
  const auto [train, test] = digits().stratified_split(0.8, 1);
  // a hand that draws with a mouse is not as steady as a pen
  const auto moving = augmented<Augment<RandomRotation<10>, RandomScale<0.92, 1.08>>>(train, 1);
  Model<Digits> model{1};
  fit(model, moving,
      Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 2e-3}, .epochs = 200, .batch_size = 64, .seed = 1});
  std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
  const auto sample = test.sample(0);
  const ExportOptions options{.sample = {sample.begin(), sample.end()}};
  export_header(model, folder + "/digits.hpp", options);
  DataLoader calibration{train, 64, 1};
  export_quantized_header(model, *quantize(model, calibration), folder + "/digits_int8.hpp", options);
}

void make_decoder(const std::string& folder) {
  const auto [train, test] = digits().flat().stratified_split(0.8, 1);
  const auto negative_elbo = on<"decoder", "features">(BinaryCrossEntropy{.reduction = Reduction::batchmean}) +
                             FormulaLoss<divergence>{};
  Model<Vae> model{1};
  fit(model, train,
      Fit{.loss = negative_elbo, .optimizer = Adam{.lr = 1e-3}, .epochs = 300, .batch_size = 64, .seed = 1});
  const auto borrowed = part<"decoder">(model);
  const Model<decltype(borrowed)::network> decoder(borrowed);  // a copy with numbers of its own
  export_header(decoder, folder + "/decoder.hpp", ExportOptions{.sample = {0.5F, -0.5F}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: make_playground_models DIRECTORY\n"), 2;
  try {
    make_digits(argv[1]);
    make_decoder(argv[1]);
  } catch (const Error& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 1;
  }
}
