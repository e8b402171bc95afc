// The networks of the generative examples, small: gradients are those of differences, and a steady step takes nothing.
#include <tenon/generative/diffusion.hpp>
#include <tenon/networks/tangent.hpp>
#include <tenon/tenon.hpp>
#include <tenon/train/gradient_penalty.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>
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

/// The same tower, for the losses of triples and of pairs.
using Triple = Graph<In<"a", 1, 4, 4>, In<"b", 1, 4, 4>, In<"c", 1, 4, 4>, Node<"anchor", Tower, "a">,
                     Node<"same", Shared<"anchor">, "b">, Node<"other", Shared<"anchor">, "c">,
                     Node<"alike", CosineSimilarity, "anchor", "same">, Node<"distance", Map<1 - x>, "alike">,
                     Out<"anchor", "same", "other", "distance">>;

/// Of examples/autoencoder.cpp, the one of a small code.
using Squeeze = Sequential<Named<"encoder", Sequential<Dense<16, 8>, ReLU, Dense<2>>>,
                           Named<"decoder", Sequential<Dense<8>, ReLU, Dense<16>, Sigmoid>>>;

/// Of examples/two_inputs.cpp.
using TwoTasks = Graph<In<"image", 1, 4, 4>, In<"table", 2>,
                       Node<"seen", Sequential<Conv2D<2, 3>, ReLU, Flatten, Dense<4>>, "image">,
                       Node<"both", Concat<>, "seen", "table">,
                       Node<"digit", Sequential<Dense<6>, ReLU, Dropout<0.2>, Dense<3>, Softmax>, "both">,
                       Node<"price", Dense<1>, "both">, Out<"digit", "price">>;

/// Of examples/adversarial.cpp.
using Classifier = Sequential<Dense<16, 8>, ReLU, Dense<3>, Softmax>;

/// Of examples/gan.cpp and examples/wgan.cpp.
using Drawer = Sequential<Dense<6, 8>, LayerNorm<>, ReLU, Dense<16>, Tanh>;
using Judge = Sequential<Dense<16, 8>, LeakyReLU<0.2>, Dropout<0.3>, Dense<1>, Sigmoid>;
using Critic = Sequential<Dense<16, 8>, LeakyReLU<0.2>, Dense<1>>;

/// Of examples/policy_gradient.cpp and examples/deep_q_network.cpp.
using Policy = Sequential<Dense<4, 8>, Tanh, Dense<2>, Softmax>;
using Worth = Sequential<Dense<6, 8>, ReLU, Dense<8>, ReLU, Dense<4>>;

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
/// A steady step takes nothing from the heap, and changes the network.
template <class M, class F>
void check_steady(const M& model, F step) {
  step();
  const std::vector<float> before(model.parameters().span().begin(), model.parameters().span().end());
  CHECK(test::heap_use(step).news == 0);
  CHECK_FALSE(std::ranges::equal(before, model.parameters().span()));
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
  check_gradients<Triple>();
  check_gradients<TwoTasks>();
  check_gradients<Tangent<Sequential<Dense<4, 3>, Tanh, Dense<1>>>>();
}

