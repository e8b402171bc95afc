#pragma once

#include <tenon/layers/identity.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/sequential.hpp>
#include <tenon/networks/dense_block.hpp>

namespace tenon {

/// One level of a U: what the encoder does on the way down, how it goes a level deeper and comes up again, and what the
/// decoder does with both.
template <class... EncoderDownUpDecoder>
struct Level;

/// What a UNet has to be made of, for the error where it is not.
struct a_bottom_behind_the_levels;
struct encoder_and_down_and_up_and_decoder;

namespace detail {

/// A level around what is inside it, another level or the bottom.
template <class Encoder, class Down, class Inner, class Up, class Decoder>
struct UNetLevel;

/// The level and its pieces as a chain of chains, by whose names they are known.
template <class Level>
struct level_words;
template <class Encoder, class Down, class Inner, class Up, class Decoder>
struct level_words<UNetLevel<Encoder, Down, Inner, Up, Decoder>> {
  using encoder = Named<"encoder", Encoder>;
  using skip = Named<"skip", Identity>;
  using down = Named<"down", Down>;
  using inner = Named<"inner", Inner>;
  using up = Named<"up", Up>;
  using decoder = Named<"decoder", Decoder>;
  using below = Named<"below", Sequential<down, inner, up>>;
  using joined = Concat<skip, below>;
  using across = Named<"across", joined>;
  using chain = Sequential<encoder, across, decoder>;
};

template <fixed_string... Name>
using steps_to = path<Name...>;

/// What stands inside a level, given `Given` as value X of the graph by From, with `Next` as the number of its first
/// own value. The bottom and the ways to it and from it are one chain, whose neighbours fuse.
template <class Level, class Inner, class Given, class From, size_t X, size_t Next>
struct level_below : bind_at<unnamed<typename level_words<Level>::below>, Given, steps_to<"across", "below">, From> {
  using nodes = list<NodeAt<typename level_below::bound, X>>;
};

/// A level given In as value X.
template <class Level, class In, size_t X, size_t Next>
struct bind_level {
  using words = level_words<Level>;
  using encoder = bind_at<unnamed<typename words::encoder>, In, steps_to<"encoder">, from_input>;
  using below = level_below<Level, unnamed<typename words::inner>, typename encoder::output, typename encoder::last,
                            Next, Next + 1>;
  static constexpr size_t last_below = Next + below::nodes::size;
  using joined_output = joined_shape<typename encoder::output, typename below::output>;
  using across = from_layer<steps_to<"across">, typename words::joined>;
  using decoder = bind_at<unnamed<typename words::decoder>, joined_output, steps_to<"decoder">, across>;
  using output = typename decoder::output;
  using last = typename decoder::last;
  using nodes = join<
      list<NodeAt<typename encoder::bound, X>>, typename below::nodes,
      list<NodeAt<JoinOf<joined_output>, Next, last_below>, NodeAt<typename decoder::bound, last_below + 1>>>;

private:
  using wrong_join = shape_mismatch<layer<steps_to<"across">, typename words::joined>,
                                    takes<joinable_with<typename encoder::output>>, but_gets<typename below::output>,
                                    typename below::last>;

public:
  using mistakes = join<typename encoder::mistakes, typename below::mistakes,
                        std::conditional_t<ConcatenableShapes<typename encoder::output, typename below::output>, list<>,
                                           list<wrong_join>>,
                        typename decoder::mistakes>;

private:
  struct AcrossBinding {
    using bound = ShownElements<list<SkipBinding<typename encoder::output>, below>, typename words::skip,
                                typename words::below>;
    using output = joined_output;
  };

public:
  using bound = ShownElements<list<encoder, AcrossBinding, decoder>, typename words::encoder, typename words::across,
                              typename words::decoder>;
};

template <class Level, class... Inside, class Given, class From, size_t X, size_t Next>
struct level_below<Level, UNetLevel<Inside...>, Given, From, X, Next> {
  using words = level_words<Level>;
  using down = bind_at<unnamed<typename words::down>, Given, steps_to<"across", "below", "down">, From>;
  using inner = bind_level<UNetLevel<Inside...>, typename down::output, Next, Next + 1>;
  using inner_path = steps_to<"across", "below", "inner">;
  using inner_last = typename relocate_word<inner_path, typename down::last, typename inner::last>::type;
  using up = bind_at<unnamed<typename words::up>, typename inner::output, steps_to<"across", "below", "up">,
                     inner_last>;
  using output = typename up::output;
  using last = typename up::last;
  using mistakes = join<typename down::mistakes, relocate<inner_path, typename down::last, typename inner::mistakes>,
                        typename up::mistakes>;
  using nodes = join<list<NodeAt<typename down::bound, X>>, typename inner::nodes,
                     list<NodeAt<typename up::bound, Next + inner::nodes::size>>>;
  using bound = ShownElements<list<down, inner, up>, typename words::down, typename words::inner, typename words::up>;
};

template <class Level, class In, class Bound = bind_level<Level, In, 0, 1>>
struct BoundUNet : graph_of_nodes<In, typename Bound::output, typename Bound::nodes>::type, Bound::bound {
  using mistakes = typename Bound::mistakes;
  using last = typename Bound::last;
};

template <class Encoder, class Down, class Inner, class Up, class Decoder>
struct UNetLevel {
  template <class In>
  struct at : BoundUNet<UNetLevel, In> {};
};

/// A level remade of other parts (frozen ones, for instance), if these still are the parts of a level.
template <class... Part>
struct level_of {
  using type = Sequential<Part...>;
};
template <class Encoder, class Down, class Inner, class Up, class Decoder>
struct level_of<
    Named<"encoder", Encoder>,
    Named<"across", Concat<Named<"skip", Identity>,
                           Named<"below", Sequential<Named<"down", Down>, Named<"inner", Inner>, Named<"up", Up>>>>>,
    Named<"decoder", Decoder>> {
  using type = UNetLevel<Encoder, Down, Inner, Up, Decoder>;
};

/// Stands for a UNet of wrong parts: where it is bound, the error says what they should be.
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
  using type = UNetLevel<Encoder, Down, typename u_net<Next, Deeper...>::type, Up, Decoder>;
};

template <class... Part>
struct declared_input<UNetLevel<Part...>> : declared_input<typename level_words<UNetLevel<Part...>>::chain> {};

}  // namespace detail

template <class... Part>
struct composition<detail::UNetLevel<Part...>>
    : composition<typename detail::level_words<detail::UNetLevel<Part...>>::chain> {
  template <class... Other>
  using with = typename detail::level_of<Other...>::type;
};

/// A U-Net (Ronneberger et al. 2015): levels from the outermost in, and the bottom. What a level's encoder gives goes
/// down, and also across to its own decoder, which is given both, joined along the channels. Heights and widths have
/// to meet there: a level whose `Up` does not undo its `Down` does not compile.
///
///     template <size_t Channels>
///     using Convs = Sequential<Conv2D<Channels, 3, padding<1>>, ReLU>;
///     using Net = Sequential<Input<1, 28, 28>,
///                            UNet<Level<Convs<16>, MaxPool2D<2>, Upsample<2>, Convs<16>>,
///                                 Level<Convs<32>, MaxPool2D<2>, Upsample<2>, Convs<32>>,
///                                 Convs<64>>,
///                            Conv2D<1, 1>>;
///
/// All levels are one graph: an encoder writes where its decoder reads.
///
/// Parameters: encoder.*, across.below.down.*, across.below.inner.* (the next level), across.below.up.*, decoder.*.
template <class... Part>
using UNet = typename detail::u_net<Part...>::type;

}  // namespace tenon
