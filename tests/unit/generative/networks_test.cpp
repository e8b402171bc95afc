// The networks of the generative examples, small: gradients are those of differences, and a steady step takes nothing.
#include <tenon/generative/diffusion.hpp>
#include <tenon/networks/tangent.hpp>
#include <tenon/tenon.hpp>
#include <tenon/train/gradient_penalty.hpp>

#include <vector>

#include <catch2/catch.hpp>

#include "support/counting_new.hpp"
#include "support/gradient_check.hpp"

using namespace tenon;
using test::check_gradients;

namespace {

/// Of examples/diffusion_mnist.cpp.
template <std::size_t Channels>
using Block = Graph<In<"x">, In<"t">, Node<"around", Conv2D<Channels, 1>, "x">,
                    Node<"seen", Sequential<Conv2D<Channels, 3, padding<1>>, GroupNorm<2>>, "x">,
                    Node<"scale", Sequential<Dense<Channels>, Map<x + 1>>, "t">, Node<"shift", Dense<Channels>, "t">,
                    Node<"modulated", FiLM, "seen", "scale", "shift">,
                    Node<"through", Sequential<SiLU, Conv2D<Channels, 3, padding<1>>>>,
                    Node<"y", Add<>, "through", "around">, Out<"y">>;
template <std::size_t Channels, std::size_t Side>
using Attend = Residual<GroupNorm<2>, Reshape<Channels, Side * Side>, Permute<1, 0>, MultiheadAttention<2>,
                        Permute<1, 0>, Reshape<Channels, Side, Side>>;
using UNetTold = Graph<In<"noisy", 1, 4, 4>, In<"time", 1>, In<"label", 2>, Node<"when", Dense<3>, "time">,
                       Node<"what", Dense<3>, "label">, Node<"both", Add<>, "when", "what">, Node<"t", SiLU>,
                       Node<"outer", Block<4>, "noisy", "t">, Node<"smaller", AvgPool2D<2>, "outer">,
                       Node<"bottom", Block<4>, "smaller", "t">, Node<"attended", Attend<4, 2>, "bottom">,
                       Node<"larger", Upsample<2>, "attended">, Node<"skip", Concat<>, "outer", "larger">,
                       Node<"up", Block<4>, "skip", "t">, Node<"prediction", Conv2D<1, 1>, "up">, Out<"prediction">>;

/// Of examples/conditional_vae.cpp.
using Decoder = Graph<In<"code", 2>, In<"label", 3>, Node<"both", Concat<>, "code", "label">,
                      Node<"drawn", Sequential<Dense<4>, SiLU, Dense<5>, Tanh>>, Out<"drawn">>;
using Vae = Graph<In<"image", 5>, In<"label", 3>, Node<"given", Concat<>, "image", "label">,
                  Node<"seen", Sequential<Dense<6>, SiLU>>, Node<"mean", Dense<2>, "seen">,
                  Node<"log_variance", Dense<2>, "seen">,
                  Node<"code", Map<in<"mean"> + exp(in<"log_variance"> / 2) * normal_noise>>,
                  Node<"decoder", Decoder, "code", "label">, Out<"decoder", "mean", "log_variance">>;

/// Of examples/dcgan.cpp.
using GeneratorNet = Sequential<Dense<3, 8>, Reshape<2, 2, 2>, BatchNorm2D<>, SiLU,
                                ConvTranspose2D<1, 4, stride<2>, padding<1>>, Tanh>;

using DiscriminatorNet = Sequential<Input<1, 4, 4>, Conv2D<2, 4, stride<2>, padding<1>>, LeakyReLU<0.2>, Flatten,
                                    Dense<1>>;

/// Of examples/autoencoder.cpp.
using Denoise = Graph<In<"image", 1, 4, 4>, Node<"noisy", Map<in<"image"> + 0.5 * normal_noise>>,
                      Node<"encoder", Sequential<Conv2D<3, 3, padding<1>>, ReLU, MaxPool2D<2>>>,
                      Node<"decoder", Sequential<Unpool2D<2>, Conv2D<1, 3, padding<1>>, Sigmoid>>, Out<"decoder">>;

/// Of examples/siamese.cpp.
using Tower = Sequential<Conv2D<2, 3>, ReLU, Flatten, Dense<3>>;
using Siamese = Graph<In<"a", 1, 4, 4>, In<"b", 1, 4, 4>, Node<"left", Tower, "a">, Node<"right", Shared<"left">, "b">,
                      Node<"alike", CosineSimilarity, "left", "right">, Out<"alike", "left">>;

/// Of examples/flow_matching.cpp.
using Flow = Graph<In<"noisy", 1, 2, 2>, In<"time", 1>, In<"label", 2>, Node<"when", Dense<3>, "time">,
                   Node<"what", Dense<3>, "label">, Node<"t", Add<>, "when", "what">,
                   Node<"begin", Sequential<Flatten, Dense<5>>, "noisy">,
                   Node<"seen", Sequential<LayerNorm<>, Dense<5>>, "begin">, Node<"shift", Dense<5>, "t">,
                   Node<"sum", Add<>, "seen", "shift">, Node<"y", Sequential<SiLU, Dense<5>>>,
                   Node<"all", Add<>, "begin", "y">, Node<"flow", Sequential<Dense<4>, Reshape<1, 2, 2>>>, Out<"flow">>;

std::vector<float> drawn(std::size_t count) {
  Stream random{1};
  std::vector<float> numbers(count);
  for (float& v : numbers) v = random.uniform<float>();
  return numbers;
}
Batch<float> batch_of(std::span<float> features, std::span<float> targets, std::size_t count) {
  return {.features = features, .labels = {}, .targets = targets, .count = count, .indices = {}};
}
/// What the second call takes from the heap.
template <class F>
std::size_t taken_when_steady(F step) {
  step();
  return test::heap_use(step).news;
}
template <class T>
void train_step(T& trainer, const Batch<float>& batch) {
  trainer.zero_grad();
  trainer.forward(batch);
  trainer.loss();
  trainer.backward();
  trainer.step();
}
/// The same of steps on data whose columns are found by their names.
template <class T>
std::size_t taken_by_steps(T& trainer, const Dataset<float>& data) {
  DataLoader<float> loader{data, data.size(), 1};
  Batch<float> batch;
  std::uint64_t epoch = 0;
  return taken_when_steady([&] {
    loader.start_epoch(epoch++);
    loader.next(batch);
    train_step(trainer, batch);
  });
}

}  // namespace

