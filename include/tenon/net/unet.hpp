#pragma once

#include <tenon/layers/identity.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/sequential.hpp>

namespace tenon {

/// One level of a U: what the encoder does on the way down, how it goes a level deeper and comes up again, and what the
/// decoder does with both.
template <class Encoder, class Down, class Up, class Decoder>
struct Level;

namespace detail {

template <class... Part>
struct u_net;
template <class Bottom>
struct u_net<Bottom> {
  using type = Bottom;
};
template <class Encoder, class Down, class Up, class Decoder, class... Deeper>
struct u_net<Level<Encoder, Down, Up, Decoder>, Deeper...> {
  using across = Concat<Named<"skip", Identity>, Named<"below", Sequential<Named<"down", Down>, Named<"inner", typename u_net<Deeper...>::type>, Named<"up", Up>>>>;
  using type = Sequential<Named<"encoder", Encoder>, Named<"across", across>, Named<"decoder", Decoder>>;
};

}  // namespace detail

/// A U-Net (Ronneberger et al. 2015): levels from the outermost in, and the bottom. What a level's encoder gives goes
/// down, and also across to its own decoder, which is given both, joined along the channels. Heights and widths have
/// to meet there: a level whose `Up` does not undo its `Down` does not compile.
///
///     using Net = Sequential<Input<1, 28, 28>,
///                            UNet<Level<Convs<16>, MaxPool2D<2>, Upsample<2>, Convs<16>>,
///                                 Level<Convs<32>, MaxPool2D<2>, Upsample<2>, Convs<32>>,
///                                 Convs<64>>,
///                            Conv2D<1, 1>>;
///
/// Parameters: encoder.*, across.below.down.*, across.below.inner.* (the next level), across.below.up.*, decoder.*.
template <class... Part>
using UNet = typename detail::u_net<Part...>::type;

}  // namespace tenon
