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
#include <tenon/net/add.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/repeat.hpp>
#include <tenon/net/residual.hpp>
#include <tenon/net/sequential.hpp>
#include <tenon/type_list.hpp>

namespace tenon {

namespace detail {

/// A bound of activations becomes part of the layer before it in int8: rounding comes after it.
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

/// Element L of a chain in which Next is the one behind it.
template <class L, class Next>
struct quantization_aware {
  using type = L;
};
template <class L, class Next>
using aware = typename quantization_aware<L, Next>::type;

/// Keeps the names of its parameters.
template <class L, class Next>
using aware_weights = std::conditional_t<bounds_activation<Next>, FakeQuantized<L>, Sequential<Inline<FakeQuantized<L>>, FakeQuantize>>;

template <auto... A, class Next>
struct quantization_aware<Dense<A...>, Next> {
  using type = aware_weights<Dense<A...>, Next>;
};
template <auto... A, class Next>
struct quantization_aware<Conv2D<A...>, Next> {
  using type = aware_weights<Conv2D<A...>, Next>;
};
template <auto... A, class Next>
struct quantization_aware<Conv1D<A...>, Next> {
  using type = aware_weights<Conv1D<A...>, Next>;
};
template <class L, class Next>
  requires(bounds_activation<L> && requires { typename L::formula; })
struct quantization_aware<L, Next> {
  using type = Sequential<L, FakeQuantize>;
};
template <fixed_string Name, class L, class Next>
struct quantization_aware<Named<Name, L>, Next> {
  using type = Named<Name, aware<L, Next>>;
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

template <template <class...> class Composition, class List>
struct made_of;
template <template <class...> class Composition, class... L>
struct made_of<Composition, list<L...>> {
  using type = Composition<L...>;
};

template <class... L, class Next>
struct quantization_aware<Sequential<L...>, Next> {
  using type = typename made_of<Sequential, typename aware_chain<list<>, L...>::type>::type;
};
/// A sum is rounded once more.
template <class... L, class Next>
struct quantization_aware<Residual<L...>, Next> {
  using whole = typename made_of<Residual, typename aware_chain<list<>, L...>::type>::type;
  using type = std::conditional_t<bounds_activation<Next>, whole, Sequential<Inline<whole>, FakeQuantize>>;
};
template <class... L, class Next>
struct quantization_aware<Add<L...>, Next> {
  using whole = Add<aware<L, void>...>;
  using type = std::conditional_t<bounds_activation<Next>, whole, Sequential<Inline<whole>, FakeQuantize>>;
};
template <std::size_t N, class Block, class Next>
struct quantization_aware<Repeat<N, Block>, Next> {
  using type = Repeat<N, aware<Block, void>>;
};

/// The whole network: what it is given is rounded too.
template <class Net>
struct aware_network {
  using type = Sequential<FakeQuantize, aware<Net, void>>;
};
template <class... L>
struct aware_network<Sequential<L...>> {
  using chain = typename aware_chain<list<>, L...>::type;
  template <class List>
  struct with_input;
  template <class First, class... Rest>
  struct with_input<list<First, Rest...>> {
    using type = Sequential<Sequential<FakeQuantize, Inline<First>>, Rest...>;
  };
  template <std::size_t... D, class First, class... Rest>
  struct with_input<list<Input<D...>, First, Rest...>> {
    using type = Sequential<Input<D...>, Sequential<FakeQuantize, Inline<First>>, Rest...>;
  };
  using type = typename with_input<chain>::type;
};

}  // namespace detail

/// The network as it is trained where it will run in int8 (Jacob et al. 2018): weights of Dense and convolutions, what
/// layers give and what the network is given are rounded as Quantized rounds them, and gradients pass straight through.
/// A BatchNorm should be folded first (`fold(model)`). Parameters have the names they have in Net, so that the trained ones are copied into it and quantised:
///
///     Model<QuantizationAware<Net>> aware{seed};
///     copy_parameters(model, aware);                    // train in float first, then some epochs so
///     fit(aware, train, Fit{.optimizer = Adam{.lr = 1e-4}, .epochs = 3});
///     copy_parameters(aware, model);
///     const auto numbers = quantize(model, calibration);
template <class Net>
using QuantizationAware = typename detail::aware_network<Net>::type;

}  // namespace tenon
