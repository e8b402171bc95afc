#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/fake_quantize.hpp>
#include <tenon/layers/fake_quantized.hpp>
#include <tenon/layers/hard_tanh.hpp>
#include <tenon/layers/input.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/relu6.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/sequential.hpp>
#include <tenon/shape.hpp>
#include <tenon/type_list.hpp>

namespace tenon {

namespace detail {

/// Layers that only bound what they are given: in int8 they are part of the layer before, so rounding comes after them.
template <class L>
inline constexpr bool bounds_activation = false;
template <>
inline constexpr bool bounds_activation<ReLU> = true;
template <>
inline constexpr bool bounds_activation<ReLU6> = true;
template <auto... A>
inline constexpr bool bounds_activation<HardTanh<A...>> = true;
template <fixed_string Name, class L>
inline constexpr bool bounds_activation<Named<Name, L>> = bounds_activation<L>;

/// What element L of a chain becomes, with Next behind it in the chain.
template <class L, class Next, Structure What = structure_of<L>>
struct quantization_aware;
template <class L, class Next>
using aware = typename quantization_aware<L, Next>::type;

/// A layer with weights in int8. Its parameters keep their names.
template <class L, class Next>
using aware_weights = std::conditional_t<bounds_activation<Next>, FakeQuantized<L>,
                                         Sequential<Inline<FakeQuantized<L>>, FakeQuantize>>;

template <class L>
inline constexpr bool has_int8_weights = false;
template <auto... A>
inline constexpr bool has_int8_weights<Dense<A...>> = true;
template <auto... A>
inline constexpr bool has_int8_weights<Conv2D<A...>> = true;
template <auto... A>
inline constexpr bool has_int8_weights<Conv1D<A...>> = true;

template <class L, class Next>
struct quantization_aware<L, Next, Structure::leaf> {
  static constexpr auto judge() {
    if constexpr (has_int8_weights<L>) return std::type_identity<aware_weights<L, Next>>{};
    else if constexpr (bounds_activation<L>) return std::type_identity<Sequential<L, FakeQuantize>>{};
    else return std::type_identity<L>{};
  }
  using type = typename decltype(judge())::type;
};

template <class Done, class... L>
struct aware_chain {
  using type = Done;
};
template <class Done, class L>
struct aware_chain<Done, L> {
  using type = append<Done, aware<L, void>>;
};
template <class Done, class L, class Next, class... Rest>
struct aware_chain<Done, L, Next, Rest...> : aware_chain<append<Done, aware<L, Next>>, Next, Rest...> {};

template <class Next, class L, class... Part>
constexpr auto aware_composition(list<Part...>) {
  constexpr Structure what = structure_of<L>;
  if constexpr (what == Structure::named) {
    return std::type_identity<remake<L, list<aware<Part, Next>...>>>{};
  } else {
    using parts = typename std::conditional_t<is_chain_like(what), aware_chain<list<>, Part...>,
                                              std::type_identity<list<aware<Part, void>...>>>::type;
    using whole = remake<L, parts>;
    // a sum is rounded once more
    constexpr bool sums = what == Structure::residual || what == Structure::sum;
    return std::type_identity<
        std::conditional_t<sums && !bounds_activation<Next>, Sequential<Inline<whole>, FakeQuantize>, whole>>{};
  }
}
template <class L, class Next, Structure What>
struct quantization_aware {
  using type = typename decltype(aware_composition<Next, L>(parts_of<L>{}))::type;
};

/// A chain with rounded inputs. What it states as its input goes in front: FakeQuantize takes anything.
template <class Stated, class Chain>
struct with_rounded_input;
template <class Stated, class First, class... Rest>
struct with_rounded_input<Stated, list<First, Rest...>> {
  using type = Sequential<Sequential<FakeQuantize, Inline<First>>, Rest...>;
};
template <size_t... D, class First, class... Rest>
struct with_rounded_input<Shape<D...>, list<First, Rest...>> {
  using type = Sequential<Input<D...>, Sequential<FakeQuantize, Inline<First>>, Rest...>;
};
template <size_t... D, size_t... Same, class First, class... Rest>
struct with_rounded_input<Shape<D...>, list<Input<Same...>, First, Rest...>>
    : with_rounded_input<Shape<D...>, list<First, Rest...>> {};

/// The whole network: what it is given is rounded too.
template <class Net>
struct aware_network {
  using type = Sequential<FakeQuantize, aware<Net, void>>;
};
template <class... L>
struct aware_network<Sequential<L...>>
    : with_rounded_input<typename declared_input<Sequential<L...>>::type, typename aware_chain<list<>, L...>::type> {};

}  // namespace detail

/// The network as it is trained where it will run in int8 (Jacob et al. 2018): weights of Dense and convolutions, what
/// layers give and what the network is given are rounded as Quantized rounds them, and gradients pass straight through.
/// A BatchNorm should be folded first (`fold(model)`). Parameters have the names they have in Net, so that the trained
/// ones are copied into it and quantised:
///
///     Model<QuantizationAware<Net>> aware{seed};
///     copy_parameters(model, aware);                    // train in float first, then some epochs so
///     fit(aware, train, Fit{.optimizer = Adam{.lr = 1e-4}, .epochs = 3});
///     copy_parameters(aware, model);
///     const auto numbers = quantize(model, calibration);
template <class Net>
using QuantizationAware = typename detail::aware_network<Net>::type;

}  // namespace tenon
