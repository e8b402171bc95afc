#pragma once

// The network of diffusion_mnist.cpp: a U-Net of 28 x 28 pixels whose every block is given step and digit, with
// attention over the 49 places at the bottom.

#include <tenon/tenon.hpp>

#include <cstddef>

namespace digit_unet {

using namespace tenon;

constexpr std::size_t condition = 64;  // numbers that say step and digit

/// Two convolutions and a way around them; step and digit give the scale and the shift of each channel of the first.
template <std::size_t Channels>
using Block = Graph<In<"x">, In<"t">, Node<"around", Conv2D<Channels, 1>, "x">,
                    Node<"seen", Sequential<Conv2D<Channels, 3, padding<1>>, GroupNorm<8>>, "x">,
                    Node<"scale", Sequential<Dense<Channels>, Map<x + 1>>, "t">, Node<"shift", Dense<Channels>, "t">,
                    Node<"modulated", FiLM, "seen", "scale", "shift">,
                    Node<"through", Sequential<SiLU, Conv2D<Channels, 3, padding<1>>>>,
                    Node<"y", Add<>, "through", "around">, Out<"y">>;
/// Every place looks at every other.
template <std::size_t Channels, std::size_t Side>
using Attend = Residual<GroupNorm<8>, Reshape<Channels, Side * Side>, Permute<1, 0>, MultiheadAttention<4>,
                        Permute<1, 0>, Reshape<Channels, Side, Side>>;

/// A number from 0 to 1 by waves of many frequencies (Tancik et al. 2020), so that a little more noise can matter much.
using Waves = Sequential<Dense<64, init<Normal<0, 10>>, bias_init<Uniform<-3, 3>>>, Map<sin(x)>>;

/// The image is halved by the first convolution, and only the last one gives it back its size.
using Net = Graph<In<"noisy", 1, 28, 28>, In<"time", 1>, In<"label", 10>,
                  Node<"when", Sequential<Waves, Dense<condition>, SiLU, Dense<condition>>, "time">,
                  Node<"what", Dense<condition>, "label">, Node<"both", Add<>, "when", "what">, Node<"t", SiLU>,
                  Node<"stem", Conv2D<48, 4, stride<2>, padding<1>>, "noisy">, Node<"outer", Block<48>, "stem", "t">,
                  Node<"smaller", MaxPool2D<2>, "outer">, Node<"inner", Block<96>, "smaller", "t">,
                  Node<"attended", Attend<96, 7>, "inner">, Node<"under", Block<96>, "attended", "t">,
                  Node<"larger", Upsample<2>, "under">, Node<"skip", Concat<>, "outer", "larger">,
                  Node<"up", Block<48>, "skip", "t">, Node<"seen", Sequential<GroupNorm<8>, SiLU>>,
                  Node<"prediction", ConvTranspose2D<1, 4, stride<2>, padding<1>>>, Out<"prediction">>;
static_assert(parameter_count<Net> <= 1'500'000);

}  // namespace digit_unet
