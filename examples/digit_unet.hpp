#pragma once

// The network of diffusion_mnist.cpp: a U-Net of 28 x 28 pixels whose every block is told step and digit, with
// attention over the 49 places at the bottom. 0.66 million parameters.

#include <tenon/tenon.hpp>

#include <cstddef>

namespace digit_unet {

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
static_assert(parameter_count<Net> == 659'873);

}  // namespace digit_unet