TEST_CASE("networks that draw have the gradients of differences") {
  check_gradients<UNetTold>();
  check_gradients<Vae>();
  check_gradients<GeneratorNet>();
  check_gradients<DiscriminatorNet>();
  check_gradients<Denoise>();
  check_gradients<Siamese>();
  check_gradients<Flow>();
  check_gradients<Tangent<Sequential<Dense<4, 3>, Tanh, Dense<1>>>>();
}

TEST_CASE("a steady step of a U-Net of image and time takes nothing from the heap, and learns") {
  Model<UNetTold> model{1};
  Trainer trainer{model, MeanSquaredError{}, Adam{.lr = 1e-2}, 8};
  std::vector<float> features(8 * 19), targets(8 * 16);
  Stream random{1};
  for (float& v : features) v = random.normal<float>();
  for (float& v : targets) v = random.normal<float>();
  const Batch<float> batch = batch_of(features, targets, 8);
  double loss = 0;
  const auto step = [&] {
    trainer.zero_grad();
    trainer.forward(batch);
    loss = trainer.loss();
    trainer.backward();
    trainer.step();
  };
  step();
  const double first = loss;
  CHECK(test::heap_use(step).news == 0);
  for (int k = 0; k < 100; ++k) step();
  CHECK(loss < 0.5 * first);
}

TEST_CASE("a steady step of every other network that draws or compares takes nothing from the heap") {
  constexpr std::size_t n = 8;
  constexpr auto divergence = -0.5 * sum(1 + in<"log_variance"> - square(in<"mean">) - exp(in<"log_variance">));
  std::vector<float> given = drawn(n * 32), wanted = drawn(n * 16);

  Model<Vae> vae{1};
  const auto elbo = on<"decoder", "image">(MeanSquaredError{.reduction = Reduction::batchmean}) +
                    2.0 * FormulaLoss<divergence>{};
  const Dataset<float> images_and_times{Features<float>{"image", {5}, {given.begin(), given.begin() + n * 5}},
                                        Features<float>{"label", {3}, {given.begin(), given.begin() + n * 3}}};
  Trainer learning{vae, elbo, Adam{}, n};
  CHECK(taken_by_steps(learning, images_and_times) == 0);

  Model<Denoise> denoise{1};
  Trainer cleaning{denoise, MeanSquaredError{}, Adam{}, n};
  CHECK(taken_when_steady([&] { train_step(cleaning, batch_of({given.data(), n * 16}, wanted, n)); }) == 0);

  Model<Siamese> siamese{1};
  Trainer comparing{siamese, on<"alike">(MeanSquaredError{}), Adam{}, n};
  const std::vector<float> left(given.begin(), given.begin() + n * 16), right(given.rbegin(), given.rbegin() + n * 16);
  const Dataset<float> pairs{Features<float>{"a", {1, 4, 4}, left}, Features<float>{"b", {1, 4, 4}, right},
                             Targets<float>{{wanted.begin(), wanted.begin() + n}, 1}.named("alike")};
  CHECK(taken_by_steps(comparing, pairs) == 0);

  Model<Flow> flow{1};
  Trainer flowing{flow, MeanSquaredError{}, Adam{}, n};
  CHECK(taken_when_steady([&] {
          train_step(flowing, batch_of({given.data(), n * 7}, {wanted.data(), n * 4}, n));
        }) == 0);
}

TEST_CASE("a steady step of two networks against each other takes nothing from the heap") {
  constexpr std::size_t n = 8;
  Model<GeneratorNet> generator{1};
  Model<DiscriminatorNet> discriminator{1};
  EMA shown{generator, 0.9};
  Trainer generator_trainer{generator, MeanSquaredError{}, Adam{}, n};
  Trainer discriminator_trainer{discriminator, BinaryCrossEntropy<from_logits>{}, Adam{}, n};
  discriminator_trainer.want_input_gradient();
  GradientPenalty smooth{discriminator, n};
  std::vector<float> codes = drawn(n * 3), judgements(n, 0.9F), generated(n * 16);
  const std::vector<float> before(generator.parameters().span().begin(), generator.parameters().span().end());
  CHECK(taken_when_steady([&] {
          const Rows<const float> made = generator_trainer.forward(codes);
          for (std::size_t i = 0; i < n; ++i) std::copy_n(made[i], 16, generated.data() + 16 * i);
          discriminator_trainer.zero_grad();
          discriminator_trainer.forward(batch_of(generated, judgements, n));
          discriminator_trainer.loss();
          discriminator_trainer.backward();
          smooth.add_squared(discriminator_trainer, generated, 0.5);
          discriminator_trainer.step();
          generator_trainer.zero_grad();
          generator_trainer.backward(discriminator_trainer.input_gradient());
          generator_trainer.step();
          shown.move(generator, 0.1);
        }) == 0);
  CHECK_FALSE(std::ranges::equal(before, generator.parameters().span()));
}
