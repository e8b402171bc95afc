// Diffusion on MNIST: the same as diffusion.cpp, with a U-Net of 28 x 28 pixels whose every block is told step and
// digit, and with attention over the 49 places at the bottom: 0.6 million parameters.
//
//     diffusion_mnist FOLDER [EPOCHS [SEED [SAMPLES]]]      MNIST in that folder; 8 epochs, the first 60,000 digits
//     diffusion_mnist                                      only the network's table
//
// prints: parameters.*diffusion_mnist FOLDER
#include <tenon/generative/diffusion.hpp>
#include <tenon/tenon.hpp>

#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace tenon;

constexpr std::size_t told = 64;  // numbers that say step and digit

/// Two convolutions and a way around them; what the first says of each channel is scaled and shifted by step and digit.
template <std::size_t Channels>
using Block = Graph<In<"x">, In<"t">, Node<"around", Conv2D<Channels, 1>, "x">,
                    Node<"seen", Sequential<Conv2D<Channels, 3, padding<1>>, GroupNorm<8>>, "x">,
                    Node<"scale", Sequential<Dense<Channels>, Map<x + 1>>, "t">, Node<"shift", Dense<Channels>, "t">,
                    Node<"told", FiLM, "seen", "scale", "shift">,
                    Node<"through", Sequential<SiLU, Conv2D<Channels, 3, padding<1>>>>,
                    Node<"y", Add<>, "through", "around">, Out<"y">>;
/// Every place looks at every other.
template <std::size_t Channels, std::size_t Side>
using Attend = Residual<GroupNorm<8>, Reshape<Channels, Side * Side>, Permute<1, 0>, MultiheadAttention<4>,
                        Permute<1, 0>, Reshape<Channels, Side, Side>>;

using Net = Graph<In<"noisy", 1, 28, 28>, In<"time", 1>, In<"label", 10>,
                  Node<"when", Sequential<Dense<told>, SiLU, Dense<told>>, "time">, Node<"what", Dense<told>, "label">,
                  Node<"both", Add<>, "when", "what">, Node<"t", SiLU>, Node<"outer", Block<32>, "noisy", "t">,
                  Node<"smaller", MaxPool2D<2>, "outer">, Node<"inner", Block<64>, "smaller", "t">,
                  Node<"smallest", MaxPool2D<2>, "inner">, Node<"bottom", Block<96>, "smallest", "t">,
                  Node<"attended", Attend<96, 7>, "bottom">, Node<"under", Block<96>, "attended", "t">,
                  Node<"larger", Upsample<2>, "under">, Node<"inner_skip", Concat<>, "inner", "larger">,
                  Node<"inner_up", Block<64>, "inner_skip", "t">, Node<"largest", Upsample<2>, "inner_up">,
                  Node<"outer_skip", Concat<>, "outer", "largest">, Node<"outer_up", Block<32>, "outer_skip", "t">,
                  Node<"prediction", Conv2D<1, 1>, "outer_up">, Out<"prediction">>;
static_assert(parameter_count<Net> <= 1'500'000);

int main(int argc, char** argv) {
  try {
    const std::uint64_t epochs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 8;
    const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
    const std::size_t samples = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 60000;
    Model<Net> model{seed};
    summary(model);
    if (argc < 2) return std::printf("diffusion_mnist FOLDER [EPOCHS [SEED [SAMPLES]]]\n"), 0;

    Dataset<float> digits = mnist(argv[1]).train.take(samples);
    for (float& v : digits.features()) v = 2 * v - 1;
    const Diffusion diffusion{
        .schedule = NoiseSchedule::cosine(1000), .predicts = Predicts::velocity, .drop_label = 0.1};
    EMA average{model, 0.999};
    set_num_threads(2);
    fit(model, diffusion.columns(digits),
        Fit{.loss = MeanSquaredError{},
            .optimizer = Adam{.lr = 1e-3},
            .epochs = epochs,
            .batch_size = 128,
            .seed = seed,
            .schedule = CosineAnnealingLR{.T_max = epochs},
            .callbacks = callbacks(diffusion, average)});
    average.model.save("diffusion_mnist.safetensors");

    std::vector<std::int32_t> asked;
    for (std::int32_t i = 0; i < 100; ++i) asked.push_back(i % 10);
    std::vector<float> way;  // of ten digits, from noise, a row for each step
    const auto watch = [&](std::size_t, std::span<const float> images) {
      way.insert(way.end(), images.begin(), images.begin() + 10 * 784);
    };
    const auto drawn = diffusion.sample(average.model, asked, Sampling{.steps = 20, .guidance_scale = 1.5}, seed,
                                        watch);
    save_png("diffusion_mnist.png", picture(drawn, 28, 28, {.columns = 10, .zoom = 2, .together = true}));
    save_png("diffusion_mnist_way.png", picture(way, 28, 28, {.columns = 10}));
    std::printf("100 digits are in diffusion_mnist.png, the way of ten in diffusion_mnist_way.png\n");
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