TEST_CASE("a steady step of a U-Net of image and time takes nothing from the heap, and learns") {
  Model<UNetTold> model{1};
  Trainer trainer{model, MeanSquaredError{}, Adam{.lr = 1e-2}, 8};
  std::vector<float> given(8 * 19), targets(8 * 16);
  Stream random{1};
  for (float& v : given) v = random.normal<float>();
  for (float& v : targets) v = random.normal<float>();
  const Batch<float> batch = batch_of(given, targets, 8);
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

TEST_CASE("a steady step of a GAN that is told what to draw takes nothing from the heap") {
  constexpr std::size_t n = 8, pixels = 16;
  Model<Drawer> generator{1};
  Model<Judge> judge{1};
  Trainer drawing{generator, MeanSquaredError{}, Adam{}, n};
  Trainer judging{judge, BinaryCrossEntropy{}, Adam{}, 2 * n};
  judging.want_input_gradient();
  std::vector<float> codes = drawn(n * 6), rows = drawn(2 * n * pixels), answers(2 * n, 0.9F), wanted(n, 1.F);
  std::fill_n(answers.begin() + n, n, 0.F);
  const std::span<float> generated = std::span(rows).last(n * pixels);
  check_steady(generator, [&] {
    const Rows<const float> made = drawing.forward(codes);
    std::copy_n(made[0], generated.size(), generated.begin());
    train_step(judging, batch_of(rows, answers, 2 * n));
    judging.zero_grad();
    judging.forward(batch_of(generated, wanted, n));
    judging.backward();
    drawing.zero_grad();
    drawing.backward(judging.input_gradient());
    drawing.step();
  });
}

TEST_CASE("a steady step of a critic, its slope penalised and its weights cut, takes nothing from the heap") {
  constexpr std::size_t n = 8, pixels = 16;
  Model<Critic> critic{1};
  Trainer measuring{critic, MeanSquaredError{}, Adam{.beta1 = 0}, 2 * n};
  GradientPenalty smooth{critic, n};
  std::vector<float> rows = drawn(2 * n * pixels), slopes(2 * n, -1.F / n), between(n * pixels);
  std::fill_n(slopes.begin() + n, n, 1.F / n);
  Stream random{1};
  check_steady(critic, [&] {
    measuring.zero_grad();
    measuring.forward(rows);
    measuring.backward(slopes);
    for (std::size_t j = 0; j < between.size(); ++j)
      between[j] = std::lerp(rows[j], rows[n * pixels + j], random.uniform<float>());
    smooth.add(measuring, between, 10);
    measuring.step();
    for (float& w : critic.parameters().span()) w = std::clamp(w, -0.3F, 0.3F);
  });
}

TEST_CASE("a steady step on noise that a callback draws takes nothing from the heap") {
  constexpr std::size_t n = 8;
  struct Run {
    struct {
      std::uint64_t seed = 1;
    } how;
    std::uint64_t number = 0;
    const auto& settings() const { return how; }
    std::uint64_t epoch() const { return number; }
  };
  const auto check = [&]<class Net>(std::type_identity<Net>, std::size_t side, const Diffusion& diffusion) {
    const std::vector<std::int32_t> labels(n, 1);
    const Dataset<float> images{{1, side, side}, drawn(n * side * side), Labels{labels, 2}};
    const Dataset<float> columns = diffusion.columns(images);
    Model<Net> model{1};
    EMA average{model, 0.9};
    Trainer trainer{model, MeanSquaredError{}, Adam{}, n};
    DataLoader<float> loader{columns, n, 1};
    Batch<float> batch;
    Run run;
    check_steady(model, [&] {
      loader.start_epoch(++run.number);
      loader.next(batch);
      diffusion.on_batch(run, batch);
      train_step(trainer, batch);
      average.move(model, 0.1);
    });
  };
  check(std::type_identity<UNetTold>{}, 4, {.schedule = NoiseSchedule::cosine(10), .drop_label = 0.1});
  check(std::type_identity<Flow>{}, 2, {.schedule = NoiseSchedule::flow(10), .predicts = Predicts::flow});
}

TEST_CASE("a steady step of codes, triples, two tasks and attacked samples takes nothing from the heap") {
  constexpr std::size_t n = 8;
  std::vector<float> given = drawn(n * 48);
  const auto images = [&](const char* name, std::size_t first) {
    const auto rows = std::span(given).subspan(16 * n * first, 16 * n);
    return Features<float>{name, {1, 4, 4}, {rows.begin(), rows.end()}};
  };

  Model<Squeeze> squeeze{1};
  Trainer squeezing{squeeze, MeanSquaredError{}, Adam{}, n};
  check_steady(squeeze, [&] { train_step(squeezing, batch_of(std::span(given).first(n * 16), {}, n)); });

  Model<Triple> triple{1};
  const auto apart = TripletLoss<"anchor", "same", "other", 0.5>{} + InfoNCE<"anchor", "same">{} +
                     on<"distance", "alike">(ContrastiveLoss{});
  const Dataset<float> triples{images("a", 0), images("b", 1), images("c", 2),
                               Targets<float>{std::vector<float>(n, 1.F), 1}.named("alike")};
  Trainer comparing{triple, apart, Adam{}, n};
  CHECK(taken_by_steps(comparing, triples) == 0);

  Model<TwoTasks> both{1};
  const std::vector<std::int32_t> digits{0, 1, 2, 0, 1, 2, 0, 1};
  const Dataset<float> tasks{images("image", 0), Features<float>{"table", {2}, drawn(n * 2)},
                             Labels{digits, 3}.named("digit"), Targets<float>{drawn(n), 1}.named("price")};
  Trainer learning{both, on<"digit">(CrossEntropy{}) + 0.5 * on<"price">(MeanSquaredError{}), Adam{}, n};
  CHECK(taken_by_steps(learning, tasks) == 0);

  Model<Classifier> classifier{1};
  Trainer attacking{classifier, CrossEntropy{}, SGD{}, n};
  attacking.want_input_gradient();
  Trainer defending{classifier, CrossEntropy{}, Adam{}, n};
  Batch<float> batch{
      .features = std::span(given).first(n * 16), .labels = digits, .targets = {}, .count = n, .indices = {}};
  check_steady(classifier, [&] {
    attacking.zero_grad();
    attacking.forward(batch);
    attacking.backward();
    const Rows<const float> slope = attacking.input_gradient();
    for (std::size_t j = 0; j < n / 2 * 16; ++j) batch.features[j] += slope[0][j] > 0 ? 0.1F : -0.1F;
    train_step(defending, batch);
  });
}

TEST_CASE("a steady step of learning by trying takes nothing from the heap") {
  constexpr std::size_t n = 8;
  Model<Policy> policy{1};
  Trainer trying{policy, CrossEntropy{.reduction = Reduction::sum}, Adam{}, n};
  std::vector<float> states = drawn(n * 4), worth = drawn(n), likely(2);
  for (float& w : worth) w -= 0.5F;
  const std::vector<std::int32_t> actions{0, 1, 1, 0, 1, 0, 0, 1};
  check_steady(policy, [&] {
    for (const std::size_t count : {n, n / 2, n - 1}) {  // attempts are of different lengths
      policy.predict(std::span(states).first(4), likely);
      trying.set_lr(0.1 * static_cast<double>(likely[0]));
      trying.zero_grad();
      trying.forward(Batch<float>{.features = std::span(states).first(count * 4),
                                  .labels = std::span(actions).first(count),
                                  .targets = {},
                                  .count = count,
                                  .indices = {},
                                  .weights = std::span(worth).first(count)});
      trying.loss();
      trying.backward();
      trying.step();
    }
  });

  Model<Worth> model{1}, believed = model;
  Trainer trainer{model, MeanSquaredError{}, Adam{}, n};
  const std::vector<float> before = drawn(n * 6), after(before.rbegin(), before.rend());
  std::vector<float> next(n * 4), gradient(n * 4);
  check_steady(model, [&] {
    believed.predict(after, next);
    trainer.zero_grad();
    const Rows<const float> predicted = trainer.forward(before);
    std::ranges::fill(gradient, 0.F);
    for (std::size_t i = 0; i < n; ++i) {
      const float worth_of_next = 0.9F * *std::max_element(next.data() + 4 * i, next.data() + 4 * (i + 1));
      gradient[4 * i + i % 4] = std::clamp(predicted[i][i % 4] - worth_of_next, -1.F, 1.F) / n;
    }
    trainer.backward(gradient);
    trainer.step();
  });
}
