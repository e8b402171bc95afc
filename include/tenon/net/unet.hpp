#pragma once

#include <tenon/layers/identity.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/sequential.hpp>

namespace tenon {

/// One level of a U: what the encoder does on the way down, how it goes a level deeper and comes up again, and what the
/// decoder does with both.
template <class... EncoderDownUpDecoder>
struct Level;

/// What is missing in a UNet.
struct a_bottom_behind_the_levels;
struct encoder_and_down_and_up_and_decoder;

namespace detail {

/// Stands where the parts of a UNet are others than there should be.
template <class Takes, class... Part>
struct UNetOf {
  using invalid = Takes;
  template <class In>
  using at = Reshaping<In, In>;
};

template <class... Part>
struct u_net {
  using type = UNetOf<takes<a_bottom_behind_the_levels>, Part...>;
};
template <class Bottom>
struct u_net<Bottom> {
  using type = Bottom;
};
template <class... Part>
struct u_net<Level<Part...>> {
  using type = UNetOf<takes<a_bottom_behind_the_levels>, Level<Part...>>;
};
template <class... Part, class Next, class... Deeper>
struct u_net<Level<Part...>, Next, Deeper...> {
  using type = UNetOf<takes<encoder_and_down_and_up_and_decoder>, Level<Part...>>;
};
template <class Encoder, class Down, class Up, class Decoder, class Next, class... Deeper>
struct u_net<Level<Encoder, Down, Up, Decoder>, Next, Deeper...> {
  using across = Concat<
      Named<"skip", Identity>,
      Named<"below",
            Sequential<Named<"down", Down>, Named<"inner", typename u_net<Next, Deeper...>::type>, Named<"up", Up>>>>;
  using type = Sequential<Named<"encoder", Encoder>, Named<"across", across>, Named<"decoder", Decoder>>;
};

}  // namespace detail

/// A U-Net (Ronneberger et al. 2015): levels from the outermost in, and the bottom. What a level's encoder gives goes
/// down, and also across to its own decoder, which is given both, joined along the channels. Heights and widths have
/// to meet there: a level whose `Up` does not undo its `Down` does not compile.
///
///     template <std::size_t Channels>
///     using Convs = Sequential<Conv2D<Channels, 3, padding<1>>, ReLU>;
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
