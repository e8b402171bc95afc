#pragma once

#include <algorithm>
#include <type_traits>

#include <tenon/layers/options.hpp>
#include <tenon/net/chain.hpp>
#include <tenon/net/check.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/graph_names.hpp>
#include <tenon/net/graph_outputs.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/named.hpp>

namespace tenon {

namespace detail {

/// A bound chain that says how many bits the numbers between its layers have.
template <class Chain, unsigned Bits>
struct StoredChain : Chain {
  static constexpr unsigned activation_bits = Bits;
};
/// A bound network of several inputs that says so.
template <class Bound, unsigned Bits>
struct StoredInputs : Bound {
  static constexpr unsigned activation_bits = Bits;
};

template <class L, unsigned Bits, class In>
struct bind_stored {
  using type = BoundChain<In, StoredChain<typename bind_chain<EmptyChain<In>, Inline<L>>::type, Bits>>;
};
template <class L, unsigned Bits, class... S>
struct bind_stored<L, Bits, Inputs<S...>> {
  using type = StoredInputs<typename bind<unnamed<L>, Inputs<S...>>::type, Bits>;
};

template <class Option>
inline constexpr unsigned bits_of_option = 8;
template <auto N>
inline constexpr unsigned bits_of_option<option::ActivationBits<N>> = static_cast<unsigned>(N);
template <auto... Option>
inline constexpr unsigned stored_bits = std::max({8U, bits_of_option<std::remove_const_t<decltype(Option)>>...});

/// A composition that has to be a whole network, not a part of one, where it does not run in float.
template <class L>
inline constexpr bool stores_activations = false;

}  // namespace detail

/// The network whose activations have 16 bits where it does not run in float, instead of the 8 that all others have:
/// weights of 8 bits, whole numbers of 16 from layer to layer (LiteRT's 16x8). In float it is the network itself, and
/// parameters keep their names, so trained ones are copied:
///
///     using Fine = StoreActivations<Net, activation_bits<16>>;
///     Model<Fine> fine{seed};
///     copy_parameters(model, fine);
///     const auto numbers = quantize(fine, calibration);
///
/// It applies to a whole network, not to a part.
template <class L, auto... Option>
struct StoreActivations {
  using invalid = detail::options_fault<option::activation_bits, Option...>;
  static constexpr bool many_inputs = detail::takes_many_inputs<detail::unnamed<L>>;
  template <class In>
  struct at : detail::bind_stored<L, detail::stored_bits<Option...>, In>::type {};
};

template <class L, auto... Option>
struct composition<StoreActivations<L, Option...>> : detail::described<Structure::chain, Inline<L>> {
  template <class Part>
  using with = StoreActivations<detail::unnamed<Part>, Option...>;
};

namespace detail {

template <class L, auto... Option>
struct declared_input<StoreActivations<L, Option...>> : first_declared<void, 0, Inline<L>> {};
template <class L, auto... Option>
struct inputs_named_by<StoreActivations<L, Option...>> : inputs_named_by<unnamed<L>> {};
template <class L, auto... Option>
struct port_names<StoreActivations<L, Option...>> : port_names<unnamed<L>> {};
template <class L, auto... Option>
inline constexpr bool stores_activations<StoreActivations<L, Option...>> = true;

}  // namespace detail
}  // namespace tenon
