// The networks of the generative examples, small: gradients are those of differences, and a steady step takes nothing.
#include <tenon/networks/tangent.hpp>
#include <tenon/tenon.hpp>

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
using Forger = Sequential<Dense<3, 8>, Reshape<2, 2, 2>, BatchNorm2D<>, SiLU,
                          ConvTranspose2D<1, 4, stride<2>, padding<1>>, Tanh>;

}  // namespace

TEST_CASE("networks that draw have the gradients of differences") {
  check_gradients<UNetTold>();
  check_gradients<Vae>();
  check_gradients<Forger>();
  check_gradients<Tangent<Sequential<Dense<4, 3>, Tanh, Dense<1>>>>();
}

TEST_CASE("a steady step of a U-Net that is told the time takes nothing from the heap, and learns") {
  Model<UNetTold> model{1};
  Trainer trainer{model, MeanSquaredError{}, Adam{.lr = 1e-2}, 8};
  std::vector<float> features(8 * 19), targets(8 * 16);
  Stream random{1};
  for (float& v : features) v = random.normal<float>();
  for (float& v : targets) v = random.normal<float>();
  const Batch<float> batch{.features = features, .labels = {}, .targets = targets, .count = 8, .indices = {}};
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
