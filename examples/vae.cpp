// A variational autoencoder (Kingma and Welling 2014). The encoder says of an image where its code lies: a normal
// distribution. A code drawn from it goes through the decoder, and the loss, the negative ELBO, is the cross-entropy of
// the pixels plus the divergence of the code's distribution from the standard normal one. So the decoder alone draws
// digits.
//
//     vae             the built-in digits of 8x8 pixels: 24.0 nats a digit, 27.05 if the mean digit is answered for all
//     vae FOLDER      MNIST in that folder, 784-400-20-400-784, 10 epochs: 105.9 nats, 205.8 for the mean digit
//
// Losses and times of the epochs are in vae.csv.
//
// prints: negative ELBO of new digits: 2[34]\.[0-9]* nats a digit, 27\.[0-9]* without a code
#include <tenon/model/tensor_tools.hpp>
#include <tenon/tenon.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

using namespace tenon;

template <std::size_t Pixels, std::size_t Hidden, std::size_t Code>
using Vae = Graph<In<"image", Pixels>, Node<"seen", Sequential<Dense<Hidden>, ReLU>, "image">,
                  Node<"mean", Dense<Code>, "seen">, Node<"log_variance", Dense<Code>, "seen">,
                  Node<"code", Map<in<"mean"> + exp(in<"log_variance"> / 2) * normal_noise>>,
                  Node<"decoder", Sequential<Dense<Hidden>, ReLU, Dense<Pixels>, Sigmoid>, "code">,
                  Out<"decoder", "mean", "log_variance">>;

/// The divergence of the codes' distribution from the standard normal one, of each sample.
constexpr auto divergence = -0.5 * sum(1 + in<"log_variance"> - square(in<"mean">) - exp(in<"log_variance">));
const auto negative_elbo = on<"decoder", "features">(BinaryCrossEntropy{.reduction = Reduction::batchmean}) +
                           FormulaLoss<divergence>{};

auto how(std::size_t epochs, std::size_t batch_size) {
  return Fit{.loss = negative_elbo,
             .optimizer = Adam{.lr = 1e-3},
             .epochs = epochs,
             .batch_size = batch_size,
             .seed = 1,
             .callbacks = callbacks(CSVLogger{"vae.csv"})};
}

/// The negative ELBO with codes drawn as in training, in nats a sample.
template <class M>
double measure(M& model, const Dataset<float>& data) {
  Trainer trainer{model, negative_elbo, SGD{}, 100, 2};
  DataLoader loader{data, 100, 1, false};
  Batch<float> batch;
  double sum = 0;
  while (loader.next(batch)) {
    trainer.forward(batch);
    sum += trainer.loss() * static_cast<double>(batch.count);
  }
  return sum / static_cast<double>(data.size());
}

/// What it would be if the mean of the images seen in training were the answer for every image: no code, no divergence.
double without_code(const Dataset<float>& train, const Dataset<float>& test) {
  const std::size_t pixels = train.sample_size();
  std::vector<double> mean(pixels, 0.5 / static_cast<double>(train.size()));
  double sum = 0;
  for (std::size_t i = 0; i < train.size(); ++i)
    for (std::size_t j = 0; j < pixels; ++j) mean[j] += train.sample(i)[j] / static_cast<double>(train.size() + 1);
  for (std::size_t i = 0; i < test.size(); ++i)
    for (std::size_t j = 0; j < pixels; ++j) {
      const double t = test.sample(i)[j];
      sum -= t * std::log(mean[j]) + (1 - t) * std::log1p(-mean[j]);
    }
  return sum / static_cast<double>(test.size());
}

/// Two pictures by the decoder alone: codes between those of 0, 1, 4 and 7, in the corners, and codes drawn at random.
template <std::size_t Side, std::size_t Code, class M>
void draw(M& model, const Dataset<float>& data, std::size_t cells) {
  auto decoder = part<"decoder">(model);
  xt::xtensor<float, 2> between({cells * cells, Code}), random({cells * cells, Code});
  Stream stream(1, Purpose::user);
  for (float& v : random) v = stream.normal<float>();
  std::vector<xt::xtensor<float, 1>> corner;
  for (const std::int32_t digit : {0, 1, 4, 7}) {
    const auto first = static_cast<std::size_t>(std::ranges::find(data.labels(), digit) - data.labels().begin());
    corner.push_back(model(data.sample(first)).template get<"mean">());
  }
  for (std::size_t i = 0; i < cells; ++i)
    for (std::size_t j = 0; j < cells; ++j) {
      const float step = 1 / static_cast<float>(cells - 1), down = step * static_cast<float>(i),
                  right = step * static_cast<float>(j);
      xt::view(between, i * cells + j) = (1 - down) * ((1 - right) * corner[0] + right * corner[1]) +
                                         down * ((1 - right) * corner[2] + right * corner[3]);
    }
  const Tiles tiles{.columns = cells, .zoom = 32 / Side, .together = true};
  save_png("vae_between.png", picture(decoder(between), Side, Side, tiles));
  save_png("vae_random.png", picture(decoder(random), Side, Side, tiles));
}

template <std::size_t Side, std::size_t Hidden, std::size_t Code>
void run(const Dataset<float>& train, const Dataset<float>& test, std::size_t epochs, std::size_t batch_size) {
  Model<Vae<Side * Side, Hidden, Code>> model{1};
  summary(model);
  fit(model, train, how(epochs, batch_size));
  std::printf("negative ELBO of new digits: %.2f nats a digit, %.2f without a code\n", measure(model, test),
              without_code(train, test));
  draw<Side, Code>(model, test, 12);
}

int main(int argc, char** argv) {
  try {
    if (argc > 1) {
      const auto [train, test] = mnist(argv[1]);
      run<28, 400, 20>(train.flat(), test.flat(), 10, 128);
    } else {
      const auto [train, test] = digits().flat().stratified_split(0.8, 1);
      run<8, 128, 8>(train, test, 300, 64);
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
