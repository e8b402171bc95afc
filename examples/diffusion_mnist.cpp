// Diffusion on MNIST: the same as diffusion.cpp, with the U-Net of digit_unet.hpp, of 28 x 28 pixels. Training takes
// 9 minutes on two cores; `scripts/bench diffusion` judges what is drawn, beside PyTorch's with the same network.
//
//     diffusion_mnist FOLDER [EPOCHS [SEED [SAMPLES]]]      MNIST in that folder; 9 epochs, the first 60,000 digits
//     diffusion_mnist                                      only the network's table
//
// prints: parameters.*diffusion_mnist FOLDER
#include <tenon/generative/diffusion.hpp>
#include <tenon/tenon.hpp>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "digit_unet.hpp"

using namespace tenon;
using Net = digit_unet::Net;

int main(int argc, char** argv) {
  try {
    const std::uint64_t epochs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 9;
    const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
    const std::size_t samples = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 60000;
    Model<Net> model{seed};
    summary(model);
    if (argc < 2) return std::printf("diffusion_mnist FOLDER [EPOCHS [SEED [SAMPLES]]]\n"), 0;

    Dataset<float> digits = mnist(argv[1]).train.take(samples);
    for (float& v : digits.features()) v = 2 * v - 1;
    const Diffusion diffusion{.schedule = NoiseSchedule::cosine(1000), .predicts = Predicts::image, .drop_label = 0.1};
    EMA average{model, 0.999};
    set_num_threads(2);
    fit(model, diffusion.columns(digits),
        Fit{.loss = MeanSquaredError{},
            .optimizer = Adam{.lr = 1e-3},
            .epochs = epochs,
            .batch_size = 64,
            .seed = seed,
            .schedule = CosineAnnealingLR{.T_max = epochs},
            .callbacks = callbacks(diffusion, average, StopOnSignal{})});  // Ctrl-C: what there is draws
    average.model.save("diffusion_mnist.safetensors");

    std::vector<std::int32_t> asked;
    for (std::int32_t i = 0; i < 100; ++i) asked.push_back(i % 10);
    std::vector<float> way;  // of ten digits, from noise, a row for each step
    const auto watch = [&](std::size_t, std::span<const float> images) {
      way.insert(way.end(), images.begin(), images.begin() + 10 * 784);
    };
    const auto drawn = diffusion.sample(average.model, asked, Sampling{.steps = 20, .guidance_scale = 2}, seed, watch);
    save_png("diffusion_mnist.png", picture(drawn, 28, 28, {.columns = 10, .zoom = 2, .together = true}));
    save_png("diffusion_mnist_way.png", picture(way, 28, 28, {.columns = 10}));
    std::printf("100 digits are in diffusion_mnist.png, the way of ten in diffusion_mnist_way.png\n");
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
